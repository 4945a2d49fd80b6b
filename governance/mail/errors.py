"""What can go wrong with mail; no address and no content in any of it."""

from governance.errors import ProgrammeError


class MailError(ProgrammeError):
    """The mail server did not take the message now; trying again may help."""

    code = "mail.failed"
    retryable = True


class MailRefusedError(MailError):
    """The message or its addressee was refused for good; trying again does not help."""

    code = "mail.refused"
    retryable = False

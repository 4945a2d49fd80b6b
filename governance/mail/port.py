"""Port: how a mail leaves the programme."""

from typing import Protocol

from governance.mail.message import Message


class Mailer(Protocol):
    """Sends mails. Sending the same message again is safe: its id is the same."""

    def send(self, message: Message) -> None:
        """Hand one mail over.

        Raises:
            MailError: Not now; trying again may help.
            MailRefusedError: Never as it is.
        """
        ...

"""Refusals of the portal itself, before a service is asked."""

from typing import ClassVar

from governance.errors import ExitCode, ProgrammeError


class PortalRefusalError(ProgrammeError):
    """The portal refuses a request.

    Attributes:
        status: Of the answer.
        remedy: What the person can do.
    """

    code: ClassVar[str] = "portal.refused"
    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED
    status: ClassVar[int] = 400
    title: ClassVar[str] = "This cannot be done"

    def __init__(self, message: str, remedy: str = "", *, retry_after: int | None = None) -> None:
        """Say why, and what to do."""
        super().__init__(message)
        self.remedy = remedy
        self.retry_after = retry_after

    @property
    def challenge(self) -> str:
        """The header `WWW-Authenticate` of the answer; empty: none."""
        return ""


class BadRequestError(PortalRefusalError):
    """What was sent cannot be read as what the page asks for."""

    code = "portal.bad_request"


class ForgedFormError(PortalRefusalError):
    """A form did not come from a page of ours, or its session is over."""

    code = "portal.forged_form"
    status = 403
    title = "Please send the form again"


class NoSuchPageError(PortalRefusalError):
    """There is nothing at that address."""

    code = "portal.not_found"
    status = 404
    title = "Page not found"


class TooLargeError(PortalRefusalError):
    """More was sent than is taken."""

    code = "portal.too_large"
    status = 413
    title = "That is too large"


class UnsupportedTypeError(PortalRefusalError):
    """A kind of content that is not taken there."""

    code = "portal.unsupported_type"
    status = 415
    title = "This kind of file is not accepted"


class WrongHostError(PortalRefusalError):
    """The portal was asked under a name that is not its own."""

    code = "portal.wrong_host"
    status = 421
    title = "Wrong address"


class TooManyRequestsError(PortalRefusalError):
    """More requests than one person makes."""

    code = "portal.too_many_requests"
    status = 429
    title = "Too many requests"


class SignInError(PortalRefusalError):
    """A sign-in failed; what was wrong with it is logged, not shown."""

    code = "portal.sign_in_failed"
    status = 403
    title = "You are not signed in"


class AlreadyDoneError(Exception):
    """The same form was taken before: the answer is the one it got.

    Attributes:
        to: Where that answer led.
    """

    def __init__(self, to: str) -> None:
        """Lead there again."""
        super().__init__()
        self.to = to

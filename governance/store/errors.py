"""What can go wrong between the services and the database; never a value out of a row."""

from typing import ClassVar

from governance.errors import ExitCode, ProgrammeError


class StoreError(ProgrammeError):
    """The control plane's database did not answer, or refused."""

    code: ClassVar[str] = "control_store.failed"
    retryable: ClassVar[bool] = True


class StoreBusyError(StoreError):
    """Others held the database for too long; nothing was written."""

    code: ClassVar[str] = "control_store.busy"


class StoreOutdatedError(ProgrammeError):
    """The database has another layout than this version of the software needs."""

    code: ClassVar[str] = "control_store.outdated"
    exit_code: ClassVar[ExitCode] = ExitCode.BAD_INPUT


class NotFoundError(ProgrammeError):
    """There is nothing under that number or id, or nothing the asker may know of."""

    code: ClassVar[str] = "control_store.not_found"
    exit_code: ClassVar[ExitCode] = ExitCode.BAD_INPUT


class StaleError(ProgrammeError):
    """Somebody changed it since the form was opened; nothing was written.

    Attributes:
        since: What happened, one sentence each: event, by whom, when.
        position: Where the record stands now.
    """

    code: ClassVar[str] = "record.stale"
    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED

    def __init__(self, since: tuple[str, ...], *, position: int) -> None:
        """Say what happened since."""
        happened = "; ".join(since) or "it was changed"
        super().__init__(
            f"Somebody changed this since you opened it: {happened}. "
            "Reload the page and look again; your text is kept.",
            position=position,
        )
        self.since = since
        self.position = position

"""Errors of the demonstration."""

from typing import ClassVar

from governance.errors import ExitCode, ProgrammeError


class DemoFailedError(ProgrammeError):
    """The demonstration did not go as it must."""

    code: ClassVar[str] = "demonstration.failed"


class DemoHomeError(ProgrammeError):
    """The folder named is no place for a demonstration."""

    code: ClassVar[str] = "demonstration.home"
    exit_code: ClassVar[ExitCode] = ExitCode.BAD_INPUT

"""Clocks: what is due on a day, and doing it. Asked again the same day, nothing is done twice."""

from governance.clocks.due import Due, due_today
from governance.clocks.model import CommandDue, ProgrammeState, RepublishDue, RequestLife

__all__ = [
    "CommandDue",
    "Due",
    "ProgrammeState",
    "RepublishDue",
    "RequestLife",
    "due_today",
]

"""Clocks: what is due on a day, and doing it. Asked again the same day, nothing is done twice."""

from governance.clocks.due import Due, due_today
from governance.clocks.model import (
    CommandDue,
    PacketDue,
    ProgrammeState,
    RepublishDue,
    RequestLife,
)
from governance.clocks.rounds import Round, keep_rounds, make_round, remind_lately
from governance.clocks.run import (
    DailyRun,
    home_from_environment,
    list_due,
    run_clocks,
    run_daily,
)

__all__ = [
    "CommandDue",
    "DailyRun",
    "Due",
    "PacketDue",
    "ProgrammeState",
    "RepublishDue",
    "RequestLife",
    "Round",
    "due_today",
    "home_from_environment",
    "keep_rounds",
    "list_due",
    "make_round",
    "remind_lately",
    "run_clocks",
    "run_daily",
]

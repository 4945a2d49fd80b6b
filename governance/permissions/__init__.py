"""One place answers every "may X do Y on Z now". Pure."""

from governance.permissions.deciding import acting_role, acts_open_to, decide_action
from governance.permissions.model import (
    CLOCK,
    NOTHING,
    PUBLIC,
    SIGNER,
    Action,
    Actor,
    Target,
)
from governance.permissions.visibility import visible_request

__all__ = [
    "CLOCK",
    "NOTHING",
    "PUBLIC",
    "SIGNER",
    "Action",
    "Actor",
    "Target",
    "acting_role",
    "acts_open_to",
    "decide_action",
    "visible_request",
]

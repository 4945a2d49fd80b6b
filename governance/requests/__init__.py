"""Data requests: states, commands, events, policy pre-check, and compiling a grant (pure).

`handle(request, command, context)` gives a decision and events; `replay(events)` the state;
`precheck(...)` what the agreements say; `compile_grant(...)` the unsigned bundle or every missing
link. The table of states is `governance.requests.states`.
"""

from governance.requests.chain import Outside, gather_chain
from governance.requests.commands import Context
from governance.requests.compile import (
    ApprovedRequest,
    Compiled,
    compile_grant,
    compile_revocation,
    parse_approved,
)
from governance.requests.handling import handle
from governance.requests.making import content_digest
from governance.requests.model import RequestContent
from governance.requests.precheck import PrecheckReport, precheck
from governance.requests.rules import RequestRules, load_rules
from governance.requests.state import DataRequest, Version, apply, replay
from governance.requests.states import Act, Role, Status, allowed, transition

__all__ = [
    "Act",
    "ApprovedRequest",
    "Compiled",
    "Context",
    "DataRequest",
    "Outside",
    "PrecheckReport",
    "RequestContent",
    "RequestRules",
    "Role",
    "Status",
    "Version",
    "allowed",
    "apply",
    "compile_grant",
    "compile_revocation",
    "content_digest",
    "gather_chain",
    "handle",
    "load_rules",
    "parse_approved",
    "precheck",
    "replay",
    "transition",
]

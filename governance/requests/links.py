"""What comes before an agency's own analysis: it destroys its link to its own persons. Pure.

A contributing agency knows which of its own source ids became which synthetic id. One that also
analyzes would know the persons in the linked data: it first destroys that link, and confirms it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from governance.decisions import Decision, Denial
from governance.requests.model import RequestContent

_LINK_RULE: Final = "match.link_destroyed"


@dataclass(frozen=True, slots=True)
class LinkDestructions:
    """Agencies' confirmations that their link from source id to synthetic id is destroyed.

    Attributes:
        confirmed_on: Legal date by agency.
    """

    number: str
    confirmed_on: Mapping[str, date] = field(default_factory=dict)


def agencies_with_link(content: RequestContent) -> tuple[str, ...]:
    """Contributing agencies that also analyze: requesting, or employing somebody it names."""
    analyze = {p.agency for p in content.people} | {content.requestor_agency}
    return tuple(a for a in content.agencies if a in analyze)


def decide_own_analysis(
    agency: str, content: RequestContent, links: LinkDestructions, clause: str
) -> Decision:
    """Whether an agency may analyze: with its own data in, only after its link is destroyed."""
    if agency not in agencies_with_link(content) or agency in links.confirmed_on:
        return Decision((_LINK_RULE,))
    reason = (
        f"{agency} analyzes its own data and has not confirmed that it destroyed its link from "
        "source id to synthetic id."
    )
    remedy = "Its data steward destroys the link and confirms it."
    return Decision((_LINK_RULE,), (Denial(_LINK_RULE, reason, remedy, clause),))

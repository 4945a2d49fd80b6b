"""What comes before an agency's own analysis: it destroys its link to its own persons. Pure.

A contributing agency knows which of its own source ids became which synthetic id. One that also
analyzes would know the persons in the linked data: it first destroys that link, and confirms it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from governance.requests.model import RequestContent


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


def knows_link(agency: str | None, content: RequestContent, destroyed: Collection[str]) -> bool:
    """Whether an agency that analyzes its own data may still know who its persons are in it.

    Args:
        agency: Who employs the analyst; None for no participating agency.
        content: What is asked for, and by whom.
        destroyed: Agencies that confirmed that their link is destroyed.
    """
    return agency in agencies_with_link(content) and agency not in destroyed

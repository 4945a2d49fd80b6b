"""What changed between two contents of a request, as a reviewer reads it."""

from governance.papers.model import Block, Prose, Table
from governance.papers.words import list_words
from governance.profile import Profile
from governance.requests.changes import Change, compare
from governance.requests.model import RequestContent

_PARTS = {
    "title": "Title",
    "type": "Type",
    "continues": "Continues",
    "learning_agenda": "Learning agenda",
    "funder": "Funder",
    "purpose": "Purpose",
    "legal_basis": "Legal basis",
    "ferpa_basis": "Basis for education records",
    "requestor_agency": "Requesting agency",
    "organization": "Organization",
    "secure_environment": "Secure environment",
    "analysis_plan": "Analysis and reporting",
    "dissemination_plan": "Dissemination",
    "ends_on": "Last day of use",
    "destruction_on": "Destruction by",
    "agencies": "Agencies",
    "datasets": "Data",
    "people": "Persons",
    "purposes": "Purpose relied on",
}
"""Parts of the form by the first step of a change's path."""


def change_rows(
    old: RequestContent, new: RequestContent, profile: Profile
) -> tuple[tuple[str, str, str], ...]:
    """Part of the form, what changed, and whose review it asks for."""
    return tuple(
        (_part(change), _said(change), _review(change, profile)) for change in compare(old, new)
    )


def change_blocks(
    old: RequestContent | None, new: RequestContent, profile: Profile, since: str
) -> tuple[Block, ...]:
    """The changes as a table, or the sentence that there are none.

    Args:
        old: What the reviewers saw before; None when they see it for the first time.
        new: What they see now.
        profile: The programme's.
        since: Since when, e.g. `since the last review`.
    """
    if old is None:
        return (Prose(text="This is the first review: nothing was seen before."),)
    rows = change_rows(old, new, profile)
    if not rows:
        return (Prose(text=f"Nothing changed {since}."),)
    table = Table(
        caption=f"Changes {since}",
        head=("Part", "What changed", "Reviewed again by"),
        rows=rows,
        widths=(2, 6, 2),
    )
    return (table,)


def _part(change: Change) -> str:
    return _PARTS.get(change.field.split(".", 1)[0], change.field)


def _said(change: Change) -> str:
    words = change.words
    # The path in front of a term's words is said by its own column.
    prefix = f"{change.field}: "
    words = words.removeprefix(prefix)
    return words[:1].upper() + words[1:] if words.startswith(("now ", "person ")) else words


def _review(change: Change, profile: Profile) -> str:
    if change.agencies is None:
        return "every contributing agency"
    return list_words((profile.agency_code(a) for a in change.agencies), nothing="nobody")

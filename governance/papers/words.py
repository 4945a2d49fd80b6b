"""Dates, statuses and numbers as a paper says them."""

from collections.abc import Iterable
from datetime import date, datetime

from governance.calendar import LEGAL_ZONE
from governance.grants.model import Comparison
from governance.requests.model import RequestedDataset
from governance.requests.states import Role, Status

STATUS_WORDS: dict[Status, str] = {s: s.value.replace("_", " ").capitalize() for s in Status}
"""A status for people."""

ROLE_WORDS: dict[Role, str] = {role: role.value.replace("_", " ").capitalize() for role in Role} | {
    Role.OPERATOR: "Operating office",
    Role.PARTY: "Parties to the sharing agreement",
    Role.PERSON: "Named person",
    Role.SIGNER: "Signer of grants",
    Role.CLOCK: "The calendar",
    Role.NOBODY: "Nobody",
}
"""Who acts, for people."""


def day_words(day: date) -> str:
    """`March 12, 2026`."""
    return f"{day:%B} {day.day}, {day.year}"


def time_words(instant: datetime) -> str:
    """`10:00 a.m. EDT`, in legal time."""
    local = instant.astimezone(LEGAL_ZONE)
    half = "a.m." if local.hour < 12 else "p.m."  # noqa: PLR2004  noon
    return f"{local.hour % 12 or 12}:{local:%M} {half} {local:%Z}"


def instant_words(instant: datetime) -> str:
    """`Thursday, March 12, 2026, 10:00 a.m. EDT`, in legal time."""
    local = instant.astimezone(LEGAL_ZONE)
    return f"{local:%A}, {day_words(local.date())}, {time_words(instant)}"


def list_words(items: Iterable[str], nothing: str = "none") -> str:
    """`a, b and c`."""
    found = list(items)
    if not found:
        return nothing
    if len(found) == 1:
        return found[0]
    return f"{', '.join(found[:-1])} and {found[-1]}"


def count_words(count: int, one: str, many: str = "") -> str:
    """`1 vote`, `2 votes`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def years_words(part: RequestedDataset) -> str:
    """The years of a dataset asked for."""
    return "all years" if part.years is None else ", ".join(str(y) for y in part.years)


def filter_words(part: RequestedDataset) -> str:
    """The rows of a dataset asked for."""
    if not part.row_filter:
        return "all rows"
    return "; ".join(_comparison(c) for c in part.row_filter)


def _comparison(comparison: Comparison) -> str:
    values = [str(value) for value in comparison.values]
    match comparison.operator:
        case "between":
            return f"{comparison.column} from {values[0]} to {values[1]}"
        case "in":
            return f"{comparison.column} one of {', '.join(values)}"
        case _:
            return f"{comparison.column} none of {', '.join(values)}"


def text_or(text: str, otherwise: str = "Not stated.") -> str:
    """The text, or what stands where there is none."""
    return text.strip() or otherwise

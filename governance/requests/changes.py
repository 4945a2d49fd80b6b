"""What differs between two contents of a request, and whose review that asks for."""

from collections.abc import Iterator
from dataclasses import dataclass

from governance.requests.model import RequestContent, RequestedDataset, RequestPerson

_SHARED = (
    "purpose",
    "legal_basis",
    "ferpa_basis",
    "requestor_agency",
    "organization",
    "secure_environment",
    "analysis_plan",
    "dissemination_plan",
    "ends_on",
    "destruction_on",
)
"""Terms every owner agreed to: a change of one asks all of them again."""
_SILENT = ("title", "type", "continues", "learning_agenda", "funder")
"""What no owner decides on; shown in the comparison all the same."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        field: Path in the form.
        words: What changed, for the reviewer.
        agencies: Whose review it asks for; None: every contributing agency's.
    """

    field: str
    words: str
    agencies: tuple[str, ...] | None


def compare(old: RequestContent, new: RequestContent) -> tuple[Change, ...]:
    """Every difference, form order."""
    return (
        *_terms(old, new),
        *_purposes(old, new),
        *_datasets(old, new),
        *_people(old, new),
    )


def agencies_to_review(old: RequestContent | None, new: RequestContent) -> tuple[str, ...]:
    """Agencies whose part of `new` is not what they approved in `old` (None: nothing yet)."""
    if old is None:
        return new.agencies
    changed: set[str] = set()
    for change in compare(old, new):
        changed.update(new.agencies if change.agencies is None else change.agencies)
    return tuple(a for a in new.agencies if a in changed)


def _terms(old: RequestContent, new: RequestContent) -> Iterator[Change]:
    for field in (*_SILENT, *_SHARED):
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            words = f"{field}: {_shown(before)} became {_shown(after)}"
            yield Change(field, words, () if field in _SILENT else None)


def _purposes(old: RequestContent, new: RequestContent) -> Iterator[Change]:
    for key in sorted({*old.purposes, *new.purposes}):
        before, after = old.purposes.get(key, ""), new.purposes.get(key, "")
        if before != after:
            words = f"purpose relied on for {key}: {_shown(before)} became {_shown(after)}"
            yield Change(f"purposes.{key}", words, (key.split("/", 1)[0],))


def _datasets(old: RequestContent, new: RequestContent) -> Iterator[Change]:
    before = {d.dataset: d for d in old.datasets}
    after = {d.dataset: d for d in new.datasets}
    for name in sorted({*before, *after}):
        agency = name.split("/", 1)[0]
        for words in _dataset(before.get(name), after.get(name)):
            yield Change(f"datasets.{name}", f"{name}: {words}", (agency,))
    arrived = sorted({a for a in new.agencies if a not in old.agencies})
    if arrived and old.agencies:
        # Linking with another agency's data is a new use of everybody's.
        yield Change("agencies", f"now also data of: {', '.join(arrived)}", None)


def _dataset(before: RequestedDataset | None, after: RequestedDataset | None) -> Iterator[str]:
    if before is None:
        yield "added"
        return
    if after is None:
        yield "removed"
        return
    added = [v for v in after.variables if v not in before.variables]
    gone = [v for v in before.variables if v not in after.variables]
    if added:
        yield f"variables added: {', '.join(added)}"
    if gone:
        yield f"variables removed: {', '.join(gone)}"
    if before.years != after.years:
        yield f"years: {_years(before)} became {_years(after)}"
    if before.row_filter != after.row_filter:
        yield "row filter changed"
    if set(before.totals_only) != set(after.totals_only):
        words = ", ".join(sorted(after.totals_only)) or "none"
        yield f"only in totals and means: {words}"


def _people(old: RequestContent, new: RequestContent) -> Iterator[Change]:
    before, after = {p.id: p for p in old.people}, {p.id: p for p in new.people}
    for person in sorted({*before, *after}):
        words = _person(before.get(person), after.get(person))
        if words:
            # A person who leaves needs nobody's approval.
            left = person not in after
            yield Change(f"people.{person}", words, () if left else None)


def _person(before: RequestPerson | None, after: RequestPerson | None) -> str:
    if before == after:
        return ""
    if before is None and after is not None:
        return f"person added: {after.name} ({after.employer})"
    if after is None:
        return f"person removed: {before.name if before else ''}"
    return f"person changed: {after.name} ({after.employer}, {after.role})"


def _years(part: RequestedDataset) -> str:
    return "all" if part.years is None else ", ".join(str(y) for y in part.years)


def _shown(value: object) -> str:
    return "nothing" if value in (None, "") else f"“{value}”"

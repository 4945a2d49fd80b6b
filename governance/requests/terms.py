"""What binds a person who uses the data: the terms a confidentiality statement is given under.

A change of the terms asks everybody to accept anew; who else is named, who signs and when it was
drafted are no terms. The request's own part is worked out from its events, so that nobody has to
take another's word for it; the agreement's part (texts of clauses, disclosure rule) is known by the
digest that was recorded when it went out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, StringConstraints

from governance.canonical import canonical_json
from governance.digests import sha256_of
from governance.facts import Facts, parse_facts
from governance.grants.model import Comparison
from governance.requests.model import RequestContent, RequestedDataset

if TYPE_CHECKING:
    from governance.requests.events import AgreementSent
    from governance.requests.state import Version

_Words = Annotated[str, StringConstraints(max_length=100_000)]
_FERPA: Final = {
    "audit_or_evaluation": "audit or evaluation of an education program",
    "compliance": "compliance with legal requirements of an education program",
}


class Topic(Facts):
    """One thing the terms say.

    Attributes:
        title: Stays the same from version to version: `Variables of sde/enrollment`.
        values: What holds; several where it is a list, whose order says nothing.
        listed: Whether values come and go, rather than one becoming another.
    """

    title: _Words
    values: Annotated[tuple[_Words, ...], Field(min_length=1)]
    listed: bool = False


class Terms(Facts):
    """Everything that binds, topic by topic."""

    format: Literal["data-enclave/terms/1"] = "data-enclave/terms/1"
    topics: tuple[Topic, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of what they say, whatever the order."""
        said = sorted([t.title, sorted(t.values)] for t in self.topics)
        return sha256_of(canonical_json(said))

    def by_title(self) -> Mapping[str, Topic]:
        """Each topic under its title."""
        return {t.title: t for t in self.topics}

    def stored(self) -> bytes:
        """As kept: canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))


def scope_terms(version: "Version") -> Terms:
    """The request's own part: what was submitted, and the conditions of its approval.

    `ends_on` and `destruction_on` are terms; the dates of the sharing agreement's paper are not.
    """
    content = version.submitted or version.content
    return Terms(topics=(*_of_content(content), *_conditions(version, content)))


def terms_key(version: "Version", sent: "AgreementSent") -> str:
    """What two agreements of a request must share for one statement to count under both.

    The digest recorded with the agreement (its paper's, where none was), and the request's own
    part worked out anew: whoever writes the former cannot hide a change of the latter.
    """
    return sha256_of(canonical_json([sent.terms or sent.digest, scope_terms(version).digest]))


def topic(title: str, *values: str, listed: bool = False) -> Iterator[Topic]:
    """A topic, unless it says nothing."""
    said = tuple(dict.fromkeys(v.strip() for v in values if v.strip()))
    if said:
        yield Topic(title=title, values=said, listed=listed)


def _of_content(content: RequestContent) -> Iterator[Topic]:
    parts = sorted(content.datasets, key=lambda d: d.dataset)
    yield from topic("Datasets", *(d.dataset for d in parts), listed=True)
    for part in parts:
        yield from _of_dataset(part)
    yield from topic("Purpose", content.purpose)
    for key, purpose in sorted(content.purposes.items()):
        name = key if "/" in key else key.upper()
        yield from topic(f"Permitted purpose relied on for {name}", purpose)
    yield from topic("Legal basis", content.legal_basis)
    yield from topic("Basis for education records", _FERPA.get(content.ferpa_basis or "", ""))
    yield from topic("Secure environment", content.secure_environment)
    yield from topic("Analysis and reporting", content.analysis_plan)
    yield from topic("Dissemination", content.dissemination_plan)
    for title, day in (
        ("Last day of use", content.ends_on),
        ("Destruction by", content.destruction_on),
    ):
        yield from topic(title, day.isoformat() if day else "")


def _of_dataset(part: RequestedDataset) -> Iterator[Topic]:
    years = ("all years",) if part.years is None else tuple(str(y) for y in part.years)
    rows = tuple(_comparison(c) for c in part.row_filter)
    yield from topic(f"Variables of {part.dataset}", *sorted(part.variables), listed=True)
    yield from topic(f"Years of {part.dataset}", *years, listed=True)
    yield from topic(f"Rows of {part.dataset}", *(rows or ("all rows",)), listed=True)
    only = sorted(part.totals_only)
    yield from topic(f"Only in totals and means, of {part.dataset}", *only, listed=True)


def _comparison(comparison: Comparison) -> str:
    values = ", ".join(str(v) for v in comparison.values)
    return f"{comparison.column} {comparison.operator.replace('_', ' ')} {values}"


def _conditions(version: "Version", content: RequestContent) -> Iterator[Topic]:
    decided: Iterable[str] = version.decided.conditions.values() if version.decided else ()
    owners = (
        text
        for agency in content.agencies
        if agency in version.reviews
        for text in version.reviews[agency].conditions
    )
    yield from topic("Conditions", *sorted({*decided, *owners}), listed=True)


def parse_terms(document: bytes, where: str) -> Terms:
    """Read terms as kept.

    Raises:
        DocumentError: They are none.
    """
    return parse_facts(Terms, document, where)

"""A paper: one document model from which the HTML and the PDF edition are both rendered.

Text in a paper is plain text; a renderer escapes it. What a paper says is its digest: SHA-256 of
the canonical model, the same for both editions. What is put on it later and is no part of its text
(which signatures were given, what is new against an earlier version) lies outside the digest.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from governance.canonical import canonical_json
from governance.digests import sha256_of
from governance.facts import Digest, Facts, facts_of, read_content

Words = Annotated[str, StringConstraints(max_length=100_000)]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]
"""Of a section: the anchor in HTML, and what versions are compared by."""


class Prose(Facts):
    """A paragraph.

    Attributes:
        lead: Printed in bold before the text.
        tone: `note`: smaller, beside the matter; `clause`: words of a signed text.
    """

    kind: Literal["prose"] = "prose"
    text: Words
    lead: Words = ""
    tone: Literal["plain", "note", "clause"] = "plain"


class Items(Facts):
    """A list."""

    kind: Literal["items"] = "items"
    items: tuple[Words, ...]
    ordered: bool = False


class Definitions(Facts):
    """Terms and what they are."""

    kind: Literal["definitions"] = "definitions"
    items: tuple[tuple[Words, Words], ...]


class Table(Facts):
    """A table.

    Attributes:
        caption: Said above it; every table has one.
        widths: Relative widths of the columns; empty: equal.
        numeric: Columns (from 0) set right.
        row_heads: Whether a row's first cell names the row.
    """

    kind: Literal["table"] = "table"
    caption: Words
    head: Annotated[tuple[Words, ...], Field(min_length=1)]
    rows: tuple[tuple[Words, ...], ...]
    widths: tuple[int, ...] = ()
    numeric: tuple[int, ...] = ()
    row_heads: bool = True

    @model_validator(mode="after")
    def _check_square(self) -> Self:
        columns = len(self.head)
        if any(len(row) != columns for row in self.rows):
            raise ValueError("a row has another number of cells than the head")
        if self.widths and len(self.widths) != columns:
            raise ValueError("there must be one width for each column")
        return self


class SignatureLine(Facts):
    """A line to sign on.

    Attributes:
        party: Who signs; the key under which a signature is later given.
        full_name: Of the party.
        capacity: In which capacity.
    """

    party: Words
    full_name: Words
    capacity: Words = ""


class Signatures(Facts):
    """Lines to sign on."""

    kind: Literal["signatures"] = "signatures"
    lines: Annotated[tuple[SignatureLine, ...], Field(min_length=1)]


class Series(Facts):
    """One line of figures of a chart, as many as the chart has labels."""

    name: Words
    values: tuple[int | float, ...]


class Chart(Facts):
    """A bar chart; its figures are printed as a table under it.

    Attributes:
        description: What it shows, for who does not see it.
        labels: One for each group of bars.
        unit: Of the values.
        form: `bars` lie (long labels); `columns` stand (a course of time).
    """

    kind: Literal["chart"] = "chart"
    key: Key
    title: Words
    description: Words
    label_head: Words
    labels: tuple[Words, ...]
    series: Annotated[tuple[Series, ...], Field(min_length=1, max_length=4)]
    unit: Words = ""
    form: Literal["bars", "columns"] = "bars"

    @model_validator(mode="after")
    def _check_as_many(self) -> Self:
        if any(len(s.values) != len(self.labels) for s in self.series):
            raise ValueError("a series has another number of values than there are labels")
        return self

    def table(self) -> Table:
        """Its figures."""
        rows = tuple(
            (label, *(shown(s.values[n]) for s in self.series))
            for n, label in enumerate(self.labels)
        )
        return Table(
            caption=f"Figures: {self.title}",
            head=(self.label_head, *(s.name for s in self.series)),
            rows=rows,
            numeric=tuple(range(1, len(self.series) + 1)),
        )


class Box(Facts):
    """Something set off from the text."""

    kind: Literal["box"] = "box"
    title: Words
    items: tuple[Words, ...] = ()
    text: Words = ""


Block = Annotated[
    Prose | Items | Definitions | Table | Signatures | Chart | Box, Field(discriminator="kind")
]


class Section(Facts):
    """A numbered section.

    Attributes:
        key: Stays the same from version to version of a paper.
        number: As printed (`3`, `3.1`); empty for none.
    """

    key: Key
    number: Words = ""
    title: Words
    blocks: tuple[Block, ...] = ()
    sections: tuple["Section", ...] = ()

    def walk(self) -> Iterator["Section"]:
        """This section and everything in it, reading order."""
        yield self
        for inner in self.sections:
            yield from inner.walk()


class Exhibit(Facts):
    """An exhibit; begins a page."""

    letter: Annotated[str, StringConstraints(pattern=r"^[A-Z]$")]
    title: Words
    sections: tuple[Section, ...]


class GivenSignature(Facts):
    """A signature that was given.

    Attributes:
        party: Of the line.
        name: As typed, or of who signed the uploaded document.
        given_at: UTC.
        identity: How the signer was known, e.g. the sign-in.
        digest: Of what was signed.
        uploaded: Whether a signed PDF was filed in place of a typed signature.
    """

    party: Words
    name: Words
    given_at: AwareDatetime
    identity: Words = ""
    digest: Digest
    uploaded: bool = False


class Paper(Facts):
    """A document.

    Attributes:
        id: As printed and cited, e.g. `DSA-Q0042-v1`.
        kind: What it is, e.g. `Data sharing agreement`.
        subtitle: What it is about.
        language: BCP 47.
        issued_by: Who issues it; `programme`: of which programme.
        issued_on: Legal date on the paper; None for one without.
        standing: `draft` or `final`.
        marking: Who may read it, printed on every page.
        note: Said under the facts, such as that addresses are placeholders.
        facts: The lines under the title.
        news: What is new against an earlier version; no part of the text.
        news_title: What `news` is measured against.
        signatures: Those given so far; no part of the text.
    """

    format: Literal["data-enclave/paper/1"] = "data-enclave/paper/1"
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]
    kind: Words
    title: Words
    subtitle: Words = ""
    language: str = "en-US"
    programme: Words
    issued_by: Words
    issued_on: date | None = None
    standing: Literal["draft", "final"] = "final"
    marking: Words = ""
    note: Words = ""
    facts: tuple[tuple[Words, Words], ...] = ()
    sections: tuple[Section, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    news: tuple[Words, ...] = ()
    news_title: Words = ""
    signatures: tuple[GivenSignature, ...] = ()

    @model_validator(mode="after")
    def _check_keys_differ(self) -> Self:
        keys = [s.key for s in self.walk()]
        letters = [e.letter for e in self.exhibits]
        if len(set(keys)) != len(keys) or len(set(letters)) != len(letters):
            raise ValueError("a section or exhibit is there twice")
        return self

    def walk(self) -> Iterator[Section]:
        """Every section, reading order, exhibits last."""
        for section in (*self.sections, *(s for e in self.exhibits for s in e.sections)):
            yield from section.walk()

    @property
    def digest(self) -> str:
        """SHA-256 of the text: what a signature is given under.

        Fields at their default are left out, so that a field the model gets later does not make
        another text of every older paper.
        """
        outside = {"news", "news_title", "signatures"}
        text = self.model_dump(mode="json", exclude=outside, exclude_defaults=True)
        return sha256_of(canonical_json(text))

    @property
    def file_name(self) -> str:
        """Without ending: the id, which holds nothing a file system minds."""
        return self.id

    def signed(self, signatures: Sequence[GivenSignature]) -> "Paper":
        """The same paper with the signatures given so far on its lines."""
        return self.model_copy(update={"signatures": tuple(signatures)})

    def signature_of(self, line: SignatureLine) -> GivenSignature | None:
        """The signature given for a line, or None."""
        party = line.party.casefold()
        return next((s for s in self.signatures if s.party.casefold() == party), None)

    def stored(self) -> bytes:
        """As kept: canonical JSON, which `parse_paper` reads."""
        return canonical_json(self.model_dump(mode="json"))


def parse_paper(document: bytes, where: str) -> Paper:
    """Read a stored paper.

    Raises:
        DocumentError: It is no paper.
    """
    return facts_of(Paper, read_content(document, where), where)


def key_of(*parts: str) -> str:
    """A section's key made of names: what a key cannot hold becomes a hyphen."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", "-".join(parts))[:200]


def number_sections(sections: Sequence[Section], under: str = "") -> tuple[Section, ...]:
    """The sections numbered `1`, `1.1`, … in their order."""
    numbered = []
    for place, section in enumerate(sections, 1):
        number = f"{under}{place}"
        inner = number_sections(section.sections, f"{number}.")
        numbered.append(section.model_copy(update={"number": number, "sections": inner}))
    return tuple(numbered)


def shown(value: float | None) -> str:
    """A number as people read it: thousands apart, at most one decimal."""
    if value is None:
        return "none"
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}"

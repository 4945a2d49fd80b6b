"""The programme as configuration: its name, its office, its agencies, and what it prints where.

The programme has had three names and may get a fourth; addresses, titles and officers are its own
business. A deployment's profile is a YAML document (`schemas/programme/*.yaml`; JSON Schema in
`schemas/meta`). The shipped one carries the programme's published agencies and placeholders for
everything an office must fill in itself; `placeholder` says so, and papers print it.
"""

from collections.abc import Mapping
from enum import StrEnum
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from governance.errors import DocumentError
from governance.facts import Facts, Name, Text, parse_facts
from governance.requests.persons import Employer, fold_name

Address = Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$")]
Web = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=400)]
SHIPPED = "programme.yaml"


class AgencyKind(StrEnum):
    """What kind of body an agency is; public-records law asks."""

    EXECUTIVE = "executive"
    HIGHER_EDUCATION = "higher_education"
    JUDICIAL = "judicial"
    NOT_STATE_BODY = "not_state_body"


class RecordsOffice(Facts):
    """Where a public-records request goes.

    Attributes:
        title: Of the officer; never a person's name.
        lines: Postal address, one line each.
    """

    title: Text = "Public Records Officer"
    lines: tuple[Text, ...] = ()
    email: Address | None = None


class Agency(Facts):
    """One agency.

    Attributes:
        id: As in datasets, agreements and bylaws.
        code: As people write it.
        also_called: Words that name it in a description.
        members: Institutions whose data is this agency's data, as a conference's colleges.
        participating: Whether it is a member of the programme; a feed's agency need not be.
    """

    id: Name
    code: Text
    name: Text
    kind: AgencyKind = AgencyKind.EXECUTIVE
    participating: bool = True
    also_called: tuple[Text, ...] = ()
    members: tuple[Text, ...] = ()
    records: RecordsOffice = RecordsOffice()

    @property
    def party(self) -> str:
        """Under what it signs a sharing agreement: its id in capitals."""
        return self.id.upper()

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called alone: its name, its code and its id."""
        return (self.name, self.code, self.id)

    @property
    def senders(self) -> frozenset[str]:
        """Folded names under which its files come: its own, its short ones, its members'."""
        named = (*self.names, *self.also_called, *self.members, f"{self.name} ({self.code})")
        return frozenset(_squeeze(name) for name in named)

    @property
    def state_body(self) -> bool:
        """Whether it is a body of the state."""
        return self.kind is not AgencyKind.NOT_STATE_BODY


class Office(Facts):
    """The operating office."""

    code: Text
    name: Text
    lines: tuple[Text, ...] = ()
    email: Address
    telephone: Text | None = None
    website: Web | None = None
    signatory_title: Text = "Authorized official"


PaperName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9._-]|\{[a-z]+\})*$", max_length=60)
]


class PaperNumbers(Facts):
    """How documents are named, with `{number}`, `{version}`, `{person}`, `{meeting}` filled in."""

    sharing_agreement: PaperName = "DSA-{number}-v{version}"
    nda: PaperName = "NDA-{number}-{person}"
    packet: PaperName = "PACKET-{meeting}"
    notice: PaperName = "NOTICE-{meeting}"
    agenda: PaperName = "AGENDA-{meeting}"
    minutes: PaperName = "MINUTES-{meeting}"
    destruction: PaperName = "DESTRUCTION-{number}-v{version}"

    @model_validator(mode="after")
    def _check_filled_in(self) -> Self:
        known = {"number", "version", "person", "meeting"}
        for name in self.model_dump().values():
            if {part for _, part, _, _ in Formatter().parse(name) if part} - known:
                raise ValueError("a document's name has a part that nothing fills in")
        return self


class MatchingClock(Facts):
    """When matching inputs are destroyed, counted from the stewards' confirmation.

    Attributes:
        hours: The shorter clock, when data of one of `hours_agencies` is in.
        confirm_business_days: The stewards are reminded when they have not confirmed a match so
            long after its matrix; the manuals publish no number, the office sets its own.
        hub: The agency that matches and holds the matching files.
    """

    business_days: Annotated[int, Field(ge=0)] = 5
    hours: Annotated[int, Field(ge=1)] = 24
    hours_agencies: tuple[Name, ...] = ()
    confirm_business_days: Annotated[int, Field(ge=0)] = 2
    hub: Name | None = None
    clause: Text


class PublicationReview(Facts):
    """How long contributing agencies have to look at an output before it is published.

    Attributes:
        days: Calendar days from the day after it was proposed, the last one included.
        silence: What it means that an agency said nothing until then: `refuses`, it is not
            published until the agency has seen it; `permits`, its time has run out.
        placeholder: Said while the programme has not settled the number.
    """

    days: Annotated[int, Field(ge=1, le=365)] = 30
    silence: Literal["refuses", "permits"] = "refuses"
    clause: Text = "Governance manual, data requests: review of outputs before publication"
    placeholder: Text | None = "The programme names no number of days; 30 stands until it does."


def _squeeze(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


class Profile(Facts):
    """A programme.

    Attributes:
        placeholder: Said on papers while addresses and contacts are not the office's own.
        official_site: The words of the banner that says whose site it is.
        authority: Under which the programme is operated.
        tag_authority, tag_since: Name and year that make the feeds' ids (RFC 4151): never changed.
        meeting_minutes: How long a meeting is expected to last.
        report_begins_month: First month of the annual report's year; 1 is the calendar year, 7
            the state's fiscal year.
        withheld: Columns of the published logs that are not published, each with the reason.
        records_reply_days: Business days to answer a public-records request in writing.
    """

    format: Literal["data-enclave/programme/1"] = "data-enclave/programme/1"
    name: Text
    formerly: tuple[Text, ...] = ()
    placeholder: Text | None = None
    official_site: Text
    jurisdiction: Text
    authority: tuple[Text, ...]
    office: Office
    contact_name: Text
    records_clause: Text
    records_reply_clause: Text
    records_reply_days: Annotated[int, Field(ge=0)] = 4
    agencies: Annotated[tuple[Agency, ...], Field(min_length=1)]
    papers: PaperNumbers = PaperNumbers()
    matching_clock: MatchingClock
    publication_review: PublicationReview = PublicationReview()
    leaver_notice_hours: Annotated[int, Field(ge=1)] = 24
    meeting_place: Text
    meeting_minutes: Annotated[int, Field(ge=1)] = 120
    tag_authority: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,100}$")]
    tag_since: Annotated[str, Field(pattern=r"^[0-9]{4}$")]
    report_begins_month: Annotated[int, Field(ge=1, le=12)] = 1
    withheld: Mapping[Name, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_consistent(self) -> Self:
        ids = [agency.id for agency in self.agencies]
        codes = [agency.code.casefold() for agency in self.agencies]
        if len(set(ids)) != len(ids) or len(set(codes)) != len(codes):
            raise ValueError("an agency is named twice")
        hub = self.matching_clock.hub
        unknown = set(self.matching_clock.hours_agencies) | ({hub} if hub else set())
        unknown -= set(ids)
        if unknown:
            raise ValueError(f"no such agency: {', '.join(sorted(unknown))}")
        return self

    @property
    def participating(self) -> tuple[Agency, ...]:
        """The members of the programme, in the file's order."""
        return tuple(agency for agency in self.agencies if agency.participating)

    def agency(self, agency: str) -> Agency | None:
        """That agency, or None."""
        return next((a for a in self.agencies if a.id == agency), None)

    def agency_code(self, agency: str) -> str:
        """As people write it; the id in capitals for one that is not in the profile."""
        found = self.agency(agency)
        return found.code if found else agency.upper()

    def agency_name(self, agency: str) -> str:
        """Its full name; the id in capitals for one that is not in the profile."""
        found = self.agency(agency)
        return found.name if found else agency.upper()

    def agency_named(self, text: str) -> str | None:
        """Id of the agency that a text names, by name, code or id alone; None for no agency."""
        said = fold_name(text)
        return next((a.id for a in self.agencies if said in map(fold_name, a.names)), None)

    def agency_of(self, sender: str) -> str | None:
        """Id of the agency a sender is or belongs to, spaces and capitals aside; None for nobody.

        A sender that may be two agencies is nobody: who asks decides what that means.
        """
        said = _squeeze(sender)
        found = [a.id for a in self.agencies if said in a.senders] if said else []
        return found[0] if len(found) == 1 else None

    def employer(self, name: str, agency: str | None) -> Employer:
        """An employer as a person's record names it, with every name of its agency.

        Args:
            name: Of the employer.
            agency: Id of the agency on the same record; None: the one of that name, if any.
        """
        said = fold_name(name)
        of_name = next((a for a in self.agencies if said in map(fold_name, a.names)), None)
        if of_name is None or agency not in {None, of_name.id}:
            return Employer(name=name, agency=agency)
        return Employer(name=name, agency=of_name.id, names=of_name.names)

    def party_name(self, party: str) -> str:
        """A party's name in full: an agency that signs under its id, or the party as written."""
        return next(
            (f"{a.name} ({a.code})" for a in self.agencies if a.party == party.upper()), party
        )


def load_profile(path: Path | None = None) -> Profile:
    """The profile of a file, or the product's own.

    Raises:
        DocumentError: The document has mistakes, or there is no such file.
    """
    if path is None:
        data = (resources.files("schemas") / "programme" / SHIPPED).read_bytes()
        return parse_facts(Profile, data, SHIPPED)
    try:
        data = path.read_bytes()
    except OSError:
        raise DocumentError(f"{path.name} cannot be read.", where=path.name) from None
    return parse_facts(Profile, data, path.name)

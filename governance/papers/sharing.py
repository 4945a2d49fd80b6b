"""The data sharing agreement of an approved request, exhibits and all.

Everything in it is taken from facts: the content as submitted and approved, the contracts' variable
descriptions, the clauses of the feeds' agreements in force on its date, the owners' and the
board's conditions, the strictest disclosure rule. The same facts give the same text and digest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from governance.agreements.model import Agreement
from governance.contracts.model import DatasetContract
from governance.errors import LedgerError
from governance.papers import clauses
from governance.papers.differences import what_is_new
from governance.papers.exhibits import sharing_exhibits
from governance.papers.model import (
    Block,
    Definitions,
    Items,
    Paper,
    Prose,
    Section,
    SignatureLine,
    Signatures,
    Table,
    key_of,
    number_sections,
)
from governance.papers.scope import data_sections, disclosure_blocks, people_table, purpose_terms
from governance.papers.words import count_words, day_words, list_words, text_or
from governance.profile import MatchingClock, Profile
from governance.requests.model import RequestContent
from governance.requests.precheck import PrecheckReport, agreement_for, precheck
from governance.requests.rules import RequestRules
from governance.requests.state import DataRequest, Version


@dataclass(frozen=True, slots=True)
class SharingSource:
    """What an agreement is drafted from.

    Attributes:
        version: Number of the approved version.
        parties: Who signs, agencies under their ids in capitals; `sharing_parties` proposes.
        drafted_on: Legal date; the feeds' agreements in force then are cited.
        effective_on, ends_on: Legal dates, both inclusive.
        irb: What is on file of an institutional review board, or empty.
        earlier: The version of the paper it takes the place of, for `news`.
    """

    profile: Profile
    rules: RequestRules
    contracts: Mapping[str, DatasetContract]
    agreements: Mapping[str, Agreement]
    request: DataRequest
    version: int
    parties: tuple[str, ...]
    drafted_on: date
    effective_on: date
    ends_on: date
    irb: str = ""
    earlier: Paper | None = None


def sharing_parties(content: RequestContent, profile: Profile) -> tuple[str, ...]:
    """Who has to sign: each contributing agency, the requesting one, and the recipient."""
    agencies = dict.fromkeys([*content.agencies, content.requestor_agency or ""])
    found = [(profile.agency(a), a) for a in agencies if a]
    named = [agency.party if agency else name.upper() for agency, name in found]
    typed = content.organization.strip()
    # A recipient that is an agency signs as that agency: whatever is typed, somebody signs for it.
    as_agency = profile.agency(profile.agency_named(typed) or "")
    recipient = as_agency.party if as_agency else typed
    signed = not recipient or recipient.casefold() in {party.casefold() for party in named}
    return tuple(named) if signed else (*named, recipient)


def draft_sharing_agreement(source: SharingSource) -> Paper:
    """The agreement as a paper; its `digest` is what the parties sign.

    Raises:
        LedgerError: There is no such version, or it was never submitted.
    """
    version, content = approved_version(source)
    report = precheck(content, source.contracts, source.agreements, source.drafted_on, source.rules)
    profile = source.profile
    paper = Paper(
        id=profile.papers.sharing_agreement.format(
            number=source.request.number, version=source.version
        ),
        kind="Data sharing agreement",
        title=content.title.strip() or f"Request {source.request.number}",
        subtitle=f"Under approved request {source.request.number}, version {source.version}",
        programme=profile.name,
        issued_by=profile.office.name,
        issued_on=source.drafted_on,
        marking="The parties, the operating office, the persons named",
        note=profile.placeholder or "",
        facts=(
            ("Request", f"{source.request.number}, version {source.version}"),
            ("In force", f"{day_words(source.effective_on)} to {day_words(source.ends_on)}"),
            ("Recipient", text_or(content.organization)),
            ("Data of", list_words(profile.agency_code(a) for a in content.agencies)),
        ),
        sections=number_sections(list(_sections(source, version, content, report))),
        exhibits=sharing_exhibits(source, content, report),
    )
    if source.earlier is None:
        return paper
    news = what_is_new(source.earlier, paper)
    title = f"What is new against {source.earlier.id} (not part of the agreement)"
    return paper.model_copy(
        update={"news": news or ("Nothing but the document's number.",), "news_title": title}
    )


def approved_version(source: SharingSource) -> tuple[Version, RequestContent]:
    """The version that is meant, and its content as submitted.

    Raises:
        LedgerError: There is no such version, or it was never submitted.
    """
    version = source.request.version(source.version)
    if version is None or version.submitted is None:
        number = source.request.number
        raise LedgerError(f"Version {source.version} of {number} was never submitted.")
    return version, version.submitted


def _sections(
    source: SharingSource, version: Version, content: RequestContent, report: PrecheckReport
) -> Iterator[Section]:
    profile = source.profile
    yield Section(key="parties", title="Parties", blocks=(_parties(source, content),))
    authority: tuple[Block, ...] = (
        Prose(text=clauses.AUTHORITY),
        Items(items=tuple(_authority(source, content))),
    )
    yield Section(key="authority", title="Authority", blocks=authority)
    purpose = (purpose_terms(content), Prose(text=clauses.ONLY_PURPOSE))
    yield Section(key="purpose", title="Purpose", blocks=purpose)
    yield Section(
        key="data",
        title="Data",
        blocks=(Prose(text=clauses.SCOPE),),
        sections=data_sections(content, source.contracts, report, profile),
    )
    leavers = clauses.LEAVERS.format(hours=profile.leaver_notice_hours)
    bars = tuple(f"{b.denial.reason} [{b.denial.clause}]" for b in report.bars)
    blocks: list[Block] = [Prose(text=clauses.PERSONS), people_table(content), Prose(text=leavers)]
    if bars:
        blocks += [Prose(text="Of them, these may not use a dataset:"), Items(items=bars)]
    yield Section(key="persons", title="Persons", blocks=tuple(blocks))
    security = (
        Definitions(items=(("Secure environment", text_or(content.secure_environment)),)),
        Items(items=clauses.SECURITY),
    )
    yield Section(key="security", title="Security and confidentiality", blocks=security)
    yield Section(
        key="conditions",
        title="Conditions of the approval",
        blocks=tuple(_conditions(version, profile)),
    )
    yield Section(
        key="disclosure", title="Disclosure rule", blocks=tuple(disclosure_blocks(report))
    )
    publication = (
        Definitions(items=(("Dissemination", text_or(content.dissemination_plan)),)),
        Prose(text=clauses.PUBLICATION),
    )
    yield Section(key="publication", title="Publication", blocks=publication)
    yield Section(
        key="destruction", title="Destruction", blocks=tuple(_destruction(source, content))
    )
    term = f"This agreement is in force from {day_words(source.effective_on)} to "
    term += f"{day_words(source.ends_on)}, both days included, in Connecticut time."
    yield Section(
        key="term", title="Term and change", blocks=(Prose(text=term), Prose(text=clauses.CHANGE))
    )
    records = clauses.RECORDS.format(clause=profile.records_clause)
    yield Section(key="records", title="Public records", blocks=(Prose(text=records),))
    yield Section(
        key="feeds",
        title="Clauses of the feeds' agreements in force",
        blocks=(Prose(text=f"As in force on {day_words(source.drafted_on)}."),),
        sections=tuple(_feeds(source, content)),
    )
    lines = tuple(_line(party, source, content) for party in source.parties)
    signing: tuple[Block, ...] = (Prose(text=clauses.SIGNING), Signatures(lines=lines))
    yield Section(key="signatures", title="Signatures", blocks=signing)


def _parties(source: SharingSource, content: RequestContent) -> Table:
    return Table(
        caption="Who signs",
        head=("Party", "Capacity"),
        rows=tuple((source.profile.party_name(p), _capacity(p, content)) for p in source.parties),
        widths=(3, 2),
    )


def _capacity(party: str, content: RequestContent) -> str:
    contributes = party.casefold() in content.agencies
    asks = party.casefold() == (content.requestor_agency or "")
    if contributes and asks:
        return "Contributing agency and recipient"
    return "Contributing agency" if contributes else "Recipient"


def _line(party: str, source: SharingSource, content: RequestContent) -> SignatureLine:
    name = source.profile.party_name(party)
    return SignatureLine(party=party, full_name=name, capacity=_capacity(party, content))


def _authority(source: SharingSource, content: RequestContent) -> Iterator[str]:
    for cited in source.profile.authority:
        yield f"{source.profile.name}: {cited}"
    for agreement in feeds_agreements(source, content):
        cited = list_words(agreement.citations, nothing="no citation")
        yield f"{source.profile.party_name(agreement.agency.upper())}: {agreement.id}; {cited}"


def feeds_agreements(source: SharingSource, content: RequestContent) -> tuple[Agreement, ...]:
    """The feeds' agreements in force of the datasets asked for, each once, by agency."""
    found = {}
    for part in sorted(content.datasets, key=lambda d: d.dataset):
        covering = agreement_for(part.dataset, source.agreements.values(), source.drafted_on)
        if covering is not None:
            found[covering[0].id] = covering[0]
    return tuple(found.values())


def _conditions(version: Version, profile: Profile) -> Iterator[Block]:
    rows = [
        (f"Owner, {profile.agency_code(agency)}", "", text)
        for agency, review in sorted(version.reviews.items())
        for text in review.conditions
    ]
    if version.decided is not None:
        rows += [("Board", key, text) for key, text in version.decided.conditions.items()]
    if rows:
        yield Prose(text="Each holds access back until the operating office records it as met.")
        yield Table(
            caption="Conditions", head=("Of", "Number", "Condition"), rows=tuple(rows),
            widths=(2, 1, 6),
        )  # fmt: skip
    else:
        yield Prose(text="The approval carries no condition.")


def _destruction(source: SharingSource, content: RequestContent) -> Iterator[Block]:
    day = day_words(content.destruction_on) if content.destruction_on else "Not stated."
    clock = source.profile.matching_clock
    yield Definitions(items=(("Destroyed by", day),))
    yield Prose(text=clauses.DESTRUCTION)
    term, why = clock_words(content, clock)
    yield Prose(text=clauses.MATCHING.format(clock=term, why=why, clause=clock.clause))


def clock_words(content: RequestContent, clock: MatchingClock) -> tuple[str, str]:
    """How long matching files may stay, for the agencies of the request; and why so short."""
    shorter = [a.upper() for a in content.agencies if a in clock.hours_agencies]
    if shorter:
        why = f", since data of {list_words(shorter)} is among them"
        return count_words(clock.hours, "hour"), why
    return count_words(clock.business_days, "business day"), ""


def _feeds(source: SharingSource, content: RequestContent) -> Iterator[Section]:
    for agreement in feeds_agreements(source, content):
        term = f"{agreement.title}, version {agreement.version}, in force from "
        term += f"{day_words(agreement.effective_on)} to {day_words(agreement.ends_on)}."
        quoted = tuple(
            Prose(lead=f"{c.id} {c.title}.", text=c.text, tone="clause") for c in agreement.clauses
        )
        yield Section(
            key=key_of("feed", agreement.id),
            title=f"{agreement.id}: {source.profile.agency_name(agreement.agency)}",
            blocks=(Prose(text=term), *quoted),
        )

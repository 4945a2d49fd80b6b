"""The board's packet: agenda, each request with all that bears on it, minutes to fill in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from governance.agreements.model import Agreement
from governance.board.bylaws import MotionKind
from governance.board.model import Interest, Motion, MotionFacts
from governance.board.recusal import find_recusals
from governance.contracts.model import DatasetContract
from governance.papers.meetings import MeetingSource, agenda_items, meeting_date
from governance.papers.model import (
    Block,
    Box,
    Definitions,
    Items,
    Paper,
    Prose,
    Section,
    Table,
    key_of,
    number_sections,
)
from governance.papers.request_changes import change_blocks
from governance.papers.scope import (
    data_sections,
    form_terms,
    people_table,
    purpose_terms,
    rule_words,
)
from governance.papers.words import STATUS_WORDS, day_words, instant_words, list_words, text_or
from governance.requests.completeness import decide_completeness
from governance.requests.events import ReviewChoice
from governance.requests.model import RequestContent
from governance.requests.precheck import PrecheckReport, precheck
from governance.requests.rules import RequestRules
from governance.requests.state import DataRequest, Version
from governance.requests.states import Status

_CHOICES = {
    ReviewChoice.APPROVE: "Approves",
    ReviewChoice.ASK_CHANGES: "Asks for changes",
    ReviewChoice.REJECT: "Rejects",
}


@dataclass(frozen=True, slots=True)
class PacketSource:
    """What a packet is made from.

    Attributes:
        meeting: The meeting and the requests it deals with.
    """

    meeting: MeetingSource
    rules: RequestRules
    contracts: Mapping[str, DatasetContract]
    agreements: Mapping[str, Agreement]


def draft_packet(source: PacketSource) -> Paper:
    """The packet as one paper."""
    meeting = source.meeting
    profile, held = meeting.profile, meeting.held
    sections = [
        Section(
            key="agenda",
            title="Agenda",
            blocks=(Items(items=agenda_items(meeting), ordered=True),),
        ),
        *(_request(request, source) for request in meeting.business),
        Section(key="minutes", title="Minutes (draft to fill in)", blocks=tuple(_minutes(meeting))),
    ]
    return Paper(
        id=profile.papers.packet.format(meeting=held.meeting.id),
        kind="Board packet",
        title=f"{meeting.body.rules.title}, {day_words(meeting_date(meeting))}",
        programme=profile.name,
        issued_by=profile.office.name,
        issued_on=meeting.issued_on,
        marking="Members, alternates and the operating office",
        note=profile.placeholder or "",
        facts=(
            ("Meeting", held.meeting.id),
            ("Begins", instant_words(held.meeting.starts_at)),
            ("Place", profile.meeting_place),
            ("Data requests", str(len(meeting.business))),
        ),
        sections=number_sections(sections),
    )


def _voted_version(request: DataRequest) -> Version:
    """The version that waits for the vote, or the newest."""
    waiting = [v for v in request.versions if v.status is Status.BOARD_VOTE]
    return waiting[-1] if waiting else request.latest


def _request(request: DataRequest, source: PacketSource) -> Section:
    version = _voted_version(request)
    content = version.submitted or version.content
    profile = source.meeting.profile
    report = precheck(
        content, source.contracts, source.agreements, meeting_date(source.meeting), source.rules
    )
    key = key_of("request", request.number)
    summary = Definitions(
        items=(
            ("Status", STATUS_WORDS[version.status]),
            ("Version", str(version.number)),
            ("Type", content.type.value.capitalize()),
            ("Organization", text_or(content.organization)),
            ("Data of", list_words(profile.agency_code(a) for a in content.agencies)),
            ("Purpose", text_or(content.purpose)),
            ("Last day of use", day_words(content.ends_on) if content.ends_on else "not stated"),
        )
    )
    inner = (
        Section(
            key=f"{key}-changes",
            title="Changes since the last review",
            blocks=change_blocks(version.before, content, profile, "since the last review"),
        ),
        Section(
            key=f"{key}-owners", title="Owners' decisions", blocks=tuple(_owners(version, source))
        ),
        Section(
            key=f"{key}-precheck",
            title="Pre-check",
            blocks=tuple(precheck_blocks(content, report, source.rules)),
        ),
        Section(
            key=f"{key}-recusals",
            title="Recusals foreseen",
            blocks=tuple(_recusals(request, content, source.meeting)),
        ),
        Section(
            key=f"{key}-form",
            title="The request in full",
            blocks=(form_terms(content), purpose_terms(content), people_table(content)),
            sections=data_sections(content, source.contracts, report, profile, prefix=key),
        ),
    )
    title = f"{request.number}: {text_or(content.title, 'no title')}"
    return Section(key=key, title=title, blocks=(summary,), sections=inner)


def _owners(version: Version, source: PacketSource) -> Iterator[Block]:
    profile = source.meeting.profile
    rows = []
    for agency, review in sorted(version.reviews.items()):
        said = _CHOICES[review.choice]
        if review.as_alternate:
            said += " (alternate)"
        if agency in version.carried_over:
            said += "; stands from an earlier version, nothing changed for it"
        conditions = "; ".join(review.conditions) or "none"
        rows.append((profile.agency_code(agency), said, review.reason, conditions))
    rows += [(profile.agency_code(a), "Not decided yet", "", "") for a in version.to_review]
    yield Table(
        caption="Each contributing agency on its own part",
        head=("Agency", "Decision", "Reason", "Conditions"),
        rows=tuple(rows),
        widths=(1, 2, 3, 3),
    )


def precheck_blocks(
    content: RequestContent, report: PrecheckReport, rules: RequestRules
) -> Iterator[Block]:
    """What the pre-check found, refusals first."""
    denials = (*decide_completeness(content, rules).denials, *report.decision.denials)
    if denials:
        yield Table(
            caption="What speaks against it",
            head=("Reason", "Remedy", "Clause"),
            rows=tuple((d.reason, d.remedy, d.clause) for d in denials),
            widths=(4, 3, 2),
        )
    else:
        yield Box(title="Nothing speaks against it.")
    if report.bars:
        yield Table(
            caption="Persons who may not have a dataset",
            head=("Person", "Dataset", "Reason", "Clause"),
            rows=tuple((b.name, b.dataset, b.denial.reason, b.denial.clause) for b in report.bars),
            widths=(2, 2, 4, 2),
        )
    if report.notes:
        yield Table(
            caption="To know",
            head=("Note", "Clause"),
            rows=tuple((n.text, n.clause) for n in report.notes),
            widths=(5, 2),
        )
    if report.output is not None:
        yield Prose(lead="Outputs:", text=rule_words(report.output))


def foresee_recusals(
    request: DataRequest, content: RequestContent, source: MeetingSource
) -> tuple[tuple[str, str, str], ...]:
    """Person, seat and ground of each recusal that the facts on file already show."""
    meeting, body = source.held.meeting, source.body
    interests: list[Interest] = list(request.interests)
    for motion in source.motions:
        if motion.moved.about == request.number:
            interests += motion.interests
    facts = MotionFacts(
        rules=body.rules,
        seats=tuple(body.seats.values()),
        people=body.people,
        meeting=meeting,
        proxies=body.proxies,
        interests=tuple(interests),
        motion=Motion(
            id="foreseen",
            kind=MotionKind.DATA_REQUEST,
            text="Foreseen.",
            subject=request.number,
            requestors=tuple(sorted(request.owned_by(content))),
            requestor_employers=content.requestor_employers,
            moved_by="foreseen",
            moved_at=meeting.starts_at,
            put_at=meeting.starts_at,
        ),
    )
    seats = {s.member: s.agency for s in body.seats.values() if s.member}
    for seat in body.seats.values():
        seats |= {a.person: seat.agency for a in seat.alternates}
    return tuple(
        (source.name(person), source.profile.agency_code(seats[person]), recusal.words)
        for person, recusal in sorted(find_recusals(facts).items())
        if person in seats
    )


def _recusals(
    request: DataRequest, content: RequestContent, source: MeetingSource
) -> Iterator[Block]:
    rows = foresee_recusals(request, content, source)
    if not rows:
        yield Prose(text="None that the facts on file show. Members declare others at the meeting.")
        return
    yield Table(
        caption="Recused as the facts on file stand",
        head=("Person", "Seat", "Because"),
        rows=rows,
        widths=(3, 1, 4),
    )
    clause = source.body.rules.clause("recusal")
    yield Prose(
        text="A recused person counts neither as present nor as voting on this request; the "
        f"agency's alternate sits where there is one. [{clause}]",
        tone="note",
    )


def _minutes(source: MeetingSource) -> Iterator[Block]:
    yield Definitions(items=(("Opened", "\n"), ("Ended", "\n"), ("Quorum needed", _quorum(source))))
    seats = sorted(source.body.seats.values(), key=lambda s: s.agency)
    yield Table(
        caption="Roll call at the opening",
        head=("Seat", "Member", "Present", "Represented by"),
        rows=tuple(
            (source.profile.agency_code(s.agency), source.name(s.member), "", "") for s in seats
        ),
        widths=(2, 3, 2, 3),
    )
    for request in source.business:
        yield Table(
            caption=f"Vote on {request.number}",
            head=("Seat", "In favor", "Against", "Abstains", "Reason"),
            rows=tuple((source.profile.agency_code(s.agency), "", "", "", "") for s in seats),
            widths=(2, 1, 1, 1, 5),
        )


def _quorum(source: MeetingSource) -> str:
    filled = sum(s.member is not None for s in source.body.seats.values())
    rules = source.body.rules
    return f"{rules.quorum.of(filled)} of {filled} filled seats [{rules.clause('quorum')}]"

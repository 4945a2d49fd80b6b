"""Papers of a meeting: its notice, its agenda, and its minutes with roll call and arithmetic."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from governance.board.explain import explain
from governance.board.model import Choice, Meeting
from governance.board.seating import Capacity
from governance.board.state import BodyState, MeetingState, MotionState
from governance.board.voting import MotionOutcome, SeatOutcome, decide_motion
from governance.calendar import legal_date
from governance.errors import LedgerError
from governance.papers.model import (
    Block,
    Box,
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
from governance.papers.words import count_words, instant_words, text_or, time_words
from governance.profile import Profile
from governance.requests.state import DataRequest
from governance.requests.states import Status

_ARITHMETIC = ("Notice:", "Vote called:", "Quorum:", "Approval:")
_CHOICES = {Choice.IN_FAVOR: "In favor", Choice.AGAINST: "Against", Choice.ABSTAIN: "Abstained"}
_CAPACITIES = {
    Capacity.MEMBER: "Member",
    Capacity.PROXY: "By proxy",
    Capacity.ALTERNATE: "Alternate",
    Capacity.EMPTY: "Not represented",
    Capacity.VACANT: "Vacant seat",
}


@dataclass(frozen=True, slots=True)
class MeetingSource:
    """What a meeting's papers are made from.

    Attributes:
        meeting: Its id in the body's state.
        requests: By number, of those the meeting deals with; others are ignored.
        other: Further items of the agenda, in words.
        issued_on: Legal date on the paper.
    """

    profile: Profile
    body: BodyState
    meeting: str
    issued_on: date
    requests: Mapping[str, DataRequest] = field(default_factory=dict)
    other: tuple[str, ...] = ()

    @property
    def held(self) -> MeetingState:
        """The meeting.

        Raises:
            LedgerError: The body has no such meeting.
        """
        found = self.body.meetings.get(self.meeting)
        if found is None:
            raise LedgerError("The body has no meeting of that id.")
        return found

    @property
    def motions(self) -> tuple[MotionState, ...]:
        """Motions moved in the meeting, in their order."""
        return tuple(m for m in self.body.motions.values() if m.moved.meeting == self.meeting)

    @property
    def business(self) -> tuple[DataRequest, ...]:
        """Requests moved in the meeting, or waiting for a vote while it has not ended."""
        moved = {m.moved.about for m in self.motions}
        open_ = self.held.meeting.ended_at is None
        return tuple(
            r
            for n, r in sorted(self.requests.items())
            if n in moved or (open_ and any(v.status is Status.BOARD_VOTE for v in r.versions))
        )

    def name(self, person: str | None) -> str:
        """A person's name as the body knows it."""
        if person is None:
            return "nobody"
        known = self.body.people.get(person)
        return known.name if known is not None and known.name else person


def draft_notice(source: MeetingSource) -> Paper:
    """The notice, posted before the meeting."""
    rules, profile = source.body.rules, source.profile
    first = Section(key="meeting", title="The meeting", blocks=(_when(source),))
    public = (
        "The meeting is public. Whoever wishes may attend in the room or by the link."
        if source.held.meeting.public
        else "The meeting is not public, and no vote is taken in it."
    )
    second = Section(
        key="public",
        title="Attendance",
        blocks=(Prose(text=f"{public} [{rules.clause('public')}]"),),
    )
    agenda = Section(
        key="agenda", title="Agenda", blocks=(Items(items=agenda_items(source), ordered=True),)
    )
    contact = f"Questions, and help to attend: {profile.contact_name}, {profile.office.email}."
    third = Section(key="contact", title="Contact", blocks=(Prose(text=contact),))
    return _paper(
        source,
        kind="Meeting notice",
        name=profile.papers.notice,
        title=f"Notice of a meeting of the {rules.title}",
        sections=(first, second, agenda, third),
    )


def draft_agenda(source: MeetingSource) -> Paper:
    """The agenda, with the requests it deals with."""
    items = Items(items=agenda_items(source), ordered=True)
    sections = [
        Section(key="meeting", title="The meeting", blocks=(_when(source),)),
        Section(key="agenda", title="Agenda", blocks=(items,)),
    ]
    if source.business:
        sections.append(
            Section(key="requests", title="Data requests", blocks=(_request_table(source),))
        )
    return _paper(
        source,
        kind="Agenda",
        name=source.profile.papers.agenda,
        title=f"Agenda of the {source.body.rules.title}",
        sections=tuple(sections),
    )


def draft_minutes(source: MeetingSource, *, approved: bool = False) -> Paper:
    """The minutes as the record has them: attendance, motions, roll call, arithmetic, outcome.

    Args:
        source: The meeting; one that has not ended gives what happened so far.
        approved: Whether the body approved them; a draft says so on every page.
    """
    sections = [
        Section(key="meeting", title="The meeting", blocks=tuple(_session(source))),
        Section(key="attendance", title="Attendance", blocks=(_attendance(source),)),
    ]
    sections += [_motion_section(motion, source) for motion in source.motions]
    if not source.motions:
        blocks = (Prose(text="No motion was moved."),)
        sections.append(Section(key="motions", title="Motions", blocks=blocks))
    line = SignatureLine(
        party="secretary", full_name="For the body", capacity="Chair or secretary of the meeting"
    )
    signing = Section(key="signature", title="Approval", blocks=(Signatures(lines=(line,)),))
    return _paper(
        source,
        kind="Minutes",
        name=source.profile.papers.minutes,
        title=f"Minutes of the {source.body.rules.title}",
        sections=(*sections, signing),
        draft=not approved,
    )


def agenda_items(source: MeetingSource) -> tuple[str, ...]:
    """The order of business."""
    items = ["Call to order, roll call, finding of the quorum"]
    earlier = source.held.meeting.rescheduled_from
    if earlier:
        items.append(f"Business of the adjourned meeting {earlier}")
    items.append("Declarations of interest")
    items += [f"Data request {r.number}: {_title(r)}" for r in source.business]
    about = {r.number for r in source.business}
    items += [m.moved.text for m in source.motions if m.moved.about not in about]
    return (*items, *source.other, "Adjournment")


def _paper(
    source: MeetingSource,
    kind: str,
    name: str,
    title: str,
    sections: tuple[Section, ...],
    *,
    draft: bool = False,
) -> Paper:
    profile, meeting = source.profile, source.held.meeting
    return Paper(
        id=name.format(meeting=meeting.id),
        kind=kind,
        title=title,
        subtitle=instant_words(meeting.starts_at),
        programme=profile.name,
        issued_by=profile.office.name,
        issued_on=source.issued_on,
        standing="draft" if draft else "final",
        marking="Public",
        note=profile.placeholder or "",
        facts=(("Meeting", meeting.id),),
        sections=number_sections(sections),
    )


def _when(source: MeetingSource) -> Definitions:
    meeting, profile = source.held.meeting, source.profile
    ends = meeting.starts_at + timedelta(minutes=profile.meeting_minutes)
    items = [
        ("Body", source.body.rules.title),
        ("Begins", instant_words(meeting.starts_at)),
        ("Expected to end", time_words(ends)),
        ("Place", profile.meeting_place),
        ("Public", "yes" if meeting.public else "no"),
        ("Notice posted", _posted(meeting)),
    ]
    if meeting.rescheduled_from:
        items.append(("In place of", f"the adjourned meeting {meeting.rescheduled_from}"))
    return Definitions(items=tuple(items))


def _posted(meeting: Meeting) -> str:
    return "not yet" if meeting.noticed_at is None else instant_words(meeting.noticed_at)


def _title(request: DataRequest) -> str:
    version = request.latest
    return text_or((version.submitted or version.content).title, "no title")


def _request_table(source: MeetingSource) -> Table:
    rows = []
    for request in source.business:
        content = request.latest.submitted or request.latest.content
        codes = ", ".join(source.profile.agency_code(a) for a in content.agencies)
        rows.append((request.number, _title(request), text_or(content.organization), codes))
    return Table(
        caption="Data requests on the agenda",
        head=("Number", "Title", "Organization", "Data of"),
        rows=tuple(rows),
        widths=(1, 4, 3, 2),
    )


def _session(source: MeetingSource) -> Iterator[Block]:
    held = source.held
    meeting = held.meeting
    opened = instant_words(meeting.opened_at) if meeting.opened_at else "It was not opened."
    if meeting.ended_at is None:
        ended = "It has not ended."
    else:
        how = "adjourned, its business unfinished" if held.adjourned else "closed"
        ended = f"{instant_words(meeting.ended_at)} ({how})"
    yield _when(source)
    yield Definitions(items=(("Opened", opened), ("Ended", ended)))


def _attendance(source: MeetingSource) -> Table:
    seats = {s.member: s.agency for s in source.body.seats.values() if s.member}
    seats |= {a.person: s.agency for s in source.body.seats.values() for a in s.alternates}
    seats |= {p.holder: p.agency for p in source.body.proxies}
    rows = []
    for stay in source.held.attendance:
        agency = seats.get(stay.person)
        left = time_words(stay.left_at) if stay.left_at else "stayed"
        seat = source.profile.agency_code(agency) if agency else "none"
        rows.append((source.name(stay.person), seat, time_words(stay.arrived_at), left))
    return Table(
        caption="Members, alternates, holders of proxies and others present",
        head=("Name", "For the seat of", "Arrived", "Left"),
        rows=tuple(rows),
        widths=(3, 2, 2, 2),
    )


def _motion_section(motion: MotionState, source: MeetingSource) -> Section:
    moved = Definitions(
        items=(
            ("Motion", motion.moved.text),
            ("About", motion.moved.about),
            ("Moved by", source.name(motion.moved.by)),
            ("Moved", time_words(motion.moved.at)),
        )
    )
    blocks: list[Block] = [moved]
    if motion.put_at is None or motion.passed is None:
        said = "The vote was not called." if motion.put_at is None else "The vote was not closed."
        blocks.append(Prose(text=said))
    else:
        blocks += outcome_blocks(decide_motion(source.body.facts(motion.id)), source)
    return Section(
        key=key_of("motion", motion.id), title=f"Motion {motion.id}", blocks=tuple(blocks)
    )


def outcome_blocks(outcome: MotionOutcome, source: MeetingSource) -> Iterator[Block]:
    """What became of a motion: verdict, arithmetic, roll call, conditions, why it failed."""
    verdict = "Passed" if outcome.passed else "Failed"
    if outcome.conditions:
        verdict += f" with {count_words(len(outcome.conditions), 'condition')}"
    tally = (
        f"In favor {outcome.in_favor}, against {outcome.against}, abstained {outcome.abstained}, "
        f"no vote {outcome.silent}; recused {sum(bool(s.recused) for s in outcome.seats)}."
    )
    yield Box(title=verdict, text=tally)
    yield Items(items=arithmetic(outcome))
    yield Table(
        caption="Roll call",
        head=("Seat", "Represented by", "As", "Vote", "Reason given"),
        rows=tuple(_roll_line(seat, source) for seat in outcome.seats),
        widths=(2, 3, 2, 2, 5),
    )
    if outcome.ignored:
        ignored = tuple(f"{i.what}: {i.reason} [{i.clause}]" for i in outcome.ignored)
        yield Prose(text="Without effect:")
        yield Items(items=ignored)
    if outcome.conditions:
        rows = tuple((c.id, c.text, "yes" if c.blocks_access else "no") for c in outcome.conditions)
        yield Table(
            caption="Conditions",
            head=("Number", "Condition", "Before access"),
            rows=rows,
            widths=(1, 6, 2),
        )
    if outcome.decision.denials:
        yield Prose(text="Why it failed:")
        yield Items(
            items=tuple(f"{d.reason} {d.remedy} [{d.clause}]" for d in outcome.decision.denials)
        )


def arithmetic(outcome: MotionOutcome) -> tuple[str, ...]:
    """Notice, session, quorum and approval, in the words of `explain`."""
    return tuple(line for line in explain(outcome).splitlines() if line.startswith(_ARITHMETIC))


def _roll_line(seat: SeatOutcome, source: MeetingSource) -> tuple[str, str, str, str, str]:
    code = source.profile.agency_code(seat.agency)
    who = source.name(seat.person) if seat.person else "nobody"
    said = _CHOICES[seat.choice] if seat.choice else "No vote" if seat.person else "Not counted"
    reason = seat.rationale.strip()
    if seat.recused:
        recused = f"{source.name(seat.member)} is recused: {seat.recused}."
        reason = f"{reason} {recused}".strip()
    return code, who, _CAPACITIES[seat.capacity], said, reason


def meeting_date(source: MeetingSource) -> date:
    """The legal date the meeting begins on."""
    return legal_date(source.held.meeting.starts_at)

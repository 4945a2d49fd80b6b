"""Issue the packets of meetings to come: drafted as of that day, kept, entered in the ledger."""

import contextlib
from collections.abc import Iterator
from datetime import date, timedelta

from governance.audit.tags import Tag
from governance.board.bylaws import MotionKind
from governance.calendar import legal_date
from governance.clocks.model import PacketDue, ProgrammeState
from governance.errors import PreconditionFailedError
from governance.papers import MeetingSource, PacketSource, Paper, draft_packet
from governance.permissions import CLOCK
from governance.requests.rules import RequestRules
from governance.requests.states import Status
from governance.services.programme import Programme
from governance.services.recording import record


def packets_due(state: ProgrammeState, rules: RequestRules, today: date) -> Iterator[PacketDue]:
    """Noticed meetings of the bodies that decide on requests, soon enough, without a packet yet."""
    last = today + timedelta(days=rules.deadlines.packet_days)
    for body in state.bodies:
        if MotionKind.DATA_REQUEST not in body.rules.decides:
            continue
        for held in body.meetings.values():
            meeting = held.meeting
            if meeting.noticed_at is None or meeting.opened_at or meeting.id in state.packets:
                continue
            if today <= legal_date(meeting.starts_at) <= last:
                yield PacketDue(body.rules.body, meeting.id)


def issue_packet(p: Programme, state: ProgrammeState, due: PacketDue) -> Paper:
    """Draft a meeting's packet, keep it with the programme's documents, enter its digest."""
    body = next(b for b in state.bodies if b.rules.body == due.body)
    waiting = {
        life.request.number: life.request
        for life in state.requests
        if any(v.status is Status.BOARD_VOTE for v in life.request.versions)
    }
    meeting = MeetingSource(p.profile, body, due.meeting, p.today, waiting)
    paper = draft_packet(PacketSource(meeting, p.rules, p.contracts, p.agreements))
    with contextlib.suppress(PreconditionFailedError):  # the same text is kept already
        key = f"packets/{due.meeting}/{paper.digest}.json"
        p.documents.put(key, paper.stored(), if_none_match=True)
    facts = {"body": due.body, "digest": paper.digest, "requests": sorted(waiting)}
    once = f"packet:{due.body}:{due.meeting}"
    record(p, CLOCK, Tag.PACKET_ISSUED, subject=due.meeting, facts=facts, once=once)
    return paper

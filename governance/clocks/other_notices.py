"""Who is to be told of meetings, submissions and matches. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from governance.board.state import BodyState
from governance.calendar import legal_date
from governance.clocks.directory import Directory
from governance.clocks.model import ProgrammeState, RepublishDue, RequestLife
from governance.event_feed.reading import SILENT_AFTER
from governance.mail.notices import Capacity, Notice, NoticeKind, notice_to
from governance.mail.paths import AGENCY, REQUESTS, SUBMISSIONS, meeting_path
from governance.people.model import Person
from governance.profile import Profile
from governance.requests.links import LinkDestructions, agencies_with_link
from governance.requests.rules import RequestRules
from governance.requests.states import LIVE


def meeting_notices(
    state: ProgrammeState, body: BodyState, people: Directory, today: date
) -> Iterator[Notice]:
    """Meetings to come that were noticed, and their packets once issued."""
    for held in body.meetings.values():
        meeting = held.meeting
        if meeting.noticed_at is None or meeting.opened_at or legal_date(meeting.starts_at) < today:
            continue
        kinds = [NoticeKind.MEETING_NOTICED]
        if meeting.id in state.packets:
            kinds.append(NoticeKind.PACKET_READY)
        for kind in kinds:
            for person in people.board(body):
                yield notice_to(
                    person,
                    kind,
                    Capacity.BOARD_MEMBER,
                    about=meeting.id,
                    title=body.rules.title,
                    path=meeting_path(body.rules.body, meeting.id, kind),
                    starts_at=meeting.starts_at,
                    anchor=meeting.starts_at.isoformat(),
                )


def submission_notices(
    state: ProgrammeState, people: Directory, rules: RequestRules, profile: Profile, today: date
) -> Iterator[Notice]:
    """Submissions that were rejected, to the agency's owner and stewards."""
    for rejected in state.rejected:
        if not 0 <= (today - rejected.on).days <= rules.deadlines.news_days:
            continue
        told: list[tuple[Person, Capacity]] = [
            (p, Capacity.DATA_STEWARD) for p in people.stewards(rejected.agency)
        ]
        known = {p.id for p, _ in told}
        owners = [p for p in people.owners(rejected.agency) if p.id not in known]
        for person, capacity in told + [(p, Capacity.DATA_OWNER) for p in owners]:
            yield notice_to(
                person,
                NoticeKind.SUBMISSION_REJECTED,
                capacity,
                about=rejected.id,
                path=SUBMISSIONS,
                office=profile.agency_code(rejected.agency),
                dataset=rejected.dataset,
                on=rejected.on,
            )


def link_notices(
    state: ProgrammeState, life: RequestLife, people: Directory, profile: Profile
) -> Iterator[Notice]:
    """Agencies that analyze their own data and have yet to confirm that their link is gone."""
    version = life.request.live
    if version is None or version.submitted is None or version.status not in LIVE:
        return
    number = life.request.number
    confirmed = state.links.get(number, LinkDestructions(number)).confirmed_on
    for agency in agencies_with_link(version.submitted):
        if agency in confirmed:
            continue
        for person in people.stewards(agency):
            yield notice_to(
                person,
                NoticeKind.LINK_DESTRUCTION_WAITING,
                Capacity.DATA_STEWARD,
                about=number,
                title=version.submitted.title,
                version=version.number,
                path=AGENCY,
                office=profile.agency_code(agency),
            )


def plane_notices(
    state: ProgrammeState, stale: Sequence[RepublishDue], people: Directory, now: datetime
) -> Iterator[Notice]:
    """Processes apart that seem to stand still: the signer, and the data plane's feed.

    Said once a day to the office, however many grants it concerns.
    """
    today = legal_date(now)
    if stale:
        first = min(due.fresh_until for due in stale)
        facts: dict[str, object] = {"count": len(stale), "by": first, "on": first}
        yield from _to_office(people, NoticeKind.BUNDLES_STALE, today, facts)
    told = state.feed_at
    if told is not None and now - told > SILENT_AFTER:
        yield from _to_office(people, NoticeKind.FEED_SILENT, today, {"on": legal_date(told)})


def _to_office(
    people: Directory, kind: NoticeKind, today: date, facts: dict[str, object]
) -> Iterator[Notice]:
    for person in people.operators():
        yield notice_to(
            person,
            kind,
            Capacity.OPERATOR,
            about="programme",
            path=REQUESTS,
            anchor=today.isoformat(),
            **facts,
        )

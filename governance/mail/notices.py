"""What people are told by mail: kinds of notices, and one notice as a value.

A notice carries a number, a title, a status, names of offices, counts and dates; never a purpose, a
reason, a person other than the addressee, or anything from an attachment. The rest stands in the
portal, behind the sign-in.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from governance.facts import Facts, Id, Name, PersonId
from governance.mail.message import Line, message_id, one_line
from governance.people.model import Email, Person
from governance.requests.states import Status


class NoticeKind(StrEnum):
    """Why somebody is written to."""

    ACTION_WAITING = "action_waiting"
    OVERDUE = "overdue"
    RETURNED = "returned"
    DECIDED = "decided"
    AGREEMENT_TO_SIGN = "agreement_to_sign"
    NDA_MISSING = "nda_missing"
    NDA_AGAIN = "nda_again"
    TRAINING_MISSING = "training_missing"
    TRAINING_EXPIRING = "training_expiring"
    GRANT_PUBLISHED = "grant_published"
    GRANT_EXPIRING = "grant_expiring"
    GRANT_ENDED = "grant_ended"
    GRANT_REVOKED = "grant_revoked"
    DESTRUCTION_DUE = "destruction_due"
    DESTRUCTION_OVERDUE = "destruction_overdue"
    MATCH_DESTRUCTION_DUE = "match_destruction_due"
    MATCH_DESTRUCTION_OVERDUE = "match_destruction_overdue"
    MATCH_DESTRUCTION_AMISS = "match_destruction_amiss"
    MATCH_CONFIRMATION_WAITING = "match_confirmation_waiting"
    LINK_DESTRUCTION_WAITING = "link_destruction_waiting"
    MEETING_NOTICED = "meeting_noticed"
    PACKET_READY = "packet_ready"
    LEAVER = "leaver"
    LEAVER_ELSEWHERE = "leaver_elsewhere"
    PUBLICATION_TO_SEE = "publication_to_see"
    PUBLICATION_OVERDUE = "publication_overdue"
    PUBLICATION_CLEARED = "publication_cleared"
    PUBLICATION_TO_RECORD = "publication_to_record"
    SUBMISSION_REJECTED = "submission_rejected"
    BUNDLES_STALE = "bundles_stale"
    FEED_SILENT = "feed_silent"


class Capacity(StrEnum):
    """As what somebody is written to: why they get the mail."""

    REQUESTOR = "requestor"
    OPERATOR = "operator"
    DATA_OWNER = "data_owner"
    DATA_STEWARD = "data_steward"
    SIGNATORY = "signatory"
    NAMED_PERSON = "named_person"
    BOARD_MEMBER = "board_member"


class Notice(Facts):
    """One notice to one person.

    Attributes:
        to, to_name, to_email: Whom.
        about: Number of the request, id of the meeting, match or submission.
        title: Of the request or meeting.
        version: Of the request.
        path: Of the page where the addressee does it, below the portal's address.
        by: Last day to do it, inclusive, a legal date.
        by_at: The instant, where a clock counts hours.
        on: The legal date of what is told.
        starts_at: Of a meeting.
        office: The agency or party for whom the addressee acts, as people write it.
        dataset: Whose submission.
        days: Until, or since, the day in `by` or `on`.
        count: Of what is to be mended.
        others: Numbers of other requests.
        because: Why that clock runs, or what went amiss; names of offices, days and clauses.
        anchor: What makes it this notice and no other: it is never sent twice.
    """

    kind: NoticeKind
    capacity: Capacity
    to: PersonId
    to_name: Line
    to_email: Email
    about: Id
    title: Annotated[str, StringConstraints(max_length=150)] = ""
    status: Status | None = None
    version: Annotated[int, Field(ge=1)] = 1
    path: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._~/?=&#-]{0,200}$")]
    by: date | None = None
    by_at: AwareDatetime | None = None
    on: date | None = None
    starts_at: AwareDatetime | None = None
    office: Annotated[str, StringConstraints(max_length=200)] = ""
    dataset: Name | None = None
    days: int | None = None
    count: int | None = None
    others: tuple[Id, ...] = ()
    because: Annotated[str, StringConstraints(max_length=1000)] = ""
    anchor: str = ""

    @property
    def once(self) -> str:
        """The id under which it is sent once; who acts in two capacities is told once."""
        return message_id(
            self.kind.value, self.about, str(self.version), self.anchor, self.office, self.to
        )


def notice_to(person: Person, kind: NoticeKind, capacity: Capacity, **facts: object) -> Notice:
    """A notice to a person of the programme; titles and offices are made one line each."""
    lines = {k: one_line(str(facts[k])) for k in ("title", "office") if k in facts}
    return Notice.model_validate(
        {
            "kind": kind,
            "capacity": capacity,
            "to": person.id,
            "to_name": one_line(person.name) or person.id,
            "to_email": person.email,
            **facts,
            **lines,
        }
    )


def day_words(day: date) -> str:
    """`Friday, April 3, 2026`."""
    return f"{day:%A}, {day:%B} {day.day}, {day.year}"


def instant_words(instant: datetime) -> str:
    """An instant that is already in the legal zone: `Friday, April 3, 2026, 5:00 PM EDT`."""
    hour = instant.hour % 12 or 12
    return f"{day_words(instant.date())}, {hour}:{instant:%M} {instant:%p} {instant:%Z}"

"""Forms of the acts of a body: what each asks, and where it leads afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from governance.board import commands as b
from governance.calendar import LEGAL_ZONE
from governance.errors import DocumentError
from governance.portal.forms import Field, FormSpec
from governance.portal.visits import Visit
from governance.requests.states import Status
from governance.services.board import BodyView
from governance.services.people import PeopleQuery, list_people
from governance.services.request_lists import ListQuery, list_requests
from governance.store.paging import MOST_ROWS


@dataclass(frozen=True, slots=True)
class BoardForm:
    """A command with a page of its own.

    Attributes:
        path: Under the body's.
        back: Where it leads afterwards, from the path's parameters and what was typed.
    """

    command: type[b.BodyCommand]
    path: str
    title: str
    lead: str
    button: str
    said: str
    spec: Callable[[Visit, BodyView], FormSpec]
    facts: Callable[[dict[str, Any]], dict[str, Any]]
    back: Callable[[Visit, dict[str, Any]], str]


def _eastern(day: object, time: object) -> str:
    """An instant from a day and a time of Connecticut.

    Raises:
        DocumentError: It is none.
    """
    try:
        at = datetime.fromisoformat(f"{day}T{time}")
    except ValueError:
        problem = "time: use hours and minutes, as 09:00"
        raise DocumentError.counted("The form has", problem) from None
    return at.replace(tzinfo=LEGAL_ZONE).isoformat()


def _notice_spec(_: Visit, view: BodyView) -> FormSpec:
    broken = {k: k for k, m in view.state.meetings.items() if m.adjourned}
    return FormSpec(
        (
            Field("meeting", "Id of the meeting", required=True, hint="As DGB-2026-12."),
            Field("day", "Day", "day", required=True),
            Field("time", "Time", required=True, hint="Eastern time, 24 hours, as 09:00."),
            Field("rescheduled_from", "Takes up the business of an adjourned meeting", "select",
                  choices=broken, when_empty=None),
        )
    )  # fmt: skip


def _notice_facts(typed: dict[str, Any]) -> dict[str, Any]:
    starts_at = _eastern(typed["day"], typed["time"])
    kept = {k: typed[k] for k in ("meeting", "rescheduled_from")}
    return kept | {"starts_at": starts_at, "public": True}


def _move_spec(visit: Visit, _: BodyView) -> FormSpec:
    query = ListQuery(status=(Status.BOARD_VOTE.value,), per_page=MOST_ROWS, sort="number")
    waiting = list_requests(visit.programme, visit.actor, query).items
    return FormSpec(
        (
            Field("motion", "Id of the motion", required=True, hint="As M-2026-12-1."),
            Field("kind", "What it decides", "radios", required=True,
                  choices={"data_request": "A data request", "admit_agency": "Admit an agency",
                           "other": "Something else"}),
            Field("about", "Request", "select", when_empty=None,
                  choices={r.number: f"{r.number}: {r.title}" for r in waiting}),
            Field("other_about", "Or what it is about",
                  hint="The agency's short name, or an id of the matter."),
            Field("text", "Wording", "textarea", rows=3, required=True, maximum=4000),
            Field("conditions", "Conditions", "textarea", rows=3,
                  hint="One a line. Nobody gets access before each is met."),
        )
    )  # fmt: skip


def _move_facts(typed: dict[str, Any]) -> dict[str, Any]:
    lines = [x.strip() for x in str(typed["conditions"]).splitlines() if x.strip()]
    about = typed["about"] or typed["other_about"] or None
    return {
        "motion": typed["motion"],
        "kind": typed["kind"],
        "text": typed["text"],
        "about": about,
        "conditions": [{"id": f"C{n}", "text": x} for n, x in enumerate(lines, start=1)],
    }


def _people(visit: Visit) -> dict[str, str]:
    found = list_people(
        visit.programme, visit.actor, PeopleQuery(employed=True, per_page=MOST_ROWS)
    )
    return {x.id: f"{x.name}, {x.employer}" for x in found.items}


def _agencies(visit: Visit) -> dict[str, str]:
    return {a.id: a.name for a in visit.programme.profile.agencies}


def _seat_spec(visit: Visit, _: BodyView) -> FormSpec:
    return FormSpec(
        (
            Field("agency", "Agency", "select", choices=_agencies(visit), required=True),
            Field("person", "Member", "select", choices=_people(visit), required=True),
        )
    )


def _alternate_spec(visit: Visit, _: BodyView) -> FormSpec:
    return FormSpec(
        (
            Field("agency", "Agency", "select", choices=_agencies(visit), required=True),
            Field("person", "Id of the alternate", required=True,
                  hint="The office tells it; it stands in their account."),
            Field("until", "Until", "day", hint="Leave it empty until withdrawn."),
        )
    )  # fmt: skip


def _proxy_spec(visit: Visit, view: BodyView) -> FormSpec:
    own = [a for a, s in view.state.seats.items() if s.member == visit.actor.by]
    return FormSpec(
        (
            Field("agency", "Your seat", "select", required=True,
                  choices={a: visit.programme.profile.agency_name(a) for a in own}),
            Field("holder", "Id of who votes for you", required=True,
                  hint="It stands in their account."),
            Field("valid_from", "From", "day", required=True),
            Field("valid_until", "Until", "day", required=True),
        )
    )  # fmt: skip


def _as_typed(typed: dict[str, Any]) -> dict[str, Any]:
    return typed


def to_meeting(visit: Visit, typed: dict[str, Any]) -> str:
    """Address of the meeting that the path or the form names."""
    meeting = visit.wanted.get("meeting") or typed["meeting"]
    return f"/boards/{visit.wanted['body']}/meetings/{meeting}"


def to_motion(visit: Visit, typed: dict[str, Any]) -> str:
    """Address of the motion that the path or the form names."""
    motion = visit.wanted.get("motion") or typed["motion"]
    return f"/boards/{visit.wanted['body']}/motions/{motion}"


def to_body(visit: Visit, _: dict[str, Any]) -> str:
    """Address of the body."""
    return f"/boards/{visit.wanted['body']}"


_INTEREST: Final = FormSpec(
    (Field("text", "What your interest is", "textarea", required=True, maximum=4000),)
)
_ENDING: Final = FormSpec(
    (
        Field("how", "How it ends", "radios", required=True,
              choices={"close": "The business is done",
                       "adjourn": "It is adjourned, as without a quorum"}),
        Field("reason", "Reason", "textarea", rows=3, required=True, maximum=4000),
    )
)  # fmt: skip


def _end_facts(typed: dict[str, Any]) -> dict[str, Any]:
    return {"adjourn": typed["how"] == "adjourn", "reason": typed["reason"]}


FORMS: Final = (
    BoardForm(
        b.NoticeMeeting, "/notice", "Notice a meeting",
        "The bylaws ask for notice ahead, and for a public meeting. Votes count in no other.",
        "Post the notice", "board_notice", _notice_spec, _notice_facts, to_meeting,
    ),
    BoardForm(
        b.MoveMotion, "/meetings/{meeting}/move", "Move a motion",
        "Persons, employers and the content voted on are taken from the request's record.",
        "Move the motion", "board_move", _move_spec, _move_facts, to_motion,
    ),
    BoardForm(
        b.EndMeeting, "/meetings/{meeting}/end", "End the meeting",
        "After that nobody can move or vote in it.",
        "End the meeting", "board_end", lambda _, __: _ENDING, _end_facts, to_meeting,
    ),
    BoardForm(
        b.DeclareInterest, "/motions/{motion}/interest", "Declare an interest",
        "Who has an interest counts neither as present nor as voting on this motion.",
        "Declare it", "board_interest", lambda _, __: _INTEREST, _as_typed, to_motion,
    ),
    BoardForm(
        b.FileProxy, "/proxy", "File a proxy letter",
        "It names one person and one period, and must be on file before the meeting starts.",
        "File the letter", "board_proxy", _proxy_spec, _as_typed, to_body,
    ),
    BoardForm(
        b.FillSeat, "/seat", "Fill a seat",
        "The member is the agency's data owner: decides on its part of each request, and votes.",
        "Fill the seat", "board_seat", _seat_spec, _as_typed, to_body,
    ),
    BoardForm(
        b.NameAlternate, "/alternate", "Name an alternate",
        "The alternate sits when the member is away or recused.",
        "Name the alternate", "board_alternate", _alternate_spec, _as_typed, to_body,
    ),
)  # fmt: skip

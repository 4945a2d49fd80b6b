"""A person's own: what waits for them, the persons on their requests, their sessions."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import BaseModel

from governance.permissions import Action
from governance.portal.api.models import PROBLEMS, Answer, DenialAnswer, RequestsSought
from governance.portal.api.paging import ListAsked, Paged, Word, page_of
from governance.portal.navigation import NavItem
from governance.portal.routes import Open, PortalRouter
from governance.portal.visits import VisitDep
from governance.requests.statements import statements_waiting
from governance.services.request_lists import list_requests
from governance.services.requests import RequestView, read_request
from governance.services.standing import list_standings

router = PortalRouter(prefix="/api/v1/own", tags=("own",))
NAVIGATION: tuple[NavItem, ...] = ()


class WorkAnswer(BaseModel):
    """A request that waits for the asker.

    Attributes:
        next: Who acts next and what happens then.
        due: Last day of the step it waits for, when it has one.
        acts: What the asker may do with its newest version now.
        statement: Whether the asker's confidentiality statement is missing, or asked for `again`
            since the terms changed; null when it is not waited for.
    """

    number: str
    title: str
    status: str
    next: str
    due: date | None
    acts: tuple[str, ...]
    statement: Literal["missing", "again"] | None


class StandingsAsked(ListAsked):
    """Which persons on which requests, in which order."""

    number: Word = None
    role: Word = None
    employed: bool | None = None
    sort: Literal[
        "name", "number", "title", "role", "nda_signed_on", "training_valid_until", "employed"
    ] = "name"


class AccessAnswer(Answer):
    """Whether somebody has access today, or every link that is missing with its remedy."""

    permitted: bool
    denials: tuple[DenialAnswer, ...]


class StandingAnswer(Answer):
    """One person on one request, today.

    Attributes:
        nda_signed_on: Of the statement that counts under the terms in force.
        nda_again: Whether they signed, but under terms that have changed since.
        employed: None: not on record.
    """

    number: str
    title: str
    person: str
    name: str
    role: str
    nda_signed_on: date | None
    nda_again: bool
    training_valid_until: date | None
    employed: bool | None
    access: AccessAnswer


@router.api(
    "GET",
    "/work",
    asks=(Action.LIST_OWN_REQUESTS, Action.LIST_ALL_REQUESTS),
    response_model=Paged[WorkAnswer],
    responses=PROBLEMS,
    summary="Requests that wait for you, one page",
)
def work(visit: VisitDep, asked: Annotated[RequestsSought, Query()]) -> Paged[WorkAnswer]:
    """What you may do with each, what happens then, and until when."""
    query = asked.query(scope="waiting")
    found = list_requests(visit.programme, visit.actor, query)
    views = (read_request(visit.programme, visit.actor, row.number) for row in found.items)
    return Paged(
        items=tuple(_work(view, visit.actor.by) for view in views),
        total=found.total,
        page=found.page,
        per_page=found.per_page,
    )


def _work(view: RequestView, person: str) -> WorkAnswer:
    latest = view.latest
    return WorkAnswer(
        number=view.request.number,
        title=(latest.submitted or latest.content).title,
        status=latest.status.value,
        next=view.next,
        due=view.due,
        acts=tuple(act.value for act in view.acts.get(latest.number, ())),
        statement=statements_waiting(view.request).get(person),
    )


@router.api(
    "GET",
    "/people",
    asks=Action.LIST_OWN_REQUESTS,
    response_model=Paged[StandingAnswer],
    responses=PROBLEMS,
    summary="Persons on your requests, one page",
)
def people(visit: VisitDep, asked: Annotated[StandingsAsked, Query()]) -> Paged[StandingAnswer]:
    """What each has, what is missing to have access today, and what mends it."""
    found = list_standings(visit.programme, visit.actor)
    return page_of([StandingAnswer.model_validate(s) for s in found], asked)


@router.api(
    "DELETE",
    "/sessions",
    asks=Open("One's own sessions; there are nobody else's to end."),
    status_code=204,
    response_model=None,
    responses=PROBLEMS,
    summary="Sign out on all your devices",
)
def end_sessions(visit: VisitDep) -> Response:
    """Every session ends; an access token is good until it expires."""
    if visit.actor.person is not None:
        visit.portal.sessions.end_all_of(visit.actor.person.id)
    return Response(status_code=204)

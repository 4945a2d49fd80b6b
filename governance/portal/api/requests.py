"""Data requests: list, read, begin, type, and one route a command."""

from typing import Annotated

from fastapi import Query, Response

from governance.permissions import Action
from governance.portal.api.described import describe_command
from governance.portal.api.models import (
    PROBLEMS,
    BegunRequest,
    DenialAnswer,
    Payload,
    RequestAnswer,
    RequestPage,
    RequestsAsked,
    Said,
    SavedDraft,
    VersionAnswer,
)
from governance.portal.api.telling import tell
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.targets import about_request
from governance.portal.visits import VisitDep
from governance.requests.commands import RequestCommand, SaveDraft
from governance.requests.states import Act
from governance.services.request_changes import VersionChanges, list_changes
from governance.services.request_commands import COMMANDS
from governance.services.request_lists import list_requests
from governance.services.requests import (
    RequestView,
    act_on_request,
    autosave,
    begin_request,
    read_request,
)

router = PortalRouter(prefix="/api/v1", tags=("requests",))
NAVIGATION: tuple[NavItem, ...] = ()

_SPECIAL = {Act.SEND_AGREEMENT, Act.SIGN_AGREEMENT, Act.SIGN_NDA, Act.CERTIFY_DESTRUCTION}
"""Go with a document: `governance.portal.api.agreements` and `.certificates`."""
_PROCESSES = {Act.GRANT, Act.MARK_EXPIRING, Act.END, Act.SUPERSEDE}
"""Of the signer and the clock alone; they use no portal."""


def answer_request(view: RequestView) -> RequestAnswer:
    """A request as it is told."""
    return RequestAnswer(
        number=view.request.number,
        requestor=view.request.requestor,
        position=view.position,
        next=view.next,
        due=view.due,
        versions=tuple(
            VersionAnswer(
                number=v.number,
                status=v.status.value,
                next_role=v.next.value,
                acts=tuple(a.value for a in view.acts.get(v.number, ())),
                facts=tell(v, without=frozenset({"number", "status"})),
            )
            for v in view.request.versions
        ),
        people=tell(view.request.people),
        missing=tuple(DenialAnswer.model_validate(d) for d in view.missing.denials),
        precheck=tell(view.precheck.to_dict()),
    )


@router.api(
    "GET",
    "/requests",
    asks=(Action.LIST_OWN_REQUESTS, Action.LIST_ALL_REQUESTS),
    response_model=RequestPage,
    responses=PROBLEMS,
    summary="Requests you may see, one page",
)
def list_page(visit: VisitDep, asked: Annotated[RequestsAsked, Query()]) -> RequestPage:
    """Number, title, status, agencies and dates of each; filtered, sorted and paged."""
    query = asked.query(asked.scope)
    return RequestPage.model_validate(list_requests(visit.programme, visit.actor, query))


@router.api(
    "POST",
    "/requests",
    asks=Action.BEGIN_REQUEST,
    status_code=201,
    response_model=BegunRequest,
    responses=PROBLEMS,
    summary="Begin a request as a draft",
    openapi_extra=describe_command(SaveDraft, versioned=False),
)
def begin(visit: VisitDep, payload: Payload, response: Response) -> BegunRequest:
    """The form may lack anything; submitting says what is missing."""
    said = Said(payload)
    content = said.facts.get("content")
    form = content if isinstance(content, dict) else {"content": content}
    number = begin_request(visit.programme, visit.actor, form, once=said.once)
    response.headers["location"] = f"/api/v1/requests/{number}"
    return BegunRequest(number=number)


@router.api(
    "GET",
    "/requests/{number}",
    asks=Action.READ_REQUEST,
    about=about_request,
    response_model=RequestAnswer,
    responses=PROBLEMS,
    summary="A request, whole",
)
def read(visit: VisitDep, number: str) -> RequestAnswer:
    """Every version you may see, who acts next, what you may do, and the pre-check."""
    return answer_request(read_request(visit.programme, visit.actor, number))


@router.api(
    "GET",
    "/requests/{number}/changes",
    asks=Action.READ_REQUEST,
    about=about_request,
    response_model=tuple[VersionChanges, ...],
    responses=PROBLEMS,
    summary="What changed between the versions",
)
def changes(visit: VisitDep, number: str) -> tuple[VersionChanges, ...]:
    """Each difference, and whose review it asks for."""
    return list_changes(read_request(visit.programme, visit.actor, number))


@router.api(
    "PUT",
    "/requests/{number}/draft",
    asks=Act.SAVE_DRAFT,
    about=about_request,
    response_model=SavedDraft,
    responses=PROBLEMS,
    summary="Keep what was typed, mistakes and all",
    openapi_extra=describe_command(SaveDraft, versioned=True),
)
def save_typed(visit: VisitDep, number: str, payload: Payload) -> SavedDraft:
    """`based_on` is the revision the form was opened with, 0 for the first."""
    said = Said(payload)
    content = said.facts.get("content")
    revision = autosave(
        visit.programme,
        visit.actor,
        number,
        content if isinstance(content, dict) else {},
        based_on=said.based_on or 0,
        version=said.version,
    )
    return SavedDraft(revision=revision)


def _register(act: Act, command: type[RequestCommand]) -> None:
    words = (command.__doc__ or act.value).splitlines()[0]

    @router.api(
        "POST",
        f"/requests/{{number}}/{act.value.replace('_', '-')}",
        asks=act,
        about=about_request,
        response_model=RequestAnswer,
        responses=PROBLEMS,
        summary=words,
        operation_id=f"request_{act.value}",
        openapi_extra=describe_command(command, versioned=True),
    )
    def give(visit: VisitDep, number: str, payload: Payload) -> RequestAnswer:
        """Refused with every reason, clause and remedy when the rules do not allow it."""
        said = Said(payload)
        view = act_on_request(
            visit.programme,
            visit.actor,
            number,
            act,
            said.facts,
            version=said.version,
            based_on=said.based_on,
            once=said.once,
        )
        return answer_request(view)


for _act, _command in COMMANDS.items():
    if _act not in _SPECIAL | _PROCESSES:
        _register(_act, _command)

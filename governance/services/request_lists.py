"""Lists of requests: mine, waiting for me, all I may see."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement

from governance.board.state import BodyState
from governance.decisions import check_permitted
from governance.people import PortalRole
from governance.permissions import Action, Actor, Target, decide_action
from governance.services.programme import Programme
from governance.services.recording import denials_recorded
from governance.store import lists
from governance.store.lists import RequestFilter, RequestRow, Viewer
from governance.store.paging import Page
from governance.store.statement_lists import waits_for_statement


@dataclass(frozen=True, slots=True)
class ListQuery(RequestFilter):
    """Which requests, of whose.

    Attributes:
        scope: `mine`: I began or am named in; `waiting`: I act next; `all`: all I may see.
    """

    scope: Literal["mine", "waiting", "all"] = "all"


def list_requests(p: Programme, actor: Actor, query: ListQuery | None = None) -> Page[RequestRow]:
    """One page of the requests the actor may see.

    Raises:
        AccessDeniedError: The actor has no lists; recorded.
    """
    wanted = query or ListQuery()
    with denials_recorded(p, actor, Action.LIST_OWN_REQUESTS.value, "programme"):
        everything = decide_action(actor, Action.LIST_ALL_REQUESTS, today=p.today)
        if not everything.permitted:
            check_permitted(decide_action(actor, Action.LIST_OWN_REQUESTS, today=p.today))
        with p.store.read() as unit:
            if wanted.scope == "mine":  # whoever is named in a request may read it
                return lists.list_request_rows(unit, wanted, [lists.named(actor.by)])
            seen = lists.seen_by(viewer(p, actor, unit.body(p.board)[0]))
            return lists.list_request_rows(unit, wanted, [seen, *_waiting(actor, wanted.scope)])


def viewer(p: Programme, actor: Actor, body: BodyState) -> Viewer:
    """On what grounds the actor sees requests: the same as `Action.READ_REQUEST`'s, as a query."""
    today, person = p.today, actor.person
    if decide_action(actor, Action.LIST_ALL_REQUESTS, today=today).permitted:
        return Viewer(everything=True)
    if person is None:
        return Viewer()
    works = actor.roles & {PortalRole.DATA_OWNER, PortalRole.DATA_STEWARD}
    packet = decide_action(actor, Action.READ_PACKET, Target(body=body), today=today)
    return Viewer(
        submitted=packet.permitted,
        person=person.id,
        agency=person.agency if works else None,
        parties=person.parties if PortalRole.SIGNATORY in actor.roles else (),
    )


def _waiting(actor: Actor, scope: str) -> list[ColumnElement[bool]]:
    person = actor.person
    if scope != "waiting":
        return []
    waiting = [lists.all_of(lists.waits_for_role("requestor"), lists.acts_for(actor.by))]
    waiting.append(waits_for_statement(actor.by))
    if PortalRole.OPERATOR in actor.roles:
        waiting.append(lists.waits_for_role("operator"))
    if PortalRole.DATA_OWNER in actor.roles and actor.agency is not None:
        waiting.append(lists.waits_for_agency(actor.agency))
    if person is not None and PortalRole.SIGNATORY in actor.roles and person.parties:
        waiting.append(lists.waits_for_party(person.parties))
    return [lists.any_of(*waiting)]

"""Variables chosen in the catalogue: a new request, or more of an open draft."""

from collections.abc import Mapping, Sequence
from typing import Any

from governance.errors import DocumentError
from governance.permissions import Actor
from governance.requests.states import Act, Status
from governance.services.programme import Programme
from governance.services.request_lists import ListQuery, list_requests
from governance.services.requests import (
    RequestView,
    act_on_request,
    autosave,
    begin_request,
    read_request,
)
from governance.services.values import plain
from governance.store.lists import RequestRow
from governance.store.paging import MOST_ROWS


def open_drafts(p: Programme, actor: Actor) -> tuple[RequestRow, ...]:
    """Requests of the actor's own that they may edit now, changed last first."""
    status = (Status.DRAFT.value, Status.RETURNED.value)
    rows = list_requests(p, actor, ListQuery(status=status, per_page=MOST_ROWS, scope="mine")).items
    return tuple(r for r in rows if read_request(p, actor, r.number).may(Act.SAVE_DRAFT))


def choose_variables(
    p: Programme,
    actor: Actor,
    dataset: str,
    variables: Sequence[str],
    *,
    number: str | None = None,
    once: str | None = None,
) -> str:
    """Ask for variables of a dataset in a draft; what it asks for already stays.

    Args:
        p: The programme.
        actor: Who asks.
        dataset: `agency/dataset`.
        variables: Names of the catalogue.
        number: An open draft; None begins a request.
        once: The form's token: submitted twice, it happens once.

    Returns:
        Number of the request.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        DocumentError: No variable is chosen, or the dataset has none of that name.
        NotFoundError: There is no such request.
        StaleError: Somebody else saved the draft meanwhile.
    """
    _check(p, dataset, variables)
    if number is None:
        return begin_request(p, actor, _begun(actor, dataset, variables), once=once)
    view = read_request(p, actor, number)
    content = _joined(view, dataset, variables)
    if view.draft is None:
        facts = {"content": content}
        act_on_request(p, actor, number, Act.SAVE_DRAFT, facts, based_on=view.position, once=once)
    else:  # somebody is typing: the form may have mistakes still
        autosave(p, actor, number, content, based_on=view.draft.revision)
    return number


def _check(p: Programme, dataset: str, variables: Sequence[str]) -> None:
    contract = p.contracts.get(dataset)
    known = {c.name for c in contract.columns} if contract else set()
    problem = ""
    if not variables:
        problem = "variables: choose at least one"
    elif not known.issuperset(variables):
        problem = "variables: the dataset has no variable of one of these names"
    if problem:
        raise DocumentError.counted("The form has", problem)


def _begun(actor: Actor, dataset: str, variables: Sequence[str]) -> dict[str, Any]:
    chosen = {"datasets": [{"dataset": dataset, "variables": list(dict.fromkeys(variables))}]}
    person = actor.person
    if person is None:
        return chosen
    own = {
        "id": person.id,
        "role": "requestor",
        "name": person.name,
        "employer": person.employer,
        "agency": person.agency,
        "employment_class": person.employment_class,
    }
    return {**chosen, "organization": person.employer, "people": [own]}


def _joined(view: RequestView, dataset: str, variables: Sequence[str]) -> dict[str, Any]:
    stored = view.latest.content if view.draft is None else view.draft.content
    content: dict[str, Any] = dict(plain(stored))
    parts = [dict(d) for d in content.get("datasets") or () if isinstance(d, Mapping)]
    part = next((d for d in parts if d.get("dataset") == dataset), None)
    if part is None:
        part = {"dataset": dataset, "variables": []}
        parts.append(part)
    part["variables"] = list(dict.fromkeys([*(part.get("variables") or ()), *variables]))
    return {**content, "datasets": parts}

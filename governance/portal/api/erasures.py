"""Erasing facts of the ledger: one of the office asks, another one carries it out."""

from typing import Annotated, Literal

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from governance.audit.erasures import ErasureReason
from governance.permissions import Action
from governance.portal.api.models import PROBLEMS
from governance.portal.api.paging import ListAsked, Paged, page_of
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.services.erasing import (
    AskedErasure,
    Erasable,
    Outcome,
    ask_to_erase,
    confirm_erasure,
    drop_erasure,
    list_erasures,
)

router = PortalRouter(prefix="/api/v1/ledger/erasures", tags=("ledger",))
NAVIGATION: tuple[NavItem, ...] = ()
Seq = Annotated[int, Path(ge=1, le=2**31 - 1)]


class AskingErasure(BaseModel):
    """What is to go, and why: the reason is public, the words are not."""

    model_config = ConfigDict(extra="forbid")
    kind: Erasable
    what: Annotated[str, Field(min_length=1, max_length=63)]
    reason: ErasureReason
    words: Annotated[str, Field(max_length=4000)] = ""
    once: Annotated[str | None, Field(min_length=1, max_length=64)] = None


class ErasuresAsked(ListAsked):
    """Which of them, in which order."""

    kind: Erasable | None = None
    reason: ErasureReason | None = None
    outcome: Outcome | None = None
    sort: Literal["seq", "at", "by", "kind", "what", "reason", "outcome"] = "seq"
    descending: bool = True


class ErasedAnswer(BaseModel):
    """How many entries' facts were erased."""

    entries: int


@router.api(
    "GET",
    "",
    asks=Action.ASK_ERASURE,
    response_model=Paged[AskedErasure],
    responses=PROBLEMS,
    summary="Erasures that were asked for, one page",
)
def list_all(visit: VisitDep, asked: Annotated[ErasuresAsked, Query()]) -> Paged[AskedErasure]:
    """The newest first: what waits, and what became of the others."""
    return page_of(list_erasures(visit.programme, visit.actor), asked)


@router.api(
    "POST",
    "",
    asks=Action.ASK_ERASURE,
    status_code=201,
    response_model=AskedErasure,
    responses=PROBLEMS,
    summary="Ask for an erasure",
)
def ask(visit: VisitDep, wanted: AskingErasure) -> AskedErasure:
    """Nothing is erased until another one of the office confirms it."""
    facts = wanted.model_dump(mode="json", exclude={"once"})
    return ask_to_erase(visit.programme, visit.actor, facts, once=wanted.once)


@router.api(
    "POST",
    "/{seq}/confirm",
    asks=Action.ERASE_FACTS,
    response_model=ErasedAnswer,
    responses=PROBLEMS,
    summary="Carry an erasure out",
)
def confirm(visit: VisitDep, seq: Seq) -> ErasedAnswer:
    """Not by whoever asked, nor by whom the facts are about. Safe to repeat."""
    return ErasedAnswer(entries=confirm_erasure(visit.programme, visit.actor, seq))


@router.api(
    "POST",
    "/{seq}/drop",
    asks=Action.ASK_ERASURE,
    status_code=204,
    response_model=None,
    responses=PROBLEMS,
    summary="Drop an erasure that was asked for",
)
def drop(visit: VisitDep, seq: Seq) -> Response:
    """Nothing is erased; it can be asked for again. Safe to repeat."""
    drop_erasure(visit.programme, visit.actor, seq)
    return Response(status_code=204)

"""The ledger verified: the last result, a new one, checkpoints to keep, and the key."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import Response

from governance.errors import ObjectNotFoundError
from governance.permissions import Action
from governance.portal.api.ledger import tell_checkpoint
from governance.portal.api.models import PROBLEMS, CheckpointAnswer
from governance.portal.api.paging import ListAsked, Paged, page_of
from governance.portal.api.telling import tell
from governance.portal.downloads import JSON
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.services.ledger import sealed_checkpoint
from governance.services.ledger_copy import stored_checkpoints
from governance.services.verifying import continues, last_verification, verify_and_record
from governance.store import NotFoundError

router = PortalRouter(prefix="/api/v1/ledger", tags=("ledger",))
NAVIGATION: tuple[NavItem, ...] = ()
Hex = Annotated[str, Query(pattern=r"^[0-9a-f]{64}$", description="SHA-256, hex.")]
Size = Annotated[int, Query(ge=1, le=2**31 - 1)]


class VerificationAnswer(BaseModel):
    """The last verification on record; `facts` is None when they were erased."""

    seq: int
    at: datetime
    facts: dict[str, JsonValue] | None


class CheckpointsAsked(ListAsked):
    """Which checkpoints, in which order."""

    sort: Literal["size", "at"] = "size"
    descending: bool = True


class Verifying(BaseModel):
    """A verification to run; `once` is your token: sent twice, it is recorded once."""

    model_config = ConfigDict(extra="forbid")
    once: Annotated[str | None, Field(min_length=1, max_length=64)] = None


class ProblemAnswer(BaseModel):
    """Something is wrong with an entry."""

    kind: str
    seq: int
    detail: str


class ReportAnswer(BaseModel):
    """What a verification found, problem by problem; none of them: verified.

    Attributes:
        uncovered: Entries after the newest checkpoint that agrees.
        cannot_find: What this verification could not have found, in words.
        checkpoints: Compared ones; `last_checkpoint` covers so many entries.
        payloads: Facts that were compared; `erased` of them are gone, `withheld` left out.
    """

    verified: bool
    uncovered: int
    cannot_find: str
    entries: int
    head: str
    first_at: datetime | None
    last_at: datetime | None
    checkpoints: int
    last_checkpoint: int
    payloads: int
    erased: int
    withheld: int
    problems: tuple[ProblemAnswer, ...]


class ContinuesAnswer(BaseModel):
    """Whether the ledger still continues a checkpoint that somebody kept."""

    continues: bool
    checkpoint: CheckpointAnswer


@router.api(
    "GET",
    "/verification",
    asks=Action.READ_LEDGER,
    response_model=VerificationAnswer,
    responses=PROBLEMS,
    summary="What the last verification found",
)
def last(visit: VisitDep) -> VerificationAnswer:
    """When it ran, over how many entries, with which problems."""
    found = last_verification(visit.programme, visit.actor)
    if found is None:
        raise NotFoundError("The ledger was not verified yet.")
    facts = None if found.facts is None else tell(found.facts)
    return VerificationAnswer(seq=found.seq, at=found.at, facts=facts)


@router.api(
    "POST",
    "/verification",
    asks=Action.READ_LEDGER_FACTS,
    response_model=ReportAnswer,
    responses=PROBLEMS,
    summary="Verify the whole ledger now",
)
def verify(visit: VisitDep, given: Verifying) -> ReportAnswer:
    """Against itself, its checkpoints, facts and lists; that it was done is recorded."""
    report = verify_and_record(visit.programme, visit.actor, once=given.once)
    return ReportAnswer.model_validate(report.to_dict())


@router.api(
    "GET",
    "/checkpoints",
    asks=Action.READ_LEDGER,
    response_model=Paged[CheckpointAnswer],
    responses=PROBLEMS,
    summary="Signed checkpoints of the copy outside, one page",
)
def checkpoints(
    visit: VisitDep, asked: Annotated[CheckpointsAsked, Query()]
) -> Paged[CheckpointAnswer]:
    """Those whose signature verifies, the newest first."""
    found, _ = stored_checkpoints(visit.programme)
    return page_of([tell_checkpoint(c) for c in found], asked)


@router.api(
    "GET",
    "/checkpoints/{size}",
    asks=Action.READ_LEDGER,
    response_model=dict[str, JsonValue],
    responses=PROBLEMS,
    summary="A signed checkpoint, to keep elsewhere",
)
def checkpoint_of(visit: VisitDep, size: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> Response:
    """Exactly the bytes that were signed, in their envelope."""
    try:
        return Response(sealed_checkpoint(visit.programme, size), media_type=JSON)
    except ObjectNotFoundError:
        raise NotFoundError("There is no checkpoint over so many entries.") from None


@router.api(
    "GET",
    "/key",
    asks=Action.READ_LEDGER,
    response_model=dict[str, JsonValue],
    responses=PROBLEMS,
    summary="The public key that checkpoints verify with",
)
def key(visit: VisitDep) -> dict[str, JsonValue]:
    """A JSON Web Key (RFC 7517)."""
    told: dict[str, JsonValue] = tell(visit.programme.signer.public_key.to_dict())
    return told


@router.api(
    "GET",
    "/continues",
    asks=Action.READ_LEDGER,
    response_model=ContinuesAnswer,
    responses=PROBLEMS,
    summary="Whether the ledger continues a checkpoint that you kept",
)
def still_continues(visit: VisitDep, old_size: Size, old_root: Hex) -> ContinuesAnswer:
    """Compared here; `/consistency` gives the proof to compare elsewhere."""
    checkpoint, same = continues(visit.programme, old_size, old_root)
    return ContinuesAnswer(continues=same, checkpoint=tell_checkpoint(checkpoint))

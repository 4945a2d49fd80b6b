"""The ledger: its public chain, facts where the asker may read them, and proofs."""

from typing import Annotated

from fastapi import Path, Query

from governance.audit import Checkpoint
from governance.permissions import Action
from governance.portal.api.models import (
    PROBLEMS,
    CheckpointAnswer,
    ConsistencyAnswer,
    EntriesAsked,
    EntryAnswer,
    EntryPage,
    InclusionAnswer,
    LedgerEntry,
)
from governance.portal.api.telling import tell
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.visits import VisitDep
from governance.services.ledger import (
    list_entries,
    prove_consistency,
    prove_inclusion,
    read_entry,
)

router = PortalRouter(prefix="/api/v1/ledger", tags=("ledger",))
NAVIGATION: tuple[NavItem, ...] = ()
Seq = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.api(
    "GET",
    "/entries",
    asks=Action.READ_LEDGER,
    response_model=EntryPage,
    responses=PROBLEMS,
    summary="Entries of the chain, one page",
)
def entries(visit: VisitDep, asked: Annotated[EntriesAsked, Query()]) -> EntryPage:
    """Number, time, tag, subject and salted commitment; facts lie apart."""
    found = list_entries(
        visit.programme,
        visit.actor,
        tags=asked.tag,
        subject=asked.subject,
        sort=asked.sort,
        descending=asked.descending,
        page=asked.page,
        per_page=asked.per_page,
    )
    return EntryPage(
        items=tuple(LedgerEntry.of(e) for e in found.items),
        total=found.total,
        page=found.page,
        per_page=found.per_page,
    )


@router.api(
    "GET",
    "/entries/{seq}",
    asks=Action.READ_LEDGER,
    response_model=EntryAnswer,
    responses=PROBLEMS,
    summary="One entry",
)
def entry(visit: VisitDep, seq: Seq) -> EntryAnswer:
    """With its facts when they are public or yours to read."""
    view = read_entry(visit.programme, visit.actor, seq)
    facts = None if view.facts is None else tell(view.facts)
    return EntryAnswer(entry=LedgerEntry.of(view.entry), facts=facts, erased=view.erased)


@router.api(
    "GET",
    "/entries/{seq}/proof",
    asks=Action.READ_LEDGER,
    response_model=InclusionAnswer,
    responses=PROBLEMS,
    summary="Proof that the newest checkpoint covers an entry",
)
def inclusion(visit: VisitDep, seq: Seq) -> InclusionAnswer:
    """An audit path of RFC 6962; anybody can check it against a checkpoint they kept."""
    proof = prove_inclusion(visit.programme, seq)
    return InclusionAnswer(
        entry=LedgerEntry.of(proof.entry),
        checkpoint=tell_checkpoint(proof.checkpoint),
        path=proof.path,
    )


@router.api(
    "GET",
    "/consistency",
    asks=Action.READ_LEDGER,
    response_model=ConsistencyAnswer,
    responses=PROBLEMS,
    summary="Proof that the chain only grew since an older size",
)
def consistency(
    visit: VisitDep, old_size: Annotated[int, Query(ge=1, le=2**31 - 1)]
) -> ConsistencyAnswer:
    """For whoever kept an older checkpoint."""
    checkpoint, path = prove_consistency(visit.programme, old_size)
    return ConsistencyAnswer(old_size=old_size, checkpoint=tell_checkpoint(checkpoint), path=path)


def tell_checkpoint(checkpoint: Checkpoint) -> CheckpointAnswer:
    """The checkpoint as it is told; its signature lies in the envelope."""
    return CheckpointAnswer(
        chain=checkpoint.chain,
        size=checkpoint.size,
        root=checkpoint.root,
        head=checkpoint.head,
        at=checkpoint.at,
    )

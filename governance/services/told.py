"""The office's own records as the ledger tells them: public-records requests that were routed."""

import json
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from governance.audit.tags import Tag
from governance.decisions import check_permitted
from governance.permissions import Action, Actor, decide_action
from governance.services.programme import Programme
from governance.services.recording import denials_recorded
from governance.store import tables as t
from governance.store.streams import PROGRAMME


@dataclass(frozen=True, slots=True)
class Routed:
    """A public-records request as recorded: who asked, and for what, is not kept.

    Attributes:
        agencies: Ids of the originating agencies; none where the letter asks back.
        written_to: Those whose records office was written to; none in entries made before that.
        by_hand: Those to whom the office forwards it.
        digest: SHA-256 of the letter.
    """

    reference: str
    agencies: tuple[str, ...]
    received_on: date
    answer_by: date
    digest: str
    at: datetime
    written_to: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()


def list_routed(p: Programme, actor: Actor) -> tuple[Routed, ...]:
    """Public-records requests that were routed, the newest first; erased ones are gone.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    action = Action.ROUTE_RECORDS_REQUEST
    with denials_recorded(p, actor, action.value, PROGRAMME):
        check_permitted(decide_action(actor, action, today=p.today))
    entries, payloads = t.ledger_entries, t.ledger_payloads
    query = (
        select(entries.c.at, payloads.c.facts)
        .join(payloads, entries.c.seq == payloads.c.seq)
        .where(entries.c.tag == Tag.RECORDS_REQUEST_ROUTED.value)
        .order_by(entries.c.seq.desc())
    )
    with p.store.read() as unit:
        rows = unit.connection.execute(query).all()
    return tuple(_routed(row.at, json.loads(row.facts)["facts"]) for row in rows)


def _routed(at: str, facts: dict[str, object]) -> Routed:
    return Routed(
        reference=str(facts["reference"]),
        agencies=_ids(facts.get("agencies")),
        written_to=_ids(facts.get("written_to")),
        by_hand=_ids(facts.get("by_hand")),
        received_on=date.fromisoformat(str(facts["received_on"])),
        answer_by=date.fromisoformat(str(facts["answer_by"])),
        digest=str(facts["digest"]),
        at=datetime.fromisoformat(at),
    )


def _ids(told: object) -> tuple[str, ...]:
    return tuple(str(x) for x in told) if isinstance(told, list) else ()

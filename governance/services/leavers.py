"""Leavers whom other requests still name: the office ends the employment, or says why they stay.

Whether somebody left their employer or one project only, the request's own record does not say.
Until the office has looked, the others go on: nobody but the office ends an employment.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from governance.audit.chain import format_instant
from governance.requests.leaving import named_elsewhere
from governance.requests.making import submitted
from governance.requests.state import DataRequest
from governance.services.programme import Programme
from governance.store import tables as t


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody who left one request while others name them.

    Attributes:
        number: Of the request that says so; `version` is its newest.
        others: Numbers of the others.
        since: When it was recorded, UTC.
    """

    number: str
    version: int
    title: str
    person: str
    name: str
    others: tuple[str, ...]
    since: datetime


def leavers_to_look_at(p: Programme, requests: Sequence[DataRequest]) -> Iterator[Leaver]:
    """Each of whom the record was not touched since, and who is employed by it today or later.

    Args:
        p: The programme.
        requests: All of them.
    """
    found = [x for request in requests for x in _of_request(request, requests)]
    touched = _touched(p, {x.person for x in found})
    for leaver in found:
        at = touched.get(leaver.person)
        if at is not None and at < format_instant(leaver.since):
            yield leaver


def _of_request(request: DataRequest, requests: Sequence[DataRequest]) -> Iterator[Leaver]:
    for person, chain in request.people.items():
        others = named_elsewhere(person, request.number, requests)
        if chain.left_told_at is None or not others:
            continue
        content = submitted(request.latest)
        names = (x.name for v in request.versions for x in submitted(v).people if x.id == person)
        yield Leaver(
            request.number, request.latest.number, content.title, person, next(names, person),
            others, chain.left_told_at,
        )  # fmt: skip


def _touched(p: Programme, people: Iterable[str]) -> dict[str, str]:
    """When each record was written last, as the tables keep an instant; of who works there yet."""
    rows = t.people_rows
    query = select(rows.c.id, rows.c.updated_at).where(
        rows.c.id.in_(sorted(people)),
        rows.c.employed_until.is_(None) | (rows.c.employed_until >= p.today),
    )
    with p.store.read() as unit:
        return {row.id: row.updated_at for row in unit.connection.execute(query)}

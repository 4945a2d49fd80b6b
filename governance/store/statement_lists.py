"""Whose confidentiality statement waits, as lists know it."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, select

from governance.store import tables as t
from governance.store.unit import UnitOfWork

_R, _PEOPLE = t.request_rows, t.request_people


@dataclass(frozen=True, slots=True)
class StatementWaiting:
    """One request whose statement a person has yet to sign.

    Attributes:
        version: Whose terms are to be accepted.
        why: `missing`; or `again`: they signed, and the terms changed since.
    """

    number: str
    title: str
    version: int
    why: Literal["missing", "again"]


def list_statements_waiting(unit: UnitOfWork, person: str) -> tuple[StatementWaiting, ...]:
    """Every request whose statement the person has yet to sign, by number."""
    query = (
        select(_R.c.number, _R.c.title, _PEOPLE.c.statement_version, _PEOPLE.c.statement)
        .join(_PEOPLE, _PEOPLE.c.number == _R.c.number)
        .where(_PEOPLE.c.person == person, _PEOPLE.c.statement != "")
        .order_by(_R.c.number)
    )
    return tuple(StatementWaiting(*row) for row in unit.connection.execute(query))


def waits_for_statement(person: str) -> ColumnElement[bool]:
    """Requests whose statement the person has yet to sign."""
    waiting = select(_PEOPLE.c.number).where(_PEOPLE.c.person == person, _PEOPLE.c.statement != "")
    return _R.c.number.in_(waiting)

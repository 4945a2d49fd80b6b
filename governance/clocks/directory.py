"""Who is to be told: the people of the programme by what they are to a request or an agency."""

from collections.abc import Iterable, Iterator
from datetime import date

from governance.board.state import BodyState
from governance.clocks.model import ProgrammeState
from governance.people.model import Person, PortalRole
from governance.requests.model import RequestContent
from governance.requests.state import DataRequest


class Directory:
    """Finds people; only those employed on the day, each once, in the order of their ids."""

    def __init__(self, state: ProgrammeState, today: date) -> None:
        """Look at the records of a day."""
        self._state, self._today = state, today
        self._working = {i: p for i, p in state.people.items() if p.employed(today)}

    def person(self, person_id: str) -> Person | None:
        """Their record, when they work today."""
        return self._working.get(person_id)

    def operators(self) -> list[Person]:
        """The operating office."""
        return self._with(PortalRole.OPERATOR)

    def stewards(self, agency: str) -> list[Person]:
        """An agency's data stewards."""
        return [p for p in self._with(PortalRole.DATA_STEWARD) if p.agency == agency]

    def signatories(self, party: str) -> list[Person]:
        """Who signs for a party."""
        return [p for p in self._with(PortalRole.SIGNATORY) if party in p.parties]

    def owners(self, agency: str) -> list[Person]:
        """Who decides for an agency: its member; without one, or without a roster, its owners."""
        seat = self._state.seats.get(agency)
        if seat is not None:
            member = self.person(seat.member) if seat.member else None
            return [member] if member else self._known(a.person for a in seat.alternates)
        return [p for p in self._with(PortalRole.DATA_OWNER) if p.agency == agency]

    def deciders(self, agency: str, request: DataRequest, content: RequestContent) -> list[Person]:
        """Who decides on a request's part: the alternates when the member is recused."""
        seat = self._state.seats.get(agency)
        if seat is None or seat.member is None:
            return self.owners(agency)
        barred = request.owned_by(content) | {i.person for i in request.interests}
        if seat.member in barred or agency in content.requestor_employers:
            return self._known(a.person for a in seat.alternates if a.person not in barred)
        return self.owners(agency)

    def requestors(self, request: DataRequest) -> list[Person]:
        """Who acts for a request."""
        named = request.latest.submitted or request.latest.content
        ids = {p.id for p in named.people if p.role != "analyst"} | {request.requestor}
        return self._known(ids)

    def named(self, content: RequestContent) -> list[Person]:
        """Everybody a request names."""
        return self._known(content.requestors)

    def board(self, body: BodyState) -> list[Person]:
        """Members and alternates of a body."""
        ids = {s.member for s in body.seats.values() if s.member}
        ids |= {a.person for s in body.seats.values() for a in s.alternates}
        return self._known(ids)

    def left(self, content: RequestContent) -> Iterator[Person]:
        """Persons a request names whose employment has ended."""
        for person_id in sorted(content.requestors):
            person = self._state.people.get(person_id)
            ended = person.employed_until if person else None
            if person is not None and ended is not None and ended < self._today:
                yield person

    def named_elsewhere(self, person_id: str, number: str) -> tuple[str, ...]:
        """Other requests by which somebody who left one still has access: they work there yet."""
        if self.person(person_id) is None:
            return ()
        return self._state.elsewhere.get((number, person_id), ())

    def _known(self, ids: Iterable[str]) -> list[Person]:
        return [self._working[i] for i in sorted(set(ids)) if i in self._working]

    def _with(self, role: PortalRole) -> list[Person]:
        return [p for _, p in sorted(self._working.items()) if role in p.roles]

"""The demonstration's only way to the programme: its services, each act by somebody, in time."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from governance.board.commands import BodyCommand
from governance.decisions import AccessDeniedError
from governance.demo.agenda import SimulatedClock
from governance.papers.records import RecordsRequest, RoutedRequest
from governance.people import Person
from governance.permissions import CLOCK, Actor
from governance.requests.state import DataRequest
from governance.requests.states import Act
from governance.services import (
    Programme,
    agreements,
    attachments,
    board,
    destruction,
    links,
    people,
    publications,
    records,
    requests,
    statements,
)
from governance.services.agreements import Terms
from governance.services.attachments import Upload
from governance.services.destruction import Told
from governance.services.founding import register_first_operator


class Desk:
    """Acts as this person or that.

    Attributes:
        acts: How many commands were given.
    """

    def __init__(self, programme: Programme, clock: SimulatedClock) -> None:
        """Work on a programme by its simulated clock."""
        self.programme = programme
        self.clock = clock
        self.acts = 0
        self._known: dict[str, Person] = {}

    def actor(self, person: Person | None) -> Actor:
        """The person as their record is now; None is the daily clock."""
        if person is None:
            return CLOCK
        return Actor(self._known.get(person.id, person))

    def know(self, person: Person) -> None:
        """Keep a person's record as it is from now on."""
        self._known[person.id] = person

    def bootstrap(self, person: Person) -> None:
        """Make the record of the first operator, whom nobody can register."""
        self._tick(3)
        self.know(register_first_operator(self.programme, person.model_dump(mode="json")))

    def register(self, operator: Person, person: Person) -> None:
        """Make a record."""
        self._tick(3)
        self.know(
            people.register_person(
                self.programme, self.actor(operator), person.model_dump(mode="json")
            )
        )

    def end_person(self, operator: Person, person: Person, left_on: date, reason: str) -> None:
        """Record that somebody left."""
        self._tick(9)
        p, actor = self.programme, self.actor(operator)
        self.know(people.end_person(p, actor, person.id, left_on=left_on, reason=reason))

    def on(
        self,
        number: str,
        act: Act,
        by: Person | Actor | None,
        *,
        version: int | None = None,
        **facts: object,
    ) -> DataRequest:
        """Give a command on a request."""
        self._tick(21)
        actor = by if isinstance(by, Actor) else self.actor(by)
        view = requests.act_on_request(self.programme, actor, number, act, facts, version=version)
        return view.request

    def send_agreement(self, by: Person, number: str, terms: Terms, version: int) -> None:
        """Draft the sharing agreement and send it out."""
        self._tick(240)
        p = self.programme
        agreements.send_agreement(p, self.actor(by), number, terms, version=version)

    def sign_agreement(
        self, by: Person, number: str, party: str, digest: str, version: int
    ) -> None:
        """Sign for a party by typing one's name."""
        self._tick(900)
        p, actor = self.programme, self.actor(by)
        agreements.sign_agreement(
            p, actor, number, party, digest=digest, name=by.name, version=version
        )

    def sign_nda(self, by: Person, number: str, version: int) -> None:
        """Read one's own confidentiality statement, and sign it."""
        self._tick(600)
        p, actor = self.programme, self.actor(by)
        own = statements.read_statement(p, actor, number, by.id, version=version)
        if own is not None and not own.accepted:
            digest = own.paper.digest
            statements.sign_nda(p, actor, number, digest=digest, name=by.name, version=version)

    def confirm_link_destroyed(self, by: Person, number: str, agency: str) -> None:
        """Say for one's agency that nothing leads from its persons into the linked data."""
        self._tick(300)
        links.confirm_link_destroyed(self.programme, self.actor(by), number, agency)

    def in_body(
        self,
        body: str,
        command: type[BodyCommand],
        by: Person,
        **facts: object,
    ) -> board.BodyView:
        """Give a command on a body."""
        self._tick(7)
        return board.act_on_body(self.programme, self.actor(by), body, command, facts)

    def begin(self, by: Person, content: Mapping[str, Any]) -> str:
        """Begin a request."""
        self._tick(11)
        return requests.begin_request(self.programme, self.actor(by), content)

    def file_attachment(self, by: Person, number: str, upload: Upload) -> str:
        """File a document; its id."""
        self._tick(60)
        return attachments.file_attachment(self.programme, self.actor(by), number, upload).id

    def read_attachment(self, by: Person, number: str, attachment: str) -> None:
        """Read a confidential document: an entry, too."""
        self._tick(300)
        attachments.read_attachment(self.programme, self.actor(by), number, attachment)

    def record_cost(self, by: Person, facts: Mapping[str, Any]) -> None:
        """Record a cost."""
        self._tick(30)
        records.record_cost(self.programme, self.actor(by), facts)

    def record_match(self, by: Person, facts: Mapping[str, Any]) -> None:
        """Record a line of the match log."""
        self._tick(30)
        records.record_match(self.programme, self.actor(by), facts)

    def propose_publication(
        self, by: Person, number: str, facts: Mapping[str, Any], output: Upload
    ) -> str:
        """Propose a publication; its id."""
        self._tick(600)
        p, actor = self.programme, self.actor(by)
        proposed = publications.propose_publication(p, actor, number, facts, output=output)
        return proposed.facts.publication

    def see_publication(
        self, by: Person, number: str, publication: str, agency: str, comment: str
    ) -> None:
        """Note for an agency that it saw an output."""
        self._tick(900)
        p, actor = self.programme, self.actor(by)
        publications.see_publication(p, actor, number, publication, agency=agency, comment=comment)

    def record_publication(
        self, by: Person, number: str, publication: str, facts: Mapping[str, Any]
    ) -> None:
        """Record that it appeared."""
        self._tick(30)
        p, actor = self.programme, self.actor(by)
        publications.record_publication(p, actor, number, publication, facts)

    def certify(self, by: Person, number: str, told: Told, version: int) -> None:
        """Look at the destruction certificate, and certify it under its digest."""
        self._tick(600)
        p, actor = self.programme, self.actor(by)
        paper = destruction.draft_certificate(p, actor, number, told, version=version)
        destruction.certify_destruction(
            p, actor, number, told, digest=paper.digest, version=version
        )

    def route(self, by: Person, asked: RecordsRequest) -> RoutedRequest:
        """Route a public-records request."""
        self._tick(120)
        return records.route_request(self.programme, self.actor(by), asked)[0]

    def is_refused(self, by: Person, number: str) -> bool:
        """Whether somebody is refused the reading of a request; the refusal is recorded."""
        self._tick(5)
        try:
            requests.read_request(self.programme, self.actor(by), number)
        except AccessDeniedError:
            return True
        return False

    def now(self) -> datetime:
        """The simulated instant."""
        return self.clock()

    def _tick(self, seconds: int) -> None:
        self.acts += 1
        self.clock.pass_seconds(seconds)

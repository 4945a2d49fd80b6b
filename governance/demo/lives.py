"""What becomes of each project: the scenes of its life, put on the agenda."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from governance.demo.errors import DemoFailedError
from governance.demo.outputs import certificate_of
from governance.demo.projects import Project, Variables
from governance.demo.world import World
from governance.people import Person
from governance.requests.events import ReviewChoice
from governance.requests.links import agencies_with_link
from governance.requests.model import RequestContent
from governance.requests.state import DataRequest
from governance.requests.states import Act
from governance.services.agreements import Terms

_APART: Final = timedelta(minutes=20)
_YES: Final = (
    "What is asked of our data is needed for the question and covered by our agreement.",
    "Reviewed with our stewards; the variables are the fewest that answer the question.",
    "The purpose is one of our agreement's, and the safeguards suffice.",
)


class Life:
    """One project, from its first draft to wherever its fate leads."""

    def __init__(self, world: World, project: Project) -> None:
        """Plan nothing yet."""
        self.world = world
        self.project = project
        self.version = 1
        self._last: datetime | None = None
        self.ends_on = world.day(-240 - world.chance.below(240, "ends", project.key))

    @property
    def number(self) -> str:
        """Of the request, once begun."""
        return self.world.numbers[self.project.key]

    def plan(
        self, at: datetime, act: Callable[..., None], /, *args: object, **facts: object
    ) -> None:
        """Put a scene on the agenda, always after the one planned before it."""
        self._last = at if self._last is None else max(at, self._last + _APART)
        self.world.agenda.add(self._last, partial(act, *args, **facts))

    # ---- up to the board ---------------------------------------------------------------------

    def begin(self) -> None:
        """Save the first draft."""
        form = self.world.forms.first(self.project)
        person = self.world.requestor(self.project)
        number = self.world.desk.begin(person, form.model_dump(mode="json"))
        self.world.numbers[self.project.key] = number

    def submit(self, changed: Variables | None = None) -> None:
        """Fill the form and hand it in."""
        self.save(changed)
        self.do(Act.SUBMIT)

    def save(self, changed: Variables | None = None) -> None:
        """Fill the form."""
        self.do(Act.SAVE_DRAFT, content=self.content(changed))

    def content(self, changed: Variables | None = None) -> RequestContent:
        """The form as filled."""
        today = self.world.programme.today
        return self.world.forms.whole(self.project, today, self.ends_on, changed)

    def send_back(self, mend: tuple[str, ...]) -> None:
        """The office returns it."""
        self.office(Act.RETURN, mend=mend)

    def accept(self) -> None:
        """The office finds it complete."""
        self.office(Act.ACCEPT_COMPLETE)

    def review(
        self,
        agency: str,
        choice: ReviewChoice = ReviewChoice.APPROVE,
        reason: str = "",
        conditions: tuple[str, ...] = (),
    ) -> None:
        """An owner, or the alternate of a recused one, decides on the agency's part."""
        world, owner_asks = self.world, self.project.owner_condition
        if owner_asks is not None and owner_asks.agency == agency:
            conditions = (owner_asks.text,)
        person = world.reviewer(self.project, self.content(), agency)
        reason = reason or world.chance.pick(_YES, "reason", self.project.key, agency)
        world.desk.on(
            self.number,
            Act.REVIEW_PART,
            person,
            version=self.version,
            agency=agency,
            choice=choice,
            reason=reason,
            conditions=conditions,
        )

    def declare(self) -> None:
        """An owner declares an interest in the request."""
        interest = self.project.interest
        if interest is None:
            return
        owner = self.world.cast.agencies[interest.agency].owner
        self.world.desk.on(self.number, Act.DECLARE_INTEREST, owner, text=interest.text)
        self.world.interests[self.project.key] = owner.id

    # ---- from the vote to the grant ----------------------------------------------------------

    def send(self) -> None:
        """The office sends the sharing agreement out."""
        begins = self.today
        terms = Terms(begins, max(self.ends_on, begins) + timedelta(days=60))
        by = self.world.operator_for(self.project.key, "send")
        self.world.desk.send_agreement(by, self.number, terms, self.version)

    def sign(self, unsigned: tuple[str, ...] = ()) -> None:
        """Every party signs but those named."""
        sent = self.request().versions[self.version - 1].agreement
        for party in sent.parties if sent else ():
            person = self.world.cast.signatories[party]
            if sent and (person.agency is None or person.agency not in unsigned):
                self.world.desk.sign_agreement(
                    person, self.number, party, sent.digest, self.version
                )

    def prepare(self, *, without_last: bool = False) -> None:
        """Statements and trainings; an agency that analyzes its own data destroys its link."""
        content = self.content()
        for agency in agencies_with_link(content):
            steward = self.world.cast.agencies[agency].stewards[0]
            self.world.desk.confirm_link_destroyed(steward, self.number, agency)
        team = self.project.people
        keys = [team.requestor, team.authorized_representative, *team.analysts]
        people = [self.world.cast.researchers[key] for key in keys if key]
        for person in people[:-1] if without_last else people:
            self.world.desk.sign_nda(person, self.number, self.version)
            until = self.today + timedelta(days=365)
            self.office(Act.RECORD_TRAINING, person=person.id, valid_until=until)

    def meet_conditions(self) -> None:
        """The office records every condition of the approval as met."""
        version = self.request().versions[self.version - 1]
        for condition in version.decided.conditions if version.decided else ():
            self.office(Act.MEET_CONDITION, condition=condition, met_on=self.today)

    def grant(self) -> None:
        """The signer compiles, signs and publishes the bundle, and ends the version it replaces.

        Raises:
            DemoFailedError: The chain is not whole.
        """
        if self._granted():
            return  # one run grants whatever has a whole chain
        report = self.world.bundles.run()
        if not self._granted():
            missing = "; ".join(d.reason for d in report.waiting.get(self.number, ()))
            refused = report.refused.get(self.number, "")
            message = f"{self.number} was not granted: {missing or refused or 'no reason given'}"
            raise DemoFailedError(message)

    # ---- afterwards --------------------------------------------------------------------------

    def clock(self, act: Act, reason: str) -> None:
        """What the daily clock does by itself."""
        version, on = self.version, self.today
        self.world.desk.on(self.number, act, None, version=version, on=on, reason=reason)

    def amend(self) -> None:
        """Open the next version; the grant goes on."""
        content = self.content(self.project.amendment)
        self.do(Act.AMEND, content=content)
        self.version = 2

    def leave(self) -> None:
        """The last analyst named leaves the employer, and access ends."""
        world = self.world
        person = world.cast.researchers[self.project.people.analysts[0]]
        self.office(Act.RECORD_LEAVER, person=person.id, left_on=self.today)
        world.desk.end_person(world.operator, person, self.today, "Took another position.")
        self.world.bundles.run()

    def revoke(self, reason: str) -> None:
        """The office takes the permission back."""
        self.office(Act.REVOKE, on=self.today, reason=reason)
        self.world.bundles.run()

    def certify(self) -> None:
        """The recipient certifies destruction."""
        person = self.world.requestor(self.project)
        told = certificate_of(self.world, self.number, "Principal investigator of the project")
        self.world.desk.certify(person, self.number, told, self.version)

    def close(self) -> None:
        """The office checks the certificate."""
        self.office(Act.CLOSE, on=self.today, reason="Certificate checked; nothing is left to do.")

    def withdraw(self) -> None:
        """The requestor takes it back."""
        reason = self.project.withdrawn_because or "No longer needed."
        self.do(Act.WITHDRAW, on=self.today, reason=reason)

    # ---- inside ------------------------------------------------------------------------------

    def _granted(self) -> bool:
        return self.request().versions[self.version - 1].granted is not None

    @property
    def today(self) -> date:
        """The simulated legal date."""
        return self.world.programme.today

    def request(self) -> DataRequest:
        """The request as it stands."""
        return self.world.read(self.number)

    def do(self, act: Act, **facts: object) -> None:
        """The requestor's own act."""
        person: Person = self.world.requestor(self.project)
        self.world.desk.on(self.number, act, person, version=self.version, **facts)

    def office(self, act: Act, **facts: object) -> None:
        """The operating office's act."""
        person = self.world.operator_for(self.project.key, act)
        self.world.desk.on(self.number, act, person, version=self.version, **facts)

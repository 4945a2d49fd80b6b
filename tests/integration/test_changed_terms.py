"""New terms are accepted anew: from the agreement that goes out to what the data plane answers."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from governance.calendar import add_months
from governance.clocks.run import list_due
from governance.decisions import Decision
from governance.errors import DocumentError
from governance.grants import decide_access
from governance.mail.notices import Notice, NoticeKind
from governance.papers import render_html
from governance.requests import events as ev
from governance.requests.model import RequestContent
from governance.requests.states import Act, Status
from governance.services.agreements import (
    Terms,
    draft_agreement,
    send_agreement,
    sign_agreement,
)
from governance.services.kept_papers import keep_paper
from governance.services.office import list_waiting
from governance.services.people import change_person
from governance.services.request_lists import ListQuery, list_requests
from governance.services.requests import read_request
from governance.services.standing import list_standings
from governance.services.statements import (
    PersonsStatement,
    list_own_waiting,
    read_statement,
    sign_nda,
)
from governance.store import migrating
from governance.store import tables as t
from tests.lib.journey import LAST_DAY, MEETING_AT
from tests.lib.requests import CHEN, OKAFOR, RUIZ, build_content
from tests.lib.signing import PROJECT, Desk

NAMES = {p.id: p.name for p in (RUIZ, CHEN, OKAFOR)}
PARTIES = ("SDE", "DOL", "Example University")


@pytest.fixture
def story(database_of_office: str | None, tmp_path: Path) -> Iterator["Story"]:
    desk = Desk(tmp_path, database_of_office)
    yield Story(desk)
    desk.office.programme.close()


class Story:
    """A request, its amendments, and who may do what under each."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.p = desk, desk.office.programme
        self.actor = desk.office.actor
        facts = {"parties": PARTIES}
        known = change_person(
            self.p, self.actor("p-office"), "p-signs", facts, reason="Signs for all."
        )
        desk.office.people["p-signs"] = known
        self.meetings = 0
        desk.journey.seat_members()
        self.number = desk.journey.submit(people=(RUIZ, CHEN))

    def decide(self, version: int) -> None:
        """Reviewed, voted on, sent, and signed by every party."""
        desk, self.meetings = self.desk, self.meetings + 1
        desk.journey.review(self.number, version=version)
        at = MEETING_AT + timedelta(days=28 * (self.meetings - 1))
        meeting, motion = f"DGB-{self.meetings}", f"M-{self.meetings}"
        desk.journey.vote(self.number, at=at, meeting=meeting, motion=motion)
        office = self.actor("p-office")
        view = send_agreement(self.p, office, self.number, Terms(self.p.today, LAST_DAY))
        sent = view.latest.agreement
        assert sent is not None
        assert sent.terms is not None
        for party in sent.parties:
            sign_agreement(
                self.p, self.actor("p-signs"), self.number, party, digest=sent.digest,
                name="Person p-signs",
            )  # fmt: skip

    def amend(self, content: RequestContent, version: int) -> None:
        self.desk.do(self.number, "p-ruiz", Act.AMEND, version=version - 1, content=content)
        self.desk.do(self.number, "p-ruiz", Act.SUBMIT, version=version)
        self.decide(version)

    def statement(self, person: str) -> PersonsStatement:
        found = read_statement(self.p, self.actor(person), self.number, person)
        assert found is not None
        return found

    def sign(self, *people: str) -> None:
        for person in people:
            digest = self.statement(person).paper.digest
            sign_nda(self.p, self.actor(person), self.number, digest=digest, name=NAMES[person])

    def counts(self) -> tuple[int, int]:
        """Statements needed and received, as lists say."""
        (row,) = list_requests(self.p, self.actor("p-office"), ListQuery()).items
        return row.ndas_needed, row.ndas_received

    def waiting(self, person: str) -> list[tuple[str, int]]:
        return [(w.why, w.version) for w in list_own_waiting(self.p, self.actor(person))]

    def granted(self) -> set[str]:
        """Whom the published grant names, after the signer ran."""
        self.desk.sign()
        return {p.id for p in self.desk.bundle().people}

    def may(self, person: str) -> Decision:
        """What the data plane answers."""
        return decide_access(self.desk.verified(), person, self.desk.today())

    def told(self, kind: NoticeKind) -> dict[str, str]:
        """Whom the clock tells, and the page each is led to."""
        found = (d for d in list_due(self.p) if isinstance(d, Notice))
        return {n.to: n.path for n in found if n.kind is kind}


def test_terms_are_accepted_anew_exactly_when_they_changed(story: Story) -> None:
    desk, number = story.desk, story.number
    story.decide(1)
    desk.train(number, "p-ruiz", "p-chen")
    assert story.waiting("p-ruiz") == [("missing", 1)]
    story.sign("p-ruiz", "p-chen")
    assert story.counts() == (2, 2)
    assert story.granted() == {"p-ruiz", "p-chen"}

    # Only a person more: nobody else signs again, and the newcomer not before signing.
    story.amend(build_content(), 2)
    assert story.statement("p-ruiz").accepted
    assert story.statement("p-ruiz").paper.signatures[0].name == "Dana Ruiz"
    assert story.waiting("p-ruiz") == []
    assert story.waiting("p-okafor") == [("missing", 2)]
    assert story.counts() == (3, 2)
    assert story.granted() == {"p-ruiz", "p-chen"}
    assert desk.bundle().sharing_agreement.id.endswith("v2")
    assert "has not signed" in story.may("p-okafor").denials[0].reason
    story.sign("p-okafor")
    desk.train(number, "p-okafor")
    assert story.granted() == set(NAMES)

    # A variable more: everybody; until then the grant in force goes on with the old statements.
    grades, wages = build_content().datasets
    wider = grades.model_copy(update={"variables": (*grades.variables, "disability")})
    story.amend(build_content(datasets=(wider, wages)), 3)
    for person in NAMES:
        own = story.statement(person)
        assert own.standing.again
        assert "Variables of sde/enrollment: added “disability”" in own.paper.news
        assert "“disability”" in render_html(own.paper)
        assert story.waiting(person) == [("again", 3)]
    assert story.counts() == (3, 0)
    (row,) = list_requests(story.p, story.actor("p-okafor"), ListQuery(scope="waiting")).items
    assert row.number == number
    page = f"/requests/{number}/nda?version=3"
    assert story.told(NoticeKind.NDA_AGAIN) == dict.fromkeys(NAMES, page)
    assert story.told(NoticeKind.NDA_MISSING) == {}
    told = [w.what for w in list_waiting(story.p, story.actor("p-office"))]
    assert "signs the confidentiality statement again: the terms changed" in told
    assert all(s.nda_again for s in list_standings(story.p, story.actor("p-ruiz")))
    assert story.granted() == set(NAMES)
    assert story.may("p-chen").permitted

    story.sign("p-ruiz")
    assert story.counts() == (3, 1)
    assert story.granted() == {"p-ruiz"}
    assert story.may("p-ruiz").permitted
    (denial,) = story.may("p-chen").denials
    assert denial.reason.startswith("The statement for the changed terms is missing")
    assert page in denial.remedy
    assert denial.clause == story.p.rules.chain_clause
    story.sign("p-chen")
    assert story.granted() == {"p-ruiz", "p-chen"}
    request = read_request(story.p, story.actor("p-office"), number).request
    assert [v.status for v in request.versions] == [Status.SUPERSEDED] * 2 + [Status.GRANTED]
    assert story.p.store.compare() == ()
    assert desk.bundle().project == PROJECT

    # A training that counts no more is refused beside its field.
    with pytest.raises(DocumentError) as caught:
        desk.train(number, "p-ruiz", until=desk.today() + timedelta(days=500))
    (problem,) = caught.value.problems
    assert problem.startswith("valid_until: ")
    assert story.p.rules.training_clause in problem


def test_what_was_recorded_too_long_ends_after_a_year_for_the_signer_too(story: Story) -> None:
    """An entry from before the rule, or one that somebody wrote past the services."""
    story.decide(1)
    story.sign("p-ruiz")
    trained = ev.TrainingRecorded(
        subject=story.number, at=story.desk.office.clock(), by="p-office", version=1,
        status=Status.AGREEMENTS_OUT, person="p-ruiz", valid_until=date(2099, 1, 1),
    )  # fmt: skip
    with story.p.store.begin() as unit:
        unit.append("request", story.number, (trained,), based_on=None, actor="p-office")
    assert story.granted() == {"p-ruiz"}
    (named,) = story.desk.bundle().people
    assert named.training_valid_until == add_months(story.desk.today(), 12)
    mine = {s.person: s for s in list_standings(story.p, story.actor("p-ruiz"))}
    assert mine["p-ruiz"].training_valid_until == named.training_valid_until


def test_a_database_of_an_older_layout_counts_anew(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a list counts may change with a layout: the rows are made anew in the same step."""
    story.decide(1)
    with story.p.store.aside() as unit:
        wrong = update(t.request_rows).values(ndas_received=9)
        unit.connection.execute(wrong)
    assert story.p.store.compare()
    head = story.p.store.migrate()[1]
    assert story.p.store.compare()  # nothing to do, nothing is touched
    versions = iter(["0001", head])
    monkeypatch.setattr(migrating, "_version", lambda _: next(versions))
    assert story.p.store.migrate() == ("0001", head)
    assert story.p.store.compare() == ()


def test_what_is_new_is_told_as_well_as_it_is_known(story: Story) -> None:
    """An agreement from before terms were kept, signed on paper; then terms somebody altered."""
    desk, number = story.desk, story.number
    desk.journey.review(number)
    desk.journey.vote(number, meeting="DGB-0", motion="M-0")
    dates = Terms(story.p.today, LAST_DAY)
    paper = draft_agreement(story.p, story.actor("p-office"), number, dates)
    keep_paper(story.p, number, paper)
    desk.do(
        number, "p-office", Act.SEND_AGREEMENT, agreement=paper.id, digest=paper.digest,
        parties=PARTIES, effective_on=dates.effective_on, ends_on=dates.ends_on,
    )  # fmt: skip
    for party in PARTIES:
        desk.do(
            number, "p-signs", Act.SIGN_AGREEMENT, party=party, digest=paper.digest,
            signed_on=story.p.today,
        )  # fmt: skip
    desk.swear(number, "p-ruiz")
    desk.train(number, "p-ruiz")
    own = story.statement("p-ruiz")
    assert own.accepted
    assert own.paper.signatures == ()
    assert story.granted() == {"p-ruiz"}

    story.meetings = 1
    story.amend(build_content(people=(RUIZ, CHEN), purpose="To know."), 2)
    own = story.statement("p-ruiz")
    assert own.standing.again
    assert own.paper.news[0] == f"Purpose: “{build_content().purpose}” became “To know.”"
    story.sign("p-ruiz")
    assert story.granted() == {"p-ruiz"}

    sent = read_request(story.p, story.actor("p-office"), number).latest.agreement
    assert sent is not None
    story.amend(build_content(people=(RUIZ, CHEN), purpose="To learn."), 3)
    said = "Purpose: “To know.” became “To learn.”"
    assert story.statement("p-ruiz").paper.news == (said,)
    key = f"papers/{number}/terms/{sent.terms}.json"
    kept = story.p.documents.read(key)
    story.p.documents.put(key, kept.replace(b"To know.", b"To doubt."))
    told = story.statement("p-ruiz").paper.news
    assert said in told
    assert not any("doubt" in line for line in told)

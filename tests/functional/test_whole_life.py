"""A request's whole life in the browser, from the form to the certificate, and what queries say.

A university's evaluator asks for education, wage and child-care data. It is returned, resubmitted;
two owners approve and one asks for a change; a meeting has no quorum, the rescheduled one decides
with one member recused and one proxy, on a condition. The agreement is signed; one person lacks the
statement. An amendment adds a variable: its terms are accepted anew before they give access. Then
the permission is revoked, and destruction certified.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from enclave.steps.query import ask, trust_root
from governance.decisions import AccessDeniedError
from governance.requests.states import Status
from governance.services.ledger import verify
from governance.services.people import change_person
from governance.services.requests import read_request
from tests.lib.browser import run_axe
from tests.lib.planes import Planes
from tests.lib.portal import RunningPortal, free_port, run_portal
from tests.lib.signing import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BOARD = "/boards/data_governing_board"
FIRST = datetime(2026, 3, 12, 14, 0, tzinfo=UTC)
PARTIES = ("SDE", "DOL", "OEC", "Example University")
SQL = "SELECT grade, COUNT(*) FROM enrollment GROUP BY grade"
BY_YEAR = "SELECT year, COUNT(*) FROM enrollment GROUP BY year"

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("whole_life")]


@pytest.fixture(scope="module")
def planes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planes]:
    base = f"http://127.0.0.1:{free_port()}"
    made = Planes(tmp_path_factory.mktemp("life"), base_url=base, session_minutes=1440)
    office = made.desk.office
    change_person(
        office.programme, office.actor("p-office"), "p-signs", {"parties": PARTIES},
        reason="Signs for all of them.",
    )  # fmt: skip
    yield made
    made.desk.office.programme.close()
    made.enclave.store.close()


@pytest.fixture(scope="module")
def portal(planes: Planes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    home = tmp_path_factory.mktemp("life-portal")
    with run_portal(home, programme=planes.desk.office.programme) as served:
        yield served


class Life:
    """People at their browsers."""

    def __init__(self, planes: Planes, portal: RunningPortal, browser: "Browser") -> None:
        self.planes, self.portal, self.browser = planes, portal, browser
        self.number = ""

    @property
    def where(self) -> str:
        return f"/requests/{self.number}"

    def at(self, person: str | None, path: str) -> "Page":
        """The page, opened by somebody who signs in anew."""
        page = self.portal.page(self.browser, person)
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, (person, path, page.inner_text("main"))
        return page

    def press(self, page: "Page", button: str) -> "Page":
        """A button; what follows must be no error."""
        with page.expect_navigation():
            page.get_by_role("button", name=button, exact=True).click()
        errors = page.locator("#error-summary")
        assert not errors.count(), errors.inner_text()
        assert not page.locator(".portal-denials__reason").count() or page.url.count(
            "/requests/"
        ), page.inner_text("main")
        return page

    def status(self) -> Status:
        desk = self.planes.desk
        return read_request(
            desk.office.programme, desk.office.actor("p-office"), self.number
        ).latest.status

    def to(self, at: datetime) -> None:
        self.planes.desk.to(at)

    def act(self, who: str, path: str, button: str, /, **fields: str) -> "Page":
        """One of the request's acts through its page."""
        page = self.at(who, f"{self.where}/{path}")
        fill(page, **fields)
        return done(self.press(page, button))

    def board(self, who: str, path: str, button: str, /, **fields: str) -> "Page":
        page = self.at(who, BOARD + path)
        fill(page, **fields)
        return done(self.press(page, button))


def fill(page: "Page", **fields: str) -> None:
    """Type into fields by name; a select or radio gets its value."""
    for name, value in fields.items():
        box = page.locator(f'main [name="{name}"]:not([type=hidden])')
        kind = box.first.evaluate("e => e.type || e.tagName")
        if kind in {"radio", "checkbox"}:
            page.locator(f'main label[for="{_id_of(page, name, value)}"]').click()
        elif kind.startswith("select"):
            box.select_option(value)
        else:
            box.fill(value)


def _id_of(page: "Page", name: str, value: str) -> str:
    found = page.locator(f'main [name="{name}"][value="{value}"]').get_attribute("id")
    assert found
    return found


def done(page: "Page") -> "Page":
    """The page says what happened."""
    assert page.locator("#portal-announcements .usa-alert--success").count(), page.inner_text(
        "main"
    )
    return page


@pytest.fixture(scope="module")
def life(planes: Planes, portal: RunningPortal, browser: "Browser") -> Life:
    return Life(planes, portal, browser)


def step_the_form(life: Life) -> None:
    page = life.at("p-ruiz", "/requests/new")
    fill(page, title="Attendance and first wages", type="initial")
    life.press(page, "Begin the request")
    found = re.search(r"/requests/([^/]+)/edit", page.url)
    assert found
    life.number = found[1]
    for dataset in ("sde/enrollment", "dol/quarterly_wages", "oec/centers"):
        fill(page, add_dataset=dataset)
        life.press(page, "Add the dataset")
    for n, (name, email, role) in enumerate(
        [("Lin Chen", "p-chen@example.org", "authorized_representative"),
         ("Ada Okafor", "p-okafor@example.org", "analyst")]
    ):  # fmt: skip
        assert n < 2
        fill(page, **{
            "new_person.name": name, "new_person.email": email, "new_person.role": role,
            "new_person.employer": "Somewhere", "new_person.employment_class": "other",
        })  # fmt: skip
        life.press(page, "Add the person")
    assert page.inner_text("main").count("Somewhere, other") == 2
    assert "Department of Labor, state employee" not in page.inner_text("main")
    for box in ("0.variables:grade", "1.variables:amount", "1.variables:year",
                "2.variables:sector"):  # fmt: skip
        name, _, value = box.partition(":")
        fill(page, **{f"datasets.{name}": value})
    fill(
        page, purpose="Whether attendance support pays off in work.", legal_basis="34 CFR 99.35",
        ferpa_basis="audit_or_evaluation", learning_agenda="Question 3.",
        secure_environment="A room.", analysis_plan="Means by grade.",
        dissemination_plan="A report, shown to the agencies first.", ends_on="2026-12-31",
        destruction_on="2027-01-31",
        **{f"purposes.{a}": "evaluation" for a in ("sde", "dol", "oec")},
    )  # fmt: skip
    life.press(page, "Save and review")
    assert "Nothing that the rules ask for is missing." in page.inner_text("main")
    assert "open only to employees and officials of the state" in page.inner_text("main")
    done(life.press(page, "Submit the request"))
    assert life.status() is Status.SUBMITTED


def step_returned_and_mended(life: Life) -> None:
    life.act("p-office", "return", "Return the request", mend="Say where the data is used.")
    page = life.at("p-ruiz", f"{life.where}/edit")
    assert "Say where the data is used." in page.inner_text("main")
    fill(page, secure_environment="The state's enclave.")
    life.press(page, "Save and review")
    done(life.press(page, "Submit the request"))
    page = life.at("p-office", f"{life.where}/complete")
    assert "What changed" in page.inner_text("main")
    for known in ("p-chen", "p-okafor"):
        name = page.locator(f'main input[value="{known}"]').get_attribute("name")
        fill(page, **{str(name): known})
    done(life.press(page, "The request is complete"))
    assert "Department of Labor" in life.at("p-ruiz", life.where).inner_text("main")
    assert life.status() is Status.OWNER_REVIEW


def step_two_owners_approve_and_one_asks_for_a_change(life: Life) -> None:
    for agency in ("cscu", "dcf", "dol", "oec", "sde"):
        life.board("p-office", "/seat", "Fill the seat", agency=agency, person=f"p-{agency}")
    review = {"choice": "approve", "reason": "It serves the purpose."}
    for agency in ("sde", "oec"):
        life.act(f"p-{agency}", "review", "Record my decision", agency=agency, **review)
    life.act("p-dol", "review", "Record my decision", agency="dol", choice="ask_changes",
             reason="Leave out the year.")  # fmt: skip
    assert life.status() is Status.RETURNED
    page = life.at("p-ruiz", f"{life.where}/edit")
    fill(page, **{"datasets.1.variables": "year"})  # a click takes it back
    life.press(page, "Save and review")
    done(life.press(page, "Submit the request"))
    life.act("p-office", "complete", "The request is complete")
    life.act("p-dol", "review", "Record my decision", agency="dol", **review)
    assert life.status() is Status.BOARD_VOTE


def step_no_quorum_then_a_vote_with_a_recusal_and_a_proxy(life: Life) -> None:
    life.board(
        "p-office", "/notice", "Post the notice", meeting="DGB-3", day="2026-03-12", time="10:00"
    )
    life.to(FIRST + timedelta(minutes=1))
    life.board("p-office", "/meetings/DGB-3", "Open the meeting")
    for person in ("p-sde", "p-dol"):
        life.board("p-office", "/meetings/DGB-3", "Record the arrival", person=person)
    life.board(
        "p-office", "/meetings/DGB-3/end", "End the meeting", how="adjourn", reason="No quorum."
    )
    life.board("p-office", "/notice", "Post the notice", meeting="DGB-3b", day="2026-03-20",
               time="10:00", rescheduled_from="DGB-3")  # fmt: skip
    life.board("p-cscu", "/proxy", "File the letter", agency="cscu", holder="p-holder",
               valid_from="2026-03-20", valid_until="2026-03-20")  # fmt: skip
    life.to(FIRST + timedelta(days=8, minutes=1))
    life.board("p-office", "/meetings/DGB-3b", "Open the meeting")
    for person in ("p-sde", "p-dol", "p-oec", "p-dcf", "p-holder"):
        life.board("p-office", "/meetings/DGB-3b", "Record the arrival", person=person)
    life.board("p-sde", "/meetings/DGB-3b/move", "Move the motion", motion="M-1",
               kind="data_request", about=life.number, text="Approve the request.",
               conditions="Show the tables to the Department of Labor first.")  # fmt: skip
    life.board("p-dcf", "/motions/M-1/interest", "Declare it", text="A relative works on it.")
    life.board("p-office", "/motions/M-1", "Call the vote")
    for person, agency in (
        ("p-sde", "sde"),
        ("p-dol", "dol"),
        ("p-oec", "oec"),
        ("p-holder", "cscu"),
    ):
        life.board(person, "/motions/M-1", "Cast the vote", agency=agency, choice="in_favor",
                   rationale="The safeguards suffice.")  # fmt: skip
    life.board("p-office", "/motions/M-1", "Close the vote")
    public = life.at(None, BOARD + "/motions/M-1").inner_text("main")
    for words in ("passed", "takes up DGB-3", "proxy", "recused"):
        assert words in public, words
    life.act("p-office", "record-vote", "Record the vote", motion="M-1")
    assert life.status() is Status.APPROVED_WITH_CONDITIONS


def _agree(life: Life, *people: tuple[str, str]) -> None:
    """The agreement goes out and is signed by every party; each person signs and is trained."""
    page = life.at("p-office", f"{life.where}/send")
    today = life.planes.desk.today()
    fill(page, effective_on=today.isoformat(), ends_on="2026-12-31")
    life.press(page, "Show the text")
    done(life.press(page, "Send this text for signature"))
    for party in PARTIES:
        page = life.at("p-signs", f"{life.where}/agreement")
        fill(page, party=party, name="Person p-signs")
        done(life.press(page, "Sign the sharing agreement"))
    life.act("p-office", "condition", "The condition is met", condition="C1")
    for person, name in people:
        page = life.at(person, f"{life.where}/nda")
        fill(page, name=name)
        done(life.press(page, "Sign my statement"))
        life.act(
            "p-office", "training", "Record the training", person=person, valid_until="2026-12-01"
        )


def step_signed_and_granted_but_for_one(life: Life) -> None:
    planes = life.planes
    _agree(life, ("p-ruiz", "Dana Ruiz"), ("p-chen", "Lin Chen"))
    life.act(
        "p-office", "training", "Record the training", person="p-okafor", valid_until="2026-12-01"
    )
    planes.deliver()
    trust_root(planes.enclave, planes.desk.settings.root_file.read_bytes())
    planes.desk.sign()
    assert life.status() is Status.GRANTED
    assert ask(planes.enclave, project=PROJECT, sql=SQL).rows
    page = life.at("p-okafor", life.where)
    assert "the confidentiality statement is not signed" in page.inner_text("main")
    planes.sit_down("p-okafor")
    planes.desk.sign()
    with pytest.raises(AccessDeniedError) as refused:
        ask(planes.enclave, project=PROJECT, sql=SQL)
    (missing,) = refused.value.decision.denials
    assert (missing.rule, missing.reason, missing.remedy) == (
        "person.nda",
        "Ada Okafor has not signed the confidentiality statement.",
        f"Ada Okafor signs it: {life.where}/nda.",
    )
    planes.sit_down("p-ruiz")
    planes.desk.sign()
    with pytest.raises(AccessDeniedError):
        ask(planes.enclave, project=PROJECT, sql=BY_YEAR)


def step_an_amendment_adds_a_variable(life: Life) -> None:
    page = life.at("p-ruiz", f"{life.where}/amend")
    life.press(page, "Open the next version")
    fill(page, **{"datasets.0.variables": "year"})
    life.press(page, "Save and review")
    done(life.press(page, "Submit the request"))
    assert ask(life.planes.enclave, project=PROJECT, sql=SQL).rows
    life.act("p-office", "complete", "The request is complete")
    page = life.at("p-sde", f"{life.where}/review")
    assert "year" in page.inner_text("main")
    fill(page, agency="sde", choice="approve", reason="It serves the purpose.")
    done(life.press(page, "Record my decision"))
    assert life.status() is Status.BOARD_VOTE
    life.board(
        "p-office", "/notice", "Post the notice", meeting="DGB-4", day="2026-04-02", time="10:00"
    )
    life.to(FIRST + timedelta(days=21, minutes=1))
    life.board("p-office", "/meetings/DGB-4", "Open the meeting")
    seated = ("sde", "dol", "oec", "cscu")
    for agency in seated:
        life.board("p-office", "/meetings/DGB-4", "Record the arrival", person=f"p-{agency}")
    life.board("p-sde", "/meetings/DGB-4/move", "Move the motion", motion="M-2",
               kind="data_request", about=life.number, text="Approve the amendment.",
               conditions="Show the tables again.")  # fmt: skip
    life.board("p-office", "/motions/M-2", "Call the vote")
    for agency in seated:
        life.board(f"p-{agency}", "/motions/M-2", "Cast the vote", agency=agency,
                   choice="in_favor", rationale="Little changes.")  # fmt: skip
    life.board("p-office", "/motions/M-2", "Close the vote")
    life.act("p-office", "record-vote", "Record the vote", motion="M-2")
    _agree(life)


def step_the_changed_terms_are_accepted_anew(life: Life) -> None:
    """A variable more is a new term: until it is accepted the grant in force goes on."""
    planes = life.planes
    planes.desk.sign()
    assert ask(planes.enclave, project=PROJECT, sql=SQL).rows
    with pytest.raises(AccessDeniedError):
        ask(planes.enclave, project=PROJECT, sql=BY_YEAR)
    page = life.at("p-ruiz", "/")
    with page.expect_navigation():
        page.get_by_role("link", name="Sign again: the terms changed").click()
    text = page.inner_text("main")
    assert "What is new in the terms since Dana Ruiz signed on March 20, 2026" in text
    assert "Variables of sde/enrollment: added “year”" in text
    assert "Conditions: added “Show the tables again.”" in text
    assert run_axe(page)["violations"] == []
    fill(page, name="Dana Ruiz")
    done(life.press(page, "Sign my statement"))
    lines = life.at("p-office", life.where).locator("table", has_text="Terms accepted")
    assert "version 2, on April 2, 2026" in lines.inner_text()
    assert "not the changed terms of version 2" in lines.inner_text()
    planes.desk.sign()
    assert ask(planes.enclave, project=PROJECT, sql=BY_YEAR).rows
    planes.sit_down("p-chen")
    planes.desk.sign()
    with pytest.raises(AccessDeniedError, match="statement for the changed terms is missing"):
        ask(planes.enclave, project=PROJECT, sql=BY_YEAR)
    planes.sit_down("p-ruiz")
    planes.desk.sign()


def step_revoked_and_destroyed(life: Life) -> None:
    planes = life.planes
    life.act("p-sde", "revoke", "Revoke the permission", reason="The terms were broken.")
    planes.desk.sign()
    with pytest.raises(AccessDeniedError, match="terms were broken"):
        ask(planes.enclave, project=PROJECT, sql=SQL)
    assert life.status() is Status.REVOKED
    page = life.at("p-ruiz", f"{life.where}/destruction")
    today = planes.desk.today().isoformat()
    fill(page, **{
        "destroyed.0.what": "Two files of results", "destroyed.0.where": "The project's folder",
        "destroyed.0.how": "Key destroyed", "destroyed.0.on": today,
        "capacity": "Requestor",
    })  # fmt: skip
    life.press(page, "Add something that survives")
    fill(page, **{
        "survives.0.what": "Backups", "survives.0.where": "The state's vault",
        "survives.0.until": "May 2026", "survives.0.protected": "Encrypted",
    })  # fmt: skip
    life.press(page, "Show the certificate")
    done(life.press(page, "Certify exactly this text"))
    certificate = life.at("p-office", f"{life.where}/certificate").inner_text("main")
    for words in ("Backups", "The state's vault", "May 2026"):
        assert words in certificate, words
    assert life.status() is Status.DESTRUCTION_CERTIFIED


def step_the_public_sees_it_without_the_persons(life: Life) -> None:
    register = life.at(None, f"/register/{life.number}").inner_text("main")
    assert "Attendance and first wages" in register
    report = life.at(None, "/report/2026").inner_text("main")
    assert "destruction certified" in report.casefold()
    listed = life.at(None, "/register").inner_text("main")
    assert life.number in listed
    for person in ("Dana Ruiz", "Lin Chen", "Ada Okafor"):
        assert person not in register + report + listed
    assert life.at(None, "/ledger").locator("main table").count()


def step_the_ledger_verifies(life: Life) -> None:
    report = verify(life.planes.desk.office.programme)
    assert report.verified, report.problems
    life.planes.enclave.ledger.verify()


def test_the_whole_life(life: Life) -> None:
    """One story: each step begins where the one before ended."""
    for step in (
        step_the_form,
        step_returned_and_mended,
        step_two_owners_approve_and_one_asks_for_a_change,
        step_no_quorum_then_a_vote_with_a_recusal_and_a_proxy,
        step_signed_and_granted_but_for_one,
        step_an_amendment_adds_a_variable,
        step_the_changed_terms_are_accepted_anew,
        step_revoked_and_destroyed,
        step_the_public_sees_it_without_the_persons,
        step_the_ledger_verifies,
    ):
        step(life)

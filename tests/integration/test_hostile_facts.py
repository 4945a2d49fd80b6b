"""Facts that a caller would like to choose: the services take them from the records, or refuse."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from governance.board import commands as b
from governance.decisions import AccessDeniedError
from governance.errors import DocumentError
from governance.papers import sharing_parties
from governance.permissions import SIGNER
from governance.requests.states import Act, Status
from governance.services.agreements import Terms, send_agreement, sign_agreement
from governance.services.attachments import Upload, file_attachment
from governance.services.erasing import Erasable
from governance.services.named_people import name_person
from governance.services.people import change_person, read_person
from governance.services.requests import act_on_request, read_request
from governance.store import NotFoundError
from tests.lib.erasing import ask, confirm
from tests.lib.programme import Office
from tests.lib.requests import build_content

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("hostile"))
    made.register()
    made.seat_everyone()
    yield made
    made.discard()


@pytest.fixture(scope="module")
def granted(office: Office) -> str:
    """A request whose agreement every party signed, and whose first bundle is out."""
    number = office.to_approved()
    p, today = office.programme, office.programme.today
    terms = Terms(today, today + 400 * DAY)
    view = send_agreement(p, office.actor("p-office"), number, terms)
    sent = view.latest.agreement
    assert sent is not None
    for party in sent.parties:
        who = office.actor("p-signs").person
        assert who is not None
        if party not in who.parties:
            who = who.model_copy(update={"parties": (*who.parties, party)})
        actor = type(office.actor("p-signs"))(person=who)
        sign_agreement(p, actor, number, party, digest=sent.digest, name=who.name)
    facts = {"bundle_version": 1, "bundle_digest": "ab" * 32}
    act_on_request(p, SIGNER, number, Act.GRANT, facts)
    return number


def denied(error: pytest.ExceptionInfo[AccessDeniedError]) -> set[str]:
    return {d.rule for d in error.value.decision.denials}


def test_the_day_somebody_left_is_put_off_by_nobody_in_the_request(
    office: Office, granted: str
) -> None:
    """Whoever acts for a request could otherwise give a leaver's access back."""
    today = office.programme.today
    office.act("p-office", granted, Act.RECORD_LEAVER, person="p-okafor", left_on=today)
    for who in ("p-ruiz", "p-office", "p-office2"):
        for later in (today + DAY, today + 3650 * DAY):
            with pytest.raises(DocumentError) as beside:
                office.act(who, granted, Act.RECORD_LEAVER, person="p-okafor", left_on=later)
            assert [x.partition(":")[0] for x in beside.value.problems] == ["left_on"]
    office.act("p-ruiz", granted, Act.RECORD_LEAVER, person="p-okafor", left_on=today - DAY)
    back: dict[str, Any] = {"person": "p-okafor", "left_on": today}
    for facts in (back, back | {"mistaken": True}):
        with pytest.raises(AccessDeniedError) as refused:
            office.act("p-ruiz", granted, Act.RECORD_LEAVER, **facts)
        assert denied(refused) == {"person.left"}
    mended = office.act("p-office2", granted, Act.RECORD_LEAVER, **back, mistaken=True)
    assert mended.request.people["p-okafor"].left_on is None


@pytest.mark.parametrize("days", [-400, 1, 3650])
def test_nobody_dates_a_revocation(office: Office, granted: str, days: int) -> None:
    """A permission revoked from a later day would go on, while every page says that it ended."""
    on = office.programme.today + days * DAY
    with pytest.raises(DocumentError) as refused:
        office.act("p-office", granted, Act.REVOKE, on=on, reason="The terms were broken.")
    assert refused.value.problems == (f"on: it takes effect today, {office.programme.today}",)
    view = read_request(office.programme, office.actor("p-office"), granted)
    assert view.latest.status is Status.GRANTED


def test_withdrawal_is_dated_by_the_clock(office: Office) -> None:
    number = office.begin()
    with pytest.raises(DocumentError):
        office.act("p-ruiz", number, Act.WITHDRAW, on="2030-01-01", reason="Not needed.")
    view = office.act("p-ruiz", number, Act.WITHDRAW, reason="Not needed.")
    assert view.latest.moved is not None
    assert view.latest.moved.on == office.programme.today


def test_nobody_names_themself_an_alternate(office: Office) -> None:
    """The office would vote for an agency, and review the requests that it checks."""
    for who in ("p-office", "p-sde"):
        with pytest.raises(AccessDeniedError) as refused:
            office.on_board(who, b.NameAlternate, agency="sde", person=who)
        assert "action.four_eyes" in denied(refused)
    office.on_board("p-office", b.NameAlternate, agency="sde", person="alt-sde")


@pytest.mark.parametrize("claimed", ["state_employee", "state_official", "university"])
def test_a_requestor_makes_nobody_an_employee_of_the_state(office: Office, claimed: str) -> None:
    """Unit records of wages are open to them alone: it is the office that says who is one."""
    p, operator = office.programme, office.actor("p-office")
    named = name_person(
        p, office.actor("p-ruiz"), name="Nora New", email=f"{claimed}@example.edu",
        employer="Department of Labor", employment_class=claimed, role="analyst",
    )  # fmt: skip
    expected = "university" if claimed == "university" else "other"
    assert named.employment_class == expected
    assert read_person(p, operator, named.id)[0].employment_class == expected
    changed = {"employment_class": "state_employee"}
    change_person(p, operator, named.id, changes=changed, reason="Its office confirmed it.")
    again = name_person(
        p, office.actor("p-ruiz"), name="x", email=f"{claimed}@example.edu", employer="x",
        employment_class="other", role="analyst",
    )  # fmt: skip
    assert (again.employment_class, again.employer) == ("other", "x")


def test_an_erased_request_leaves_no_document_even_after_a_crash(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed agreements and statements name persons as much as what was filed."""
    p, number = office.programme, office.begin()
    file_attachment(
        p, office.actor("p-ruiz"), number, Upload("other", "A note", "text/plain", b"Words.")
    )
    for folder in ("papers", "signed"):
        p.documents.put(f"{folder}/{number}/{'ab' * 32}.pdf", b"Dana Ruiz")
    office.act("p-ruiz", number, Act.WITHDRAW, reason="Not needed.")

    def crash(_: str) -> None:
        raise OSError("crash")

    asked = ask(office, Erasable.REQUEST, number)
    with monkeypatch.context() as broken:
        broken.setattr(p.documents, "delete", crash)
        with pytest.raises(OSError, match="crash"):
            confirm(office, asked)
    left = [i.key for i in p.documents.list() if number in i.key]
    assert len(left) == 3
    with pytest.raises(AccessDeniedError):
        confirm(office, asked, who="p-ruiz")
    assert confirm(office, asked) == 0
    assert [i.key for i in p.documents.list() if number in i.key] == []
    with pytest.raises(NotFoundError):
        ask(office, Erasable.REQUEST, number)


@pytest.mark.parametrize("typed", ["Office of Early  Childhood", "oec"])
def test_who_asks_under_an_agencys_name_asks_as_that_agency(office: Office, typed: str) -> None:
    """Else the recipient's signature is asked of nobody, and its own owner is not recused."""
    number = office.begin(build_content(organization=typed))
    view = read_request(office.programme, office.actor("p-ruiz"), number)
    content = view.latest.content
    assert content.requestor_agency == "oec"
    assert "oec" in content.requestor_employers
    assert sharing_parties(content, office.programme.profile) == ("DOL", "SDE", "OEC")

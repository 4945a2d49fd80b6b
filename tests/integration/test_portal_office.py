"""The office's pages, by those who may and by those who may not; errors keep what was typed."""

import json
import re
from collections.abc import Iterator
from datetime import date

import pytest

from governance.portal.pages.office import QUEUES
from governance.register import MatchLine
from governance.requests.states import Status
from governance.services.office import Queue, list_waiting
from governance.services.people import read_person
from governance.services.public_records import public_records
from tests.lib.portal import RunningPortal, free_port, run_portal
from tests.lib.statuses import EveryStatus

PAGES = (
    "/office", "/office/requests", "/office/configuration", "/office/costs", "/office/matches",
    "/office/records", "/office/webhooks", "/people", "/people/new", "/people/p-okafor",
    "/people/p-okafor/change", "/people/p-okafor/end",
)  # fmt: skip
READ_BY_AUDITORS = {
    "/office", "/office/requests", "/office/configuration", "/people", "/people/p-okafor",
}  # fmt: skip


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> EveryStatus:
    home = tmp_path_factory.mktemp("office")
    return EveryStatus(
        home, base_url=f"http://127.0.0.1:{free_port()}", smtp_password="planted-pass-phrase"
    )


@pytest.fixture(scope="module")
def portal(every: EveryStatus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with run_portal(tmp_path_factory.mktemp("office-portal"), programme=every.p) as served:
        yield served


def test_who_sees_the_pages(portal: RunningPortal) -> None:
    office, auditor, owner = (portal.client(x) for x in ("p-office", "p-audit", "p-sde"))
    for path in PAGES:
        assert office.get(path).status_code == 200, path
        assert auditor.get(path).status_code == (200 if path in READ_BY_AUDITORS else 403), path
        assert owner.get(path).status_code == 403, path
        assert portal.client().get(path).headers["location"].startswith("/sign-in"), path
    assert portal.client("p-okafor").get("/people/p-okafor").status_code == 200
    assert portal.client("p-okafor").get("/people/p-ruiz").status_code == 403


def test_the_desk_names_who_what_and_until_when(every: EveryStatus, portal: RunningPortal) -> None:
    waiting = list_waiting(every.p, every.actor("an operator"))
    found = {(w.queue, w.number) for w in waiting}
    n = every.numbers
    assert found >= {
        (Queue.COMPLETENESS, n[Status.SUBMITTED]),
        (Queue.MENDING, n[Status.RETURNED]),
        (Queue.REVIEW, n[Status.OWNER_REVIEW]),
        (Queue.VOTE, n[Status.BOARD_VOTE]),
        (Queue.AGREEMENT, n[Status.APPROVED]),
        (Queue.AGREEMENT, n[Status.APPROVED_WITH_CONDITIONS]),
        (Queue.SIGNATURES, n[Status.AGREEMENTS_OUT]),
        (Queue.DESTRUCTION, n[Status.ENDED]),
        (Queue.DESTRUCTION, n[Status.REVOKED]),
        (Queue.CERTIFICATE, n[Status.DESTRUCTION_CERTIFIED]),
    }
    at_rest = {n[s] for s in (Status.DRAFT, Status.DENIED, Status.WITHDRAWN, Status.CLOSED)}
    assert not at_rest & {w.number for w in waiting}
    assert [w.until or date.max for w in waiting] == sorted(w.until or date.max for w in waiting)
    overdue = {w.number for w in waiting if w.overdue}
    assert n[Status.SUBMITTED] in overdue  # since early February, and it is mid-March
    assert n[Status.AGREEMENTS_OUT] not in overdue
    shown = portal.client("p-office").get("/office").text
    for title, _ in QUEUES.values():
        assert title in shown
    assert "Department of Education" in shown
    assert f'href="/requests/{n[Status.SUBMITTED]}/complete"' in shown


def test_all_requests_are_filtered_and_exported(portal: RunningPortal) -> None:
    office = portal.client("p-office")
    rows = json.loads(office.get("/office/requests?format=json").content)
    assert len(rows) == len(Status)
    drafts = json.loads(office.get("/office/requests?format=json&status=draft").content)
    assert [r["status"] for r in drafts] == ["draft"]
    csv = office.get("/office/requests?format=csv").text
    assert csv.splitlines()[0].startswith("number,title,status,next_role,type,organization")
    log = office.get("/office/logs/request-log.csv").text
    assert "Dana Ruiz" in log  # the office's own log has the names


def test_configuration_shows_no_secret(portal: RunningPortal) -> None:
    shown = portal.client("p-audit").get("/office/configuration").text
    assert "planted-pass-phrase" not in shown
    assert "set; not shown" in shown
    assert "notice_days" in shown


def test_people_are_registered_changed_and_ended(every: EveryStatus, portal: RunningPortal) -> None:
    office = portal.client("p-office")
    facts = {
        "name": "Nell Newcomer", "email": "nell@example.org", "employer": "Example University",
        "agency": "", "employment_class": "university", "roles": "signatory",
        "parties": "Example University\nOther Institute", "employed_from": "2026-03-01",
        "account": "",
    }  # fmt: skip
    refused = portal.send(
        office, "/people/new", form_of="/people/new", **(facts | {"email": "none"})
    )
    assert refused.status_code == 422
    assert "Nell Newcomer" in refused.text
    taken = portal.send(office, "/people/new", form_of="/people/new", **facts)
    assert taken.status_code == 303, taken.text
    where = taken.headers["location"].partition("?")[0]
    actor, person = every.actor("an operator"), where.rpartition("/")[2]
    assert read_person(every.p, actor, person)[0].parties == (
        "Example University", "Other Institute",
    )  # fmt: skip

    lacking = portal.send(office, f"{where}/change", form_of=f"{where}/change", **facts, reason="")
    assert lacking.status_code == 422
    changed = portal.send(
        office, f"{where}/change", form_of=f"{where}/change",
        **(facts | {"name": "Nell Neumann"}), reason="Married.",
    )  # fmt: skip
    assert changed.status_code == 303, changed.text
    assert "Nell Neumann" in office.get("/people?text=neumann").text
    stale = office.get(f"{where}/change").text
    ended = portal.send(
        office, f"{where}/end", form_of=f"{where}/end", left_on="2026-03-19", reason="Left."
    )
    assert ended.status_code == 303, ended.text
    hidden = dict(re.findall(r'name="(csrf_token|based_on|once)" value="([^"]*)"', stale))
    late = office.post(f"{where}/change", data=hidden | facts | {"reason": "Again."})
    assert late.status_code == 409
    assert read_person(every.p, actor, person)[0].employed_until == date(2026, 3, 18)


def test_nobody_changes_their_own_record(portal: RunningPortal) -> None:
    office = portal.client("p-office")
    assert office.get("/people/p-office/change").status_code == 403
    refused = portal.send(office, "/people/p-office/end", left_on="2026-03-19", reason="Left.")
    assert refused.status_code == 403
    assert 'href="/people/p-office/change"' not in office.get("/people/p-office").text


def test_a_cost_is_recorded_in_dollars(every: EveryStatus, portal: RunningPortal) -> None:
    office = portal.client("p-office")
    typed = {"year": "2026", "heading": "Secure hosting", "note": ""}
    page = "/office/costs"
    refused = portal.send(office, page, form_of=page, **typed, cents="a lot")
    assert refused.status_code == 422
    assert "rite an amount in dollars" in refused.text
    assert "Secure hosting" in refused.text
    taken = portal.send(office, page, form_of=page, **typed, cents="1,250.50")
    assert taken.status_code == 303, taken.text
    assert [c.cents for c in public_records(every.p).source.costs] == [125_050]
    assert "$1,250.50" in office.get(page).text


def test_the_match_log_is_kept_in_the_portal(every: EveryStatus, portal: RunningPortal) -> None:
    office, page = portal.client("p-office"), "/office/matches"
    number = every.numbers[Status.GRANTED]
    typed = {
        "request": number, "received": "2026-02-02", "sender": "Trinity College",
        "receiver": "DOL", "file_name": "college.csv", "fields": "last_name\nbirth_date",
        "match_date": "2026-02-03", "matrix_date": "2026-02-04", "confirmed_at": "",
        "destroyed_at": "", "authorized_representative": "",
    }  # fmt: skip
    for wrong, said in (
        ({"confirmed_at": "yesterday"}, "Write a day and a time"),
        ({"confirmed_at": "2199-01-01 10:00"}, "This is not past yet"),
        ({"confirmed_at": "2026-02-03 10:00"}, "after its matrix, not before"),
        ({"request": "Q9999"}, "There is no request of that number"),
        ({"sender": ""}, "Fill this in"),
    ):
        refused = portal.send(office, page, form_of=page, **(typed | wrong))
        assert refused.status_code == 422, wrong
        assert said in refused.text, wrong
        assert "college.csv" in refused.text
    taken = portal.send(office, page, form_of=page, **typed)
    assert taken.status_code == 303, taken.text

    def only() -> MatchLine:
        lines = public_records(every.p).source.matches
        return next(x for x in lines if x.file_name == "college.csv")

    listed = office.get(page).text
    (line,) = set(re.findall(r"/office/matches\?line=([0-9a-f]{16})", listed))
    own = f"{page}?line={line}"
    assert office.get(f"{page}?line=nothing").status_code == 404
    for act, name in (("confirmed", "confirmed_at"), ("destroyed", "destroyed_at")):
        assert f"{page}/{act}" in office.get(own).text
        for _ in range(2):  # a double click
            done = portal.send(office, f"{page}/{act}", form_of=own, line=line)
            assert done.status_code == 303, done.text
        assert getattr(only(), name) is not None
        assert f"{page}/{act}" not in office.get(own).text
    kept = only()
    assert kept.fields == ("last_name", "birth_date")
    assert kept.destroyed_date == every.p.today
    row = office.get(page, params={"format": "json", "text": "college"}).json()
    assert "college.csv" in str(row)
    assert portal.client("p-ruiz").get(page).status_code == 403


def test_a_records_request_goes_to_its_agency(every: EveryStatus, portal: RunningPortal) -> None:
    office = portal.client("p-office")
    page = "/office/records"
    lacking = portal.send(office, page, form_of=page, reference="", received_on="", asks_for="")
    assert lacking.status_code == 422
    shown = office.get(page).text
    hidden = dict(re.findall(r'name="(csrf_token|once)" value="([^"]*)"', shown))
    typed = hidden | {
        "reference": "FOI-2026-77", "received_on": "2026-03-16", "dataset": "", "agency": "sde",
        "asks_for": "Everything on Quillfeather School.", "requester": "Pat Plantedname",
        "address": "1 Main Street\nHartford",
    }  # fmt: skip
    letter = office.post(page, data=typed)
    assert letter.status_code == 200, letter.text
    assert "Department of Education" in letter.text
    assert "the office forwards it; a mail with the request is on its way" in letter.text
    assert "Pat Plantedname" in letter.text
    pdf = office.post(page, data=typed | {"format": "pdf"})
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    after = office.get(page).text
    assert after.count("FOI-2026-77") == 1  # the PDF wrote nothing again
    assert "Pat Plantedname" not in after
    with every.p.store.read() as unit:
        facts = unit.connection.exec_driver_sql("SELECT facts FROM ledger_payloads").scalars()
        assert not [x for x in facts if "Plantedname" in x or "Quillfeather" in x]


def test_a_webhook_shows_its_secret_once(portal: RunningPortal) -> None:
    office = portal.client("p-office")
    page = "/office/webhooks"
    wrong = portal.send(office, page, form_of=page, url="ftp://x", tags="data_request:approved")
    assert wrong.status_code == 422
    assert "ftp://x" in wrong.text
    sent = {"url": "https://hooks.example.org/governance", "tags": "data_request:approved"}
    made = portal.send(office, page, form_of=page, **sent)
    assert made.status_code == 200, made.text
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made.text)
    assert secret is not None
    assert made.headers["cache-control"] == "no-store"
    listed = office.get(page).text
    assert secret[0] not in listed
    assert "https://hooks.example.org/governance" in listed
    twice = portal.send(office, page, form_of=page, **sent)
    assert twice.status_code == 422
    hook = re.search(r"/office/webhooks/(wh-[0-9a-f]+)", listed)
    assert hook is not None
    its_own = office.get(f"/office/webhooks/{hook[1]}").text
    assert "Nothing was sent to it yet." in its_own
    assert f"/office/webhooks/{hook[1]}/remove" in its_own
    assert office.get("/office/webhooks/wh-0").status_code == 404
    gone = portal.send(office, f"/office/webhooks/{hook[1]}/remove")
    assert gone.status_code == 303
    assert "No webhook is registered." in office.get(page).text

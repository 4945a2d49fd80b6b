"""The public's pages: register, open data, catalogue, ledger; nothing withheld gets out."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from governance.requests.states import Act
from governance.services.requests import read_request
from tests.lib.afterwards import SECRET, Afterwards
from tests.lib.portal import RunningPortal, free_port, run_portal

PUBLIC = (
    "/register", "/register.atom", "/register/open-data", "/data.json", "/meetings.ics",
    "/register/open-data/register.csv", "/register/open-data/register.json",
    "/register/open-data/request-log.csv", "/register/open-data/request-log.json",
    "/register/open-data/match-log.csv", "/register/open-data/match-log.json",
    "/report", "/report/2026", "/report/2026?format=json", "/catalogue", "/ledger",
    "/ledger?format=csv", "/ledger/verification", "/ledger/checkpoints", "/ledger/consistency",
    "/ledger/1", "/ledger/1/proof.json", "/ledger/key.json",
)  # fmt: skip


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Afterwards:
    home = tmp_path_factory.mktemp("register")
    return Afterwards(home, base_url=f"http://127.0.0.1:{free_port()}")


@pytest.fixture(scope="module")
def portal(story: Afterwards, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with run_portal(tmp_path_factory.mktemp("register-portal"), programme=story.p) as served:
        yield served


@pytest.fixture(scope="module")
def public(portal: RunningPortal) -> httpx.Client:
    return portal.client()


def test_nothing_public_names_a_person_or_a_draft(story: Afterwards, public: httpx.Client) -> None:
    names = {SECRET, "Dana Ruiz", "Lin Chen", "Ada Okafor"}
    for path in (*PUBLIC, f"/register/{story.live}", f"/register/{story.over}"):
        answer = public.get(path)
        assert answer.status_code == 200, path
        for name in names:
            assert name not in answer.text, (path, name)
    for path in ("/register", "/register.atom", "/register/open-data/register.json"):
        assert story.draft not in public.get(path).text, path
    assert public.get(f"/register/{story.draft}").status_code == 404
    assert public.get("/register/Q9999").status_code == 404


def test_the_register_searches_filters_sorts_and_exports(
    story: Afterwards, public: httpx.Client
) -> None:
    def numbers(query: str) -> list[str]:
        html = public.get(f"/register?{query}").text
        return re.findall(r'href="/register/(Q\d+)"', html)

    assert numbers("") == [story.waiting, story.over, story.live]
    assert numbers("sort=number&order=ascending") == [story.live, story.over, story.waiting]
    assert numbers("status=granted") == [story.live]
    assert numbers("decision=approved&status=revoked") == [story.over]
    assert numbers("text=that+WAITS") == [story.waiting]
    assert numbers("agency=oec") == []
    assert numbers("page=7") == [story.waiting, story.over, story.live]
    exported = public.get("/register?status=granted&format=json").json()
    assert [row["number"] for row in exported] == [story.live]


def test_a_row_shows_the_vote_seat_by_seat_and_what_came_of_it(
    story: Afterwards, public: httpx.Client
) -> None:
    html = public.get(f"/register/{story.live}").text
    assert "5 in favor, 0 against" in html
    assert (
        '<th scope="row" data-label="Seat">SDE</th><td data-label="Represented">Member</td>'
        '<td data-label="Vote">In favor</td>'
    ) in html
    assert "A brief" in html
    assert "https://example.org/brief" in html


def test_the_register_follows_the_ledger(story: Afterwards, public: httpx.Client) -> None:
    before = public.get("/register").text
    number = story.submit(title="One more study")
    assert "One more study" not in before
    assert "One more study" in public.get(f"/register/{number}").text
    story.ask(number, "p-ruiz", Act.WITHDRAW, on=story.p.today, reason="No need.")
    assert "Withdrawn" in public.get(f"/register/{number}").text


def test_open_data_withholds_and_the_office_has_it_whole(
    story: Afterwards, portal: RunningPortal, public: httpx.Client
) -> None:
    line = public.get("/register/open-data/match-log.json").json()["rows"][0]
    assert line["file_name"] is None
    assert line["authorized_representative"] is None
    assert public.get("/office/logs/match-log.csv").status_code == 303  # to the sign-in
    assert portal.client("p-ruiz").get("/office/logs/match-log.csv").status_code == 403
    whole = portal.client("p-office").get("/office/logs/match-log.csv").text
    assert "'=cmd.csv" in whole
    assert "Lin Chen" in whole
    assert "Dana Ruiz" in portal.client("p-audit").get("/office/logs/request-log.csv").text
    catalog = public.get("/data.json").json()
    assert catalog["conformsTo"].endswith("v1.1/schema")
    landing = catalog["dataset"][0]["landingPage"].removeprefix(portal.url)
    moved = public.get(landing)
    assert (moved.status_code, public.get(moved.headers["location"]).status_code) == (301, 200)
    assert public.get("/meetings.ics").text.startswith("BEGIN:VCALENDAR\r\n")
    assert "/meetings.ics" in public.get("/meetings").text


def test_the_annual_report_in_three_forms(public: httpx.Client) -> None:
    page = public.get("/report/2026").text
    assert "<svg" in page
    assert "$12,345.00" in page
    assert public.get("/report/2026?format=pdf").content.startswith(b"%PDF-")
    assert public.get("/report/2026?format=json").json()["received"] >= 3
    for year in ("1999", "2027", "x", "99999999"):
        assert public.get(f"/report/{year}").status_code == 404


def test_the_catalogue_says_who_may_have_what(public: httpx.Client) -> None:
    listed = public.get("/catalogue?text=grade").text
    assert "/catalogue/sde/enrollment" in listed
    assert "/catalogue/sde/enrollment" not in public.get("/catalogue?text=zzzz").text
    rows = public.get("/catalogue?format=json").json()
    assert {"sde/enrollment", "dol/quarterly_wages"} <= {row["id"] for row in rows}
    html = public.get("/catalogue/sde/enrollment").text
    assert "identifies persons and is never kept" in html
    assert 'name="variables" value="grade"' in html
    assert 'value="sasid"' not in html
    assert public.get("/catalogue/sde/nothing").status_code == 404


def test_variables_are_requested_after_signing_in_and_join_an_open_draft(
    story: Afterwards, portal: RunningPortal, public: httpx.Client
) -> None:
    asked = "/catalogue/sde/enrollment/request"
    answer = public.get(f"{asked}?variables=grade")
    assert answer.headers["location"].endswith("%3Fvariables%3Dgrade")
    assert portal.client("p-sde").get(asked).status_code == 403  # asks for nothing
    ruiz = portal.client("p-ruiz")
    page = ruiz.get(f"{asked}?variables=grade").text
    assert re.search(r'value="grade" checked', page)
    empty = portal.send(ruiz, asked, form_of=asked, number="new")
    assert empty.status_code == 422
    assert "Choose at least one" in empty.text
    begun = portal.send(ruiz, asked, form_of=asked, number="new", variables=["grade"])
    number = begun.headers["location"].split("/")[2]
    more = portal.send(ruiz, asked, form_of=asked, number=number, variables=["grade", "year"])
    assert more.headers["location"].split("/")[2] == number
    content = read_request(story.p, story.actor("p-ruiz"), number).latest.content
    assert content.datasets[0].variables == ("grade", "year")
    assert content.people[0].id == "p-ruiz"
    others = portal.send(ruiz, asked, form_of=asked, number=story.live, variables=["grade"])
    assert others.status_code == 422
    hostile = portal.send(ruiz, asked, form_of=asked, number="new", variables=["no_such"])
    assert hostile.status_code == 422


def test_the_ledger_proves_and_verifies(
    story: Afterwards, portal: RunningPortal, public: httpx.Client
) -> None:
    assert story.live in public.get(f"/ledger?text={story.live}").text
    filtered = public.get("/ledger?tag=data_request:granted&format=json").json()
    assert {row["tag"] for row in filtered} == {"data_request:granted"}
    draft = public.get(f"/ledger?text={story.draft}&format=json").json()[0]["seq"]
    assert "You may not read these facts" in public.get(f"/ledger/{draft}").text
    own = portal.client("p-ruiz").get(f"/ledger/{draft}").text
    assert "You may not read these facts" not in own
    proof = public.get("/ledger/1/proof.json").json()
    kept = public.get(f"/ledger/checkpoints/{proof['size']}.json")
    assert kept.status_code == 200
    old = f"old_size={proof['size']}&old_root={proof['root']}"
    assert "are those your checkpoint covered" in public.get(f"/ledger/consistency?{old}").text
    wrong = f"old_size={proof['size']}&old_root={'0' * 64}"
    assert "is not the one" in public.get(f"/ledger/consistency?{wrong}").text
    for nonsense in (
        "old_size=0&old_root=00",
        "old_size=3&old_root=xyz",
        "old_size=99999999&old_root=00",
    ):
        assert public.get(f"/ledger/consistency?{nonsense}").status_code == 422
    for path in ("/ledger/0", "/ledger/x", "/ledger/99999999", "/ledger/checkpoints/7.json"):
        assert public.get(path).status_code == 404
    ruiz, auditor = portal.client("p-ruiz"), portal.client("p-audit")
    assert "Verify now" not in ruiz.get("/ledger/verification").text
    assert portal.send(ruiz, "/ledger/verification").status_code == 403
    done = portal.send(auditor, "/ledger/verification", form_of="/ledger/verification")
    assert done.headers["location"] == "/ledger/verification?said=ledger_verified"
    assert "Everything agreed." in public.get("/ledger/verification").text
    told = json.loads(public.get("/ledger?tag=ledger:verified&format=json").text)
    assert len(told) == 1

"""What the interface gives beside requests: papers, open data, verification, one's own, the office.

Each is what the page says: the same bytes, digests and refusals.
"""

import base64
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from governance.requests.states import Act
from governance.services.ledger import make_checkpoint
from tests.lib.journey import Journey
from tests.lib.portal import RunningPortal, free_port, run_portal
from tests.lib.programme import Office

Caller = Callable[[str | None], httpx.Client]
MEETING = "/api/v1/bodies/data_governing_board/meetings/DGB-3"


class Approved(Journey):
    """One request that the board approved, and one that waits for its owners."""

    def __init__(self, home: Path) -> None:
        super().__init__(Office(home, base_url=f"http://127.0.0.1:{free_port()}"))
        self.office.register()
        self.number = self.approved()
        self.waiting = self.submit(title="A study that waits", requestor_agency="dol")
        self.ask(self.waiting, "p-office", Act.ACCEPT_COMPLETE)
        make_checkpoint(self.p)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Approved]:
    made = Approved(tmp_path_factory.mktemp("whole"))
    yield made
    made.p.close()


@pytest.fixture(scope="module")
def portal(story: Approved) -> Iterator[RunningPortal]:
    with run_portal(Path(), programme=story.p) as served:
        yield served


@pytest.fixture(scope="module")
def call(portal: RunningPortal) -> Caller:
    """A client signed in as a person, with the form token; None: the public."""
    known: dict[str | None, httpx.Client] = {}

    def client(person: str | None = None) -> httpx.Client:
        if person not in known:
            known[person] = portal.client(person)
            token = known[person].get("/api/session").json()["csrf_token"]
            known[person].headers["X-CSRF-Token"] = token
        return known[person]

    return client


def good(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text[:500]
    return answer.json() if answer.content else None


def test_meetings_and_their_papers(call: Caller) -> None:
    public = call(None)
    listed = good(public.get("/api/v1/meetings?per_page=5"))
    assert [m["id"] for m in listed["items"]] == ["DGB-3"]
    one = good(public.get(MEETING))
    assert list(one["motions"]) == ["M-1"]
    assert one["meeting"]["meeting"]["id"] == "DGB-3"
    moved = good(public.get("/api/v1/motions"))
    assert [(m["body"], m["motion"]["id"]) for m in moved["items"]] == [
        ("data_governing_board", "M-1")
    ]
    assert good(public.get("/api/v1/bodies/data_governing_board/proxies"))["total"] == 0
    page = "/boards/data_governing_board/meetings/DGB-3/papers"
    for kind in ("notice", "agenda", "minutes"):
        paper = good(public.get(f"{MEETING}/papers/{kind}"))
        html = public.get(f"{MEETING}/papers/{kind}?format=html")
        assert paper["title"] in html.text
        assert html.text.startswith("<!doctype html>")
        pdf = public.get(f"{MEETING}/papers/{kind}?format=pdf")
        assert pdf.content == public.get(f"{page}/{kind}?format=pdf").content
        assert len(paper["digest"]) == 64
        assert public.get(f"{MEETING}/papers/{kind}?format=doc").status_code == 422
    assert public.get(f"{MEETING}/papers/packet").status_code == 401
    assert call("p-ruiz").get(f"{MEETING}/papers/packet").status_code == 403
    assert good(call("p-sde").get(f"{MEETING}/papers/packet"))["sections"]
    gone = MEETING.replace("DGB-3", "DGB-9")
    assert public.get(gone).status_code == public.get(f"{gone}/papers/notice").status_code == 404


def test_open_data_and_reports_are_what_the_pages_give(call: Caller) -> None:
    public = call(None)
    tables = good(public.get("/api/v1/open-data"))
    assert [t["name"] for t in tables] == ["register", "request-log", "match-log"]
    for table in tables:
        name = table["name"]
        for kind in ("json", "csv"):
            mine = public.get(f"/api/v1/open-data/{name}?format={kind}")
            assert mine.content == public.get(f"/register/open-data/{name}.{kind}").content
    assert public.get("/api/v1/open-data/people").status_code == 404
    for operation, page in (
        ("changes", "/register.atom"), ("calendar", "/meetings.ics"), ("catalog", "/data.json"),
    ):  # fmt: skip
        answer = public.get(f"/api/v1/{operation}")
        assert answer.content == public.get(page).content
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind == public.get(page).headers["content-type"].partition(";")[0]
    assert public.get("/api/v1/office/logs/request-log").status_code == 401
    assert call("p-ruiz").get("/api/v1/office/logs/request-log").status_code == 403
    whole = call("p-audit").get("/api/v1/office/logs/request-log?format=csv")
    assert whole.content == call("p-audit").get("/office/logs/request-log.csv").content

    years = good(public.get("/api/v1/reports"))["years"]
    assert years == [2026]
    figures = good(public.get("/api/v1/reports/2026/figures"))
    assert figures == good(public.get("/report/2026?format=json"))
    assert good(public.get("/api/v1/reports/2026"))["sections"]
    pdf = public.get("/api/v1/reports/2026?format=pdf")
    assert pdf.content == public.get("/report/2026?format=pdf").content
    assert public.get("/api/v1/reports/2019").status_code == 404


def test_the_ledger_is_verified_and_kept_elsewhere(call: Caller) -> None:
    public, office = call(None), call("p-office")
    assert public.get("/api/v1/ledger/verification").status_code == 404
    assert public.post("/api/v1/ledger/verification", json={}).status_code == 403
    assert call("p-ruiz").post("/api/v1/ledger/verification", json={}).status_code == 403
    for _ in range(2):
        found = good(office.post("/api/v1/ledger/verification", json={"once": "v1"}))
        assert found["verified"]
        assert found["problems"] == []
    told = good(public.get("/api/v1/ledger/verification"))
    entries = good(public.get("/api/v1/ledger/entries?tag=ledger:verified"))
    assert [e["seq"] for e in entries["items"]] == [told["seq"]]
    kept = good(public.get("/api/v1/ledger/checkpoints"))["items"][0]
    size = kept["size"]
    sealed = public.get(f"/api/v1/ledger/checkpoints/{size}")
    assert sealed.content == public.get(f"/ledger/checkpoints/{size}.json").content
    assert good(public.get("/api/v1/ledger/key")) == good(public.get("/ledger/key.json"))
    asked = f"/api/v1/ledger/continues?old_size={size}&old_root="
    assert good(public.get(asked + kept["root"]))["continues"] is True
    assert good(public.get(asked + "0" * 64))["continues"] is False
    assert public.get(asked + "zz").status_code == 422
    assert public.get(f"/api/v1/ledger/checkpoints/{size + 10_000}").status_code == 404


def test_ones_own_work_people_and_sessions(story: Approved, call: Caller) -> None:
    owner = good(call("p-dol").get("/api/v1/own/work"))
    assert [w["number"] for w in owner["items"]] == [story.waiting]
    assert "review_part" in owner["items"][0]["acts"]
    assert owner["items"][0]["next"]
    office = good(call("p-office").get("/api/v1/own/work"))
    assert story.number in {w["number"] for w in office["items"]}
    assert call(None).get("/api/v1/own/work").status_code == 401
    people = good(call("p-ruiz").get("/api/v1/own/people?per_page=2"))
    assert len(people["items"]) == 2 < people["total"]
    denied = people["items"][0]["access"]
    assert denied["permitted"] is False
    assert all(d["reason"] and d["remedy"] for d in denied["denials"])
    assert good(call("p-oec").get("/api/v1/own/people"))["total"] == 0


def test_signing_out_everywhere(portal: RunningPortal) -> None:
    first, second = portal.client("p-chen"), portal.client("p-chen")
    token = first.get("/api/session").json()["csrf_token"]
    assert first.delete("/api/v1/own/sessions").status_code == 403
    gone = first.delete("/api/v1/own/sessions", headers={"X-CSRF-Token": token})
    assert gone.status_code == 204
    assert second.get("/api/session").json()["person"] is None


def test_an_agency_and_its_links(story: Approved, call: Caller) -> None:
    own = good(call("p-dol").get("/api/v1/agencies/dol"))
    assert [r["number"] for r in own["waiting"]] == [story.waiting]
    for part in ("", "/submissions", "/destructions"):
        assert call("p-sde").get(f"/api/v1/agencies/dol{part}").status_code == 403
        assert call(None).get(f"/api/v1/agencies/dol{part}").status_code == 401
    assert good(call("p-dol").get("/api/v1/agencies/dol/submissions"))["items"] == []
    assert good(call("p-audit").get("/api/v1/agencies/dol/destructions"))["total"] == 0
    links, body = "/api/v1/agencies/dol/links", {"number": story.waiting}
    for _ in range(2):
        assert good(call("p-dol").post(links, json=body)) == {**body, "agency": "dol"}
    facts = good(call(None).get(f"/api/v1/ledger/entries?subject={story.waiting}&per_page=100"))
    tags = [e["tag"] for e in facts["items"]]
    assert sum("link" in tag for tag in tags) == 1
    assert call("p-sde").post(links, json=body).status_code == 403
    assert call("p-dol").post(links, json={"number": "Q9999"}).status_code == 404


def test_the_agreement_is_drafted_read_sent_and_signed(story: Approved, call: Caller) -> None:
    office, where = call("p-office"), f"/api/v1/requests/{story.number}"
    dates = {
        "effective_on": story.p.today.isoformat(),
        "ends_on": (story.p.today + timedelta(days=300)).isoformat(),
    }
    assert call("p-ruiz").post(f"{where}/draft-agreement", json=dates).status_code == 403
    draft = good(office.post(f"{where}/draft-agreement", json=dates))
    other = good(office.post(f"{where}/draft-agreement", json={**dates, "irb": "On file."}))
    assert draft["digest"] != other["digest"]
    refused = office.post(f"{where}/send-agreement", json={**dates, "digest": other["digest"]})
    assert refused.status_code in {403, 422}
    good(office.post(f"{where}/send-agreement", json={**dates, "digest": draft["digest"]}))
    sent = good(call("p-signs").get(f"{where}/agreement"))
    assert sent["digest"] == draft["digest"]
    pdf = call("p-signs").get(f"{where}/agreement?format=pdf&version=1")
    assert pdf.content.startswith(b"%PDF-")
    statement = good(call("p-ruiz").get(f"{where}/ndas/p-ruiz"))
    assert statement["accepted_on"] is None
    assert call("p-ruiz").get(f"{where}/ndas/p-ruiz?format=pdf").content.startswith(b"%PDF-")
    version = good(office.get(where))["versions"][0]["facts"]
    parties = version["agreement"]["parties"]
    for n, party in enumerate(parties):
        signing: dict[str, Any] = {"party": party, "digest": sent["digest"]}
        if n == 0:
            signing["signed_pdf"] = "no base64"
            assert call("p-signs").post(f"{where}/sign-agreement", json=signing).status_code == 422
            signing["signed_pdf"] = base64.b64encode(b"%PDF-1.7 signed by hand").decode()
        else:
            signing["name"] = story.office.people["p-signs"].name
        good(call("p-signs").post(f"{where}/sign-agreement", json=signing))
    signed = good(office.get(f"{where}/agreement"))["signatures"]
    assert [s["uploaded"] for s in signed] == [True] + [False] * (len(parties) - 1)
    changes = good(call("p-ruiz").get(f"{where}/changes"))
    assert changes == []


def test_variables_of_a_dataset_begin_a_request(call: Caller) -> None:
    where = "/api/v1/datasets/sde/enrollment/request"
    ruiz = call("p-ruiz")
    columns = good(ruiz.get("/api/v1/datasets/sde/enrollment"))["variables"]
    names = [c["name"] for c in columns][:2]
    first = {"variables": names[:1], "once": "c1"}
    number = good(ruiz.post(where, json=first))["number"]
    assert good(ruiz.post(where, json=first))["number"] == number
    assert good(ruiz.post(where, json={"variables": names, "number": number}))["number"] == number
    asked = good(ruiz.get(f"/api/v1/requests/{number}"))["versions"][0]["facts"]["content"]
    assert [(d["dataset"], d["variables"]) for d in asked["datasets"]] == [
        ("sde/enrollment", names)
    ]
    assert ruiz.post(where, json={"variables": ["no_such"]}).status_code == 422
    assert call("p-chen").post(where, json={"variables": names, "number": number}).status_code in {
        403, 404,
    }  # fmt: skip
    assert ruiz.post(where.replace("enrollment", "none"), json=first).status_code == 404


def test_the_office_s_queue_configuration_costs_and_letters(story: Approved, call: Caller) -> None:
    office = call("p-office")
    for path in ("office/queue", "office/sending", "office/configuration", "costs", "webhooks",
                 "records-requests", "matches"):  # fmt: skip
        assert call(None).get(f"/api/v1/{path}").status_code == 401, path
        assert call("p-ruiz").get(f"/api/v1/{path}").status_code == 403, path
        good(office.get(f"/api/v1/{path}"))
    queue = good(office.get("/api/v1/office/queue"))["items"]
    assert {"review", "agreement"} & {w["queue"] for w in queue}
    settings = good(office.get("/api/v1/office/configuration"))["settings"]
    shown = {s["name"]: s["value"] for s in settings}
    assert shown["secret_key"] in {"set; not shown", "not set"}
    cost = {"year": 2026, "heading": "Staff", "cents": 1200, "once": "k1"}
    for _ in range(2):
        good(office.post("/api/v1/costs", json=cost), 201)
    assert good(office.get("/api/v1/costs"))["total"] == 1
    asked = {
        "reference": "FOI-1", "asks_for": "Attendance by school.", "received_on": "2026-03-02",
        "requester": "Ada Unlikelyname", "address": ["1 Main Street"], "once": "r1",
    }  # fmt: skip
    letter = good(office.post("/api/v1/records-requests", json=asked), 201)
    assert good(office.post("/api/v1/records-requests", json=asked), 201) == letter
    assert base64.b64decode(letter["letter_pdf"]).startswith(b"%PDF-")
    listed = good(office.get("/api/v1/records-requests"))
    assert [r["reference"] for r in listed["items"]] == ["FOI-1"]
    assert listed["items"][0]["digest"] == letter["letter"]["digest"]
    assert "Unlikelyname" not in office.get("/api/v1/records-requests").text
    hook = {"url": "https://example.org/hook", "tags": ["grant:revoked"], "once": "h1"}
    made = good(office.post("/api/v1/webhooks", json=hook), 201)["webhook"]
    assert good(office.get(f"/api/v1/webhooks/{made['id']}")) == made
    assert good(office.get(f"/api/v1/webhooks/{made['id']}/deliveries"))["total"] == 0
    assert office.get("/api/v1/webhooks/none").status_code == 404

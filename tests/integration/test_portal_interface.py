"""The programming interface: a request's way by JSON alone, and refusals as problem documents."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.lib.portal import RunningPortal, run_portal

FORM: dict[str, Any] = {
    "title": "Attendance and wages",
    "purpose": "Whether attendance support pays off.",
    "datasets": [{"dataset": "sde/attendance", "variables": ["school_year"]}],
}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with run_portal(tmp_path_factory.mktemp("interface")) as served:
        yield served


def signed_in(portal: RunningPortal, person: str) -> httpx.Client:
    client = portal.client(person)
    client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf_token"]
    return client


def test_a_request_by_json_alone(portal: RunningPortal) -> None:
    rita = signed_in(portal, "rita")
    body = {"content": FORM, "once": "one"}
    begun = rita.post("/api/v1/requests", json=body)
    assert begun.status_code == 201, begun.text
    number = begun.json()["number"]
    assert rita.post("/api/v1/requests", json=body).json()["number"] == number
    seen = rita.get(f"/api/v1/requests/{number}").json()
    assert seen["versions"][0]["status"] == "draft"
    assert "submit" in seen["versions"][0]["acts"]
    assert seen["missing"]
    draft = rita.put(
        f"/api/v1/requests/{number}/draft", json={"content": {"title": 5}, "based_on": 0}
    )
    assert draft.status_code in {200, 409}, draft.text
    stale = rita.post(
        f"/api/v1/requests/{number}/withdraw",
        json={"on": "2026-01-06", "reason": "Not needed.", "based_on": 0},
    )
    assert stale.status_code == 409
    assert stale.headers["content-type"] == "application/problem+json"
    assert [r["number"] for r in rita.get("/api/v1/requests?scope=mine").json()["items"]] == [
        number
    ]

    other = signed_in(portal, "ravi")
    refused = other.get(f"/api/v1/requests/{number}")
    assert refused.status_code == 403
    assert all(d["reason"] and d["remedy"] and d["clause"] for d in refused.json()["denials"])
    assert portal.client().get(f"/api/v1/requests/{number}").status_code == 401
    gone = rita.post(f"/api/v1/requests/{number}/withdraw", json={"reason": "Not needed."})
    assert gone.json()["versions"][0]["status"] == "withdrawn"


def test_writing_needs_the_token_and_json(portal: RunningPortal) -> None:
    rita = portal.client("rita")
    assert rita.post("/api/v1/requests", json={"content": FORM}).status_code == 403
    rita = signed_in(portal, "rita")
    assert (
        rita.post(
            "/api/v1/requests", content=b"a=1", headers={"content-type": "text/csv"}
        ).status_code
        == 415
    )
    wrong = rita.post("/api/v1/requests", json={"content": {"title": 5, "nothing": 1}})
    assert wrong.status_code == 422
    assert {p.split(":")[0] for p in wrong.json()["problems"]} >= {"title", "nothing"}


def test_every_operation_is_described(portal: RunningPortal) -> None:
    described = portal.client().get("/api/openapi.json").json()
    operations = [
        (path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) > 50
    for path, method, operation in operations:
        assert operation["summary"], path
        assert operation["responses"], path
        if method == "post" and not path.endswith(("/end", "/confirm", "/drop")):
            assert "requestBody" in operation, path


def test_nobody_acts_for_a_process(portal: RunningPortal) -> None:
    described = portal.client().get("/api/openapi.json").json()
    for act in ("grant", "mark-expiring", "end", "supersede"):
        assert f"/api/v1/requests/{{number}}/{act}" not in described["paths"]


def test_the_public_reads_the_register_and_nothing_of_the_office(portal: RunningPortal) -> None:
    public = portal.client()
    assert public.get("/api/v1/register").json()["total"] == 0
    assert public.get("/api/v1/register/Q0001").status_code == 404
    for path in ("/api/v1/webhooks", "/api/v1/people", "/api/v1/agencies/sde/feed"):
        assert public.get(path).status_code == 401, path
        assert portal.client("rita").get(path).status_code == 403, path
    assert portal.client("omar").get("/api/v1/webhooks").json()["items"] == []

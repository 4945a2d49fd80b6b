"""Whatever a program sends by the OpenAPI document, the portal never breaks on it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok

from governance.portal.sign_in.bearer import Bearer
from governance.portal.sign_in.ways import UnsafeDevelopmentSignIn
from tests.lib.portal import RunningPortal, run_portal

KNOWN: dict[str, Any] = {
    "body": "data_governing_board",
    "person": "rita",
    "agency": "sde",
    "dataset": "attendance",
    "seq": 1,
    "motion": "M-1",
    "table": "register",
    "year": 2026,
}
"""Things that are there, so that not every path leads nowhere."""


class NamesItself(UnsafeDevelopmentSignIn):
    """Takes as a token the name of a person: how tokens are judged is tried elsewhere."""

    def read_token(self, token: str, now: datetime) -> Bearer:
        return Bearer(f"https://idp.example|{token}", None)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    sign_in = NamesItself("127.0.0.1")
    with run_portal(tmp_path_factory.mktemp("schemathesis"), sign_in=sign_in) as served:
        yield served


@pytest.mark.parametrize("person", ["rita", "omar"])
def test_no_operation_breaks(portal: RunningPortal, person: str) -> None:
    client = portal.client(person)
    headers = {"X-CSRF-Token": client.get("/api/session").json()["csrf_token"]}
    if person == "omar":  # as a program: a session of nobody, and a token
        client, headers = portal.client(), {"authorization": f"Bearer {person}"}
    begun = portal.client("rita")
    headers_of_rita = {"X-CSRF-Token": begun.get("/api/session").json()["csrf_token"]}
    number = begun.post("/api/v1/requests", json={"content": {}}, headers=headers_of_rita).json()
    known = {**KNOWN, "number": number["number"]}
    schema = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
    found = [r for r in schema.get_all_operations() if isinstance(r, Ok)]
    tried = {r.ok().label: _attempt(portal, client, headers, r.ok(), known) for r in found}
    assert len(tried) > 100
    assert all(tried.values())
    taken = [label for label, answers in tried.items() if answers & {200, 201}]
    assert len(taken) > 8, tried


def _attempt(
    portal: RunningPortal,
    client: httpx.Client,
    headers: dict[str, str],
    operation: Any,
    known: dict[str, Any],
) -> set[int]:
    """Statuses of what it answered, none of them its own failure."""
    answers: set[int] = set()
    there = {name: known[name] for name in known if f"{{{name}}}" in operation.path}

    @settings(
        max_examples=6,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy() | operation.as_strategy(path_parameters=there))
    def attempt(case: Any) -> None:
        response = case.call(base_url=portal.url, headers=headers, cookies=dict(client.cookies))
        answers.add(response.status_code)
        assert response.status_code < 500, (case.method, case.path, response.text[:300])

    attempt()
    return answers

"""Programs with access tokens of the sign-in's own provider: taken, and every way they are not."""

import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from governance.people import PortalRole
from governance.permissions import PUBLIC, Actor
from governance.portal.limits import Limits, Rate
from governance.services.ledger import list_entries, read_entry
from governance.services.people import find_by_id
from tests.lib.oidc_provider import Provider, run_provider
from tests.lib.portal import (
    CAST,
    UNLIMITED,
    RunningPortal,
    build_person,
    free_port,
    open_throwaway,
    run_portal,
)

AUDIENCE = "api://governance"
PROGRAM = "http://127.0.0.1:1/callback"
VERIFIER, CHALLENGE = (
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
)
"""RFC 7636, appendix B."""


@dataclass
class Pair:
    portal: RunningPortal
    provider: Provider

    def tokens(self, user: str, resource: str = AUDIENCE) -> dict[str, str]:
        """What a program gets for a person: authorization code, PKCE, resource (RFC 8707)."""
        asked = {
            "response_type": "code", "client_id": self.provider.client_id, "scope": "openid",
            "redirect_uri": PROGRAM, "state": "s", "nonce": "n", "code_challenge": CHALLENGE,
            "code_challenge_method": "S256", "user": user, "resource": resource,
        }  # fmt: skip
        back = httpx.get(f"{self.provider.url}/authorize", params=asked).headers["location"]
        code = parse_qs(urlsplit(back).query)["code"][0]
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": PROGRAM,
            "client_id": self.provider.client_id, "code_verifier": VERIFIER,
        }  # fmt: skip
        return self._token(form)

    def own_token(self) -> str:
        """What a program gets for itself (client credentials)."""
        return self._token({"grant_type": "client_credentials", "resource": AUDIENCE})[
            "access_token"
        ]

    def _token(self, form: dict[str, str]) -> dict[str, str]:
        form |= {"client_id": self.provider.client_id}
        if self.provider.client_secret is not None:
            form |= {"client_secret": self.provider.client_secret}
        answer = httpx.post(f"{self.provider.url}/token", data=form)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def program(self, token: str) -> httpx.Client:
        client = self.portal.client()
        client.headers["authorization"] = f"Bearer {token}"
        return client


def people(issuer: str) -> tuple[Any, ...]:
    def account(subject: str) -> str:
        return f"{issuer}|{subject}"

    return (
        *CAST,
        build_person("kim", "Kim Known", account=account("kim")),
        build_person("ola", "Ola Office", PortalRole.OPERATOR, account=account("ola"),
                     employer="OPM", employment_class="state_employee"),
        build_person("left", "Leo Left", account=account("leo"), employed_until=date(2024, 6, 30)),
        build_person("etl", "Nightly export", account=account("export")),
    )  # fmt: skip


def serve_pair(home: Path, limits: Limits = UNLIMITED, **settings: Any) -> Iterator[Pair]:
    facts: dict[str, Any] = {"secret_in_form": True, "resources": {AUDIENCE, "api://other"}}
    with run_provider(**facts) as provider:
        provider.redirect_uris.add(PROGRAM)
        url = f"http://127.0.0.1:{free_port()}"
        programme = open_throwaway(
            home, people=people(provider.url), base_url=url, oidc_issuer=provider.url,
            oidc_client_id=provider.client_id, oidc_client_secret=provider.client_secret,
            **settings,
        )  # fmt: skip
        with run_portal(home, programme=programme, development=False, limits=limits) as portal:
            yield Pair(portal, provider)
        programme.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    yield from serve_pair(tmp_path_factory.mktemp("bearer"), oidc_api_audience=AUDIENCE)


def challenge_of(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.headers["www-authenticate"])


def test_a_program_acts_as_its_person_and_the_ledger_says_so(pair: Pair) -> None:
    kim = pair.program(pair.tokens("kim")["access_token"])
    who = kim.get("/api/session").json()
    assert (who["person"], who["roles"], who["csrf_token"]) == ("kim", ["requestor"], "")
    begun = kim.post("/api/v1/requests", json={"content": {"title": "By a program"}, "once": "1"})
    assert begun.status_code == 201, begun.text
    number = begun.json()["number"]
    assert kim.get(f"/api/v1/requests/{number}").json()["requestor"] == "kim"
    assert not kim.cookies
    assert "set-cookie" not in begun.headers

    refused = kim.get("/api/v1/people")
    assert refused.status_code == 403
    p = pair.portal.programme
    auditor = Actor(find_by_id(p, "alma"))
    newest = list_entries(p, auditor, per_page=2).items
    facts = [read_entry(p, auditor, e.seq).facts or {} for e in newest]
    assert [(e.tag, f["by"]) for e, f in zip(newest, facts, strict=True)] == [
        ("action:denied", "kim"), ("data_request:drafted", "kim"),
    ]  # fmt: skip

    # The operator's program sees all, and cannot act for the requestor either.
    ola = pair.program(pair.tokens("ola")["access_token"])
    assert ola.get("/api/v1/people").status_code == 200
    assert ola.post(f"/api/v1/requests/{number}/submit", json={}).status_code == 403


def test_a_program_without_a_person_needs_a_record(pair: Pair) -> None:
    answer = pair.program(pair.own_token()).get("/api/session")
    assert answer.status_code == 401
    assert "nobody on record" in answer.json()["detail"]
    assert 'error="invalid_token"' in challenge_of(answer)
    pair.provider.client_id, known = "export", pair.provider.client_id
    try:
        assert pair.program(pair.own_token()).get("/api/session").json()["person"] == "etl"
    finally:
        pair.provider.client_id = known


def test_only_an_access_token_for_this_site_by_a_person_who_works_here(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "governance")
    good = pair.tokens("kim")
    pair.provider.spoil = lambda header, claims: claims.update(exp=1_600_000_000)
    old = pair.tokens("kim")["access_token"]
    pair.provider.spoil = lambda header, claims: None
    refused = {
        "ID token": (good["id_token"], "an ID token"),
        "for another site": (pair.tokens("kim", "api://other")["access_token"], "another site"),
        "expired": (old, "has expired"),
        "of a leaver": (pair.tokens("leo")["access_token"], "has ended"),
        "of a stranger": (pair.tokens("ana")["access_token"], "nobody on record"),
        "opaque": ("opaque-and-secret", "cannot be read"),
        "spoiled": (good["access_token"][:-8] + "AAAAAAAA", "does not fit"),
    }
    p = pair.portal.programme
    before = list_entries(p, PUBLIC).total
    for kind, (token, words) in refused.items():
        for method, path in (("GET", "/api/session"), ("POST", "/api/v1/requests")):
            answer = pair.program(token).request(method, path, json={"content": {}})
            assert answer.status_code == 401, kind
            assert words in answer.json()["detail"], kind
            assert 'error="invalid_token"' in challenge_of(answer), kind
            for part in filter(None, token.split(".")):
                assert part not in answer.text + str(answer.headers) + caplog.text, kind
    assert list_entries(p, PUBLIC).total == before
    for header in ("Bearer", "Bearer a b", "bearer"):
        answer = pair.portal.client().get("/api/session", headers={"authorization": header})
        assert answer.status_code == 400
        assert 'error="invalid_request"' in challenge_of(answer)
    assert pair.portal.client().get("/api/v1/people").headers["www-authenticate"] == (
        'Bearer realm="governance"'
    )
    page = pair.program(good["access_token"]).get("/requests")
    assert page.status_code == 400
    assert "this page is for people" in page.json()["detail"].lower()


def test_the_token_alone_says_who_asks(pair: Pair) -> None:
    """A session's cookie beside a token says nothing: neither who asks, nor more rights."""
    way = pair.portal.app.portal
    secret = way.sessions.begin("ola", f"{pair.provider.url}|ola", way.programme.clock())
    client = pair.portal.client()
    client.cookies.set("session", secret)
    assert client.get("/api/session").json()["person"] == "ola"
    kim = {"authorization": f"Bearer {pair.tokens('kim')['access_token']}"}
    assert client.get("/api/session", headers=kim).json()["person"] == "kim"
    assert client.get("/api/v1/people", headers=kim).status_code == 403
    wrong = {"authorization": "Bearer e30.e30.e30"}
    assert client.get("/api/v1/people", headers=wrong).status_code == 401
    # Without one, what a session writes still needs its form token.
    assert client.post("/api/v1/requests", json={"content": {}}).status_code == 403
    assert client.post("/api/v1/requests", json={"content": {}}, headers=kim).status_code == 201


def test_keys_rotate_under_programs(pair: Pair) -> None:
    way: Any = pair.portal.app.portal.sign_in
    before = pair.tokens("kim")["access_token"]
    assert pair.program(before).get("/api/session").status_code == 200
    pair.provider.rotate("EC")
    way.provider.keys._fetched_at -= 60
    assert pair.program(pair.tokens("kim")["access_token"]).get("/api/session").status_code == 200
    assert pair.program(before).get("/api/session").status_code == 401
    asked = pair.provider.asked.count("keys")
    for _ in range(5):
        forged = f"{before.split('.')[0]}.{secrets.token_hex(8)}.AA"
        assert pair.program(forged).get("/api/session").status_code == 401
    assert pair.provider.asked.count("keys") == asked


def test_roles_that_claims_give_are_needed_on_record_and_in_the_token(tmp_path: Path) -> None:
    """And rates are counted by the token's subject, whatever token it is."""
    limits = Limits(
        address=UNLIMITED.address, sign_in=UNLIMITED.sign_in, writes=Rate(1, 0.001),
        session=Rate(8, 0.001),
    )  # fmt: skip
    settings: dict[str, Any] = {
        "oidc_api_audience": AUDIENCE, "oidc_role_map": {"grp-office": "operator"},
    }  # fmt: skip
    for pair in serve_pair(tmp_path, limits, **settings):
        users = pair.provider.users
        users["ola"] = {"roles": ["grp-office"]}
        users["kim"] = {"roles": ["grp-office"]}

        def roles(user: str, of: Pair = pair) -> list[str]:
            answer = of.program(of.tokens(user)["access_token"]).get("/api/session")
            return list(answer.json()["roles"])

        assert roles("ola") == ["operator"]
        assert roles("kim") == ["requestor"]  # the record does not say so until they sign in
        users["ola"] = {}
        assert roles("ola") == ["requestor"]  # taken away since the record was brought up to date
        users["ola"] = {"roles": ["grp-office"], "_claim_names": {"roles": "src1"}}
        answer = pair.program(pair.tokens("ola")["access_token"]).get("/api/session")
        assert answer.status_code == 401
        assert "too many" in answer.json()["detail"]

        program = pair.program(pair.tokens("kim")["access_token"])
        assert program.post("/api/v1/requests", json={"content": {}}).status_code == 201
        another = pair.program(pair.tokens("kim")["access_token"])
        assert another.post("/api/v1/requests", json={"content": {}}).status_code == 429
        statuses = [another.get("/api/session").status_code for _ in range(9)]
        assert statuses[0] == 200
        assert statuses[-1] == 429


def test_where_no_audience_is_set_no_token_is_taken(tmp_path: Path) -> None:
    for pair in serve_pair(tmp_path):
        answer = pair.program(pair.tokens("kim")["access_token"]).get("/api/session")
        assert answer.status_code == 401
        assert answer.json()["detail"] == "This site takes no access tokens."
        assert "www-authenticate" not in pair.portal.client().get("/api/v1/people").headers

"""Sign-in against a running provider: the way it goes, and every way it must not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey

from governance.people import PortalRole
from governance.portal.sign_in.provider import Provider as Client
from governance.services.people import find_by_account, find_by_id
from tests.lib.oidc_provider import Provider, run_provider
from tests.lib.portal import (
    CAST,
    RunningPortal,
    build_person,
    free_port,
    open_throwaway,
    run_portal,
    token_of,
)

ROLES = {"grp-office": "operator", "grp-audit": "auditor"}


@dataclass
class Pair:
    portal: RunningPortal
    provider: Provider

    def start(self, client: httpx.Client, to: str = "/account") -> str:
        """Begin in a browser; the address of the provider it leads to."""
        page = client.get("/sign-in", params={"next": to})
        sent = {"csrf_token": token_of(page.text), "next": to}
        answer = client.post("/sign-in/start", data=sent)
        assert answer.status_code == 303
        return str(answer.headers["location"])

    def back(self, address: str) -> str:
        """What the provider leads back to."""
        answer = httpx.get(address)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def sign_in(self, client: httpx.Client, to: str = "/account") -> httpx.Response:
        return client.get(self.back(self.start(client, to)))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with run_provider() as provider:
        url = f"http://127.0.0.1:{free_port()}"
        provider.redirect_uris.add(f"{url}/sign-in/callback")
        people = (
            *CAST,
            build_person("waits", "Wanda Waiting", PortalRole.REQUESTOR, account=None),
            build_person("rest", "Rita Rest", PortalRole.REQUESTOR, account=None),
            build_person("known", "Kim Known", account=f"{provider.url}|kim"),
            build_person(
                "left", "Leo Left", account=f"{provider.url}|leo", employed_until=date(2024, 6, 30)
            ),
        )
        programme = open_throwaway(
            tmp_path_factory.mktemp("oidc"), people=people, base_url=url,
            oidc_issuer=provider.url, oidc_client_id=provider.client_id,
            oidc_client_secret=provider.client_secret, oidc_role_map=ROLES,
        )  # fmt: skip
        with run_portal(Path(), programme=programme, development=False) as portal:
            yield Pair(portal, provider)
        programme.close()


@pytest.fixture(autouse=True)
def well_behaved(pair: Pair) -> None:
    provider = pair.provider
    provider.spoil = lambda header, claims: None
    provider.users = {
        "ana": {"name": "Ana New", "email": "ana@uni.example", "roles": ["grp-office"]},
        "kim": {"name": "Kim Known", "email": "known@example.org"},
        "leo": {"name": "Leo", "email": "left@example.org"},
        "wanda": {"name": "Wanda", "email": "waits@example.org", "email_verified": True},
        "mallory": {"name": "M", "email": "waits@example.org", "email_verified": False},
        "trudy": {"preferred_username": "waits@example.org", "email_verified": True},
    }
    provider.user, provider.up, provider.issuer_sent = "ana", True, None
    provider.sends_issuer, provider.secret_in_form, provider.says = True, False, None
    way: Any = pair.portal.app.portal.sign_in
    way.provider._published = None  # what it says is asked anew


def test_a_newcomer_signs_in_and_out(pair: Pair) -> None:
    client = pair.portal.client()
    answer = pair.sign_in(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "Ana New" in client.get("/account").text
    person = find_by_account(pair.portal.programme, f"{pair.provider.url}|ana")
    assert person is not None
    assert person.roles == (PortalRole.OPERATOR,)
    out = pair.portal.send(client, "/sign-out")
    assert urlsplit(out.headers["location"]).path == "/logout"
    left = httpx.get(out.headers["location"])
    assert left.headers["location"] == f"{pair.portal.url}/signed-out"
    assert "Signed out" in client.get("/signed-out").text
    assert client.get("/account").status_code == 303


def test_an_enabled_group_gives_a_role_and_its_loss_takes_it(pair: Pair) -> None:
    account = f"{pair.provider.url}|ana"
    for groups, roles in (
        (["grp-office", "unknown"], (PortalRole.OPERATOR,)),
        (["grp-audit"], (PortalRole.AUDITOR,)),
        ([], (PortalRole.REQUESTOR,)),
        (None, (PortalRole.REQUESTOR,)),
    ):
        pair.provider.users["ana"].pop("roles", None)
        if groups is not None:
            pair.provider.users["ana"]["roles"] = groups
        pair.sign_in(pair.portal.client())
        person = find_by_account(pair.portal.programme, account)
        assert person is not None
        assert person.roles == roles
    pair.provider.users["ana"]["roles"] = ["grp-office", "grp-audit"]
    assert "changes nothing" in pair.sign_in(pair.portal.client()).text
    pair.provider.users["ana"]["_claim_names"] = {"roles": "src1"}
    assert "too many groups" in pair.sign_in(pair.portal.client()).text


def test_only_a_verified_address_claims_a_waiting_record(pair: Pair) -> None:
    for user in ("mallory", "trudy"):  # who chose a name that looks like an address proved nothing
        pair.provider.user = user
        pair.sign_in(pair.portal.client())
        waiting = find_by_id(pair.portal.programme, "waits")
        assert waiting is not None
        assert waiting.account is None
    pair.provider.user = "wanda"
    pair.sign_in(pair.portal.client())
    found = find_by_id(pair.portal.programme, "waits")
    assert found is not None
    assert found.account == f"{pair.provider.url}|wanda"


def test_a_leaver_does_not_come_back(pair: Pair) -> None:
    pair.provider.user = "leo"
    answer = pair.sign_in(pair.portal.client())
    assert answer.status_code == 403
    assert "has ended" in answer.text


def test_keys_rotate(pair: Pair) -> None:
    way: Any = pair.portal.app.portal.sign_in
    for kind in ("EC", "RSA"):
        pair.provider.rotate(kind)
        way.provider.keys._fetched_at = None  # the half minute between fetches, passed
        assert pair.sign_in(pair.portal.client()).status_code == 303
    asked = pair.provider.asked.count("keys")
    assert pair.sign_in(pair.portal.client()).status_code == 303
    assert pair.provider.asked.count("keys") == asked  # known keys are not asked for again


def test_the_secret_goes_in_the_form_where_the_provider_wants_it(pair: Pair) -> None:
    pair.provider.secret_in_form = True
    way: Any = pair.portal.app.portal.sign_in
    way.provider._published = None
    assert pair.sign_in(pair.portal.client()).status_code == 303
    pair.provider.secret_in_form = False
    way.provider._published = None


def test_what_the_token_leaves_out_the_user_info_says(pair: Pair) -> None:
    """Of the same person only, and never whether the token's own address is verified."""
    way: Any = pair.portal.app.portal.sign_in
    said = {"name": "Una Said", "email": "una@uni.example", "roles": ["grp-audit"]}
    cases: tuple[tuple[dict[str, Any], dict[str, Any], int, str], ...] = (
        ({}, said, 303, "Una Said"),
        ({"name": "Una Token"}, said, 303, "Una Token"),
        ({}, said | {"sub": "somebody-else"}, 403, ""),
        ({}, said | {"email": None}, 403, ""),
        # The office's waiting record is claimed by nobody whose token's address is unverified.
        ({"email": "rest@example.org"}, said | {"email_verified": True}, 303, "Una Said"),
        ({"email_verified": True}, said | {"email": "rest@example.org"}, 303, "Una Said"),
    )
    for number, (claims, says, status, name) in enumerate(cases):
        way.provider._published = None
        pair.provider.user = f"una-{number}"
        pair.provider.users[pair.provider.user] = claims
        pair.provider.says = {"sub": pair.provider.user} | says
        client = pair.portal.client()
        assert pair.sign_in(client).status_code == status, (claims, says)
        assert name in client.get("/account").text
    rest = find_by_id(pair.portal.programme, "rest")
    assert rest is not None
    assert rest.account is None


def _claim(name: str, value: object) -> Callable[[Any, Any], Any]:
    def spoil(header: Any, claims: Any) -> None:
        if value is None:
            claims.pop(name)
        else:
            claims[name] = value

    return spoil


def _unsigned(header: Any, claims: Any) -> str:
    header["alg"] = "none"
    return "none"


def _other_key(header: Any, claims: Any) -> RSAKey:
    return RSAKey.generate_key(2048)


def _unknown_key(header: Any, claims: Any) -> RSAKey:
    header["kid"] = "another"
    return RSAKey.generate_key(2048)


def _key_of_the_public_key(header: Any, claims: Any) -> OctKey:
    """The classic: the public key as the secret of an HMAC."""
    header["alg"] = "HS256"
    return OctKey.import_key("public-key-as-a-secret-of-enough-bytes")


ATTACKS: dict[str, Callable[[Any, Any], Any]] = {
    "nonce of another sign-in": _claim("nonce", "of-somebody-else"),
    "no nonce": _claim("nonce", None),
    "another audience": _claim("aud", "another-client"),
    "several audiences, no party": _claim("aud", ["portal", "another"]),
    "another party": _claim("azp", "another"),
    "another issuer": _claim("iss", "https://evil.example"),
    "expired": _claim("exp", 1_600_000_000),
    "no expiry": _claim("exp", None),
    "text for expiry": _claim("exp", "never"),
    "old": _claim("iat", 1_600_000_000),
    "made in the future": _claim("iat", 4_000_000_000),
    "not valid yet": _claim("nbf", 4_000_000_000),
    "no subject": _claim("sub", None),
    "empty subject": _claim("sub", ""),
    "no signature": _unsigned,
    "signed by another key": _other_key,
    "signed by an unknown key": _unknown_key,
    "signed with an HMAC": _key_of_the_public_key,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_token_that_is_not_right_signs_nobody_in(pair: Pair, attack: str) -> None:
    pair.provider.spoil = ATTACKS[attack]
    client = pair.portal.client()
    answer = pair.sign_in(client)
    assert answer.status_code == 403
    assert "could not be completed" in answer.text
    assert "session" not in client.cookies
    assert client.get("/account").status_code == 303


def test_answers_that_are_not_this_browsers_own(pair: Pair) -> None:
    mine, other = pair.portal.client(), pair.portal.client()
    to_mine, to_other = (pair.back(pair.start(c)) for c in (mine, other))
    # An attacker's answer in my browser (mixed-up state), and mine in a browser that began none.
    assert mine.get(to_other).status_code == 403
    assert pair.portal.client().get(to_mine).status_code == 403
    # A state that fits with a code of another sign-in: the verifier does not fit.
    state = parse_qs(urlsplit(to_mine).query)["state"][0]
    code = parse_qs(urlsplit(to_other).query)["code"][0]
    mixed = urlencode({"state": state, "code": code, "iss": pair.provider.url})
    assert mine.get(f"/sign-in/callback?{mixed}").status_code == 403
    # Mine, still good; and replayed.
    assert mine.get(to_mine).status_code == 303
    assert mine.get(to_mine).status_code == 403


def test_a_code_is_good_once(pair: Pair) -> None:
    client = pair.portal.client()
    to = pair.back(pair.start(client))
    cookies = dict(client.cookies)
    assert client.get(to).status_code == 303
    thief = pair.portal.client()
    thief.cookies.update(cookies)
    assert thief.get(to).status_code == 403


@pytest.mark.parametrize("issuer", ["https://evil.example", ""])
def test_an_answer_of_another_issuer(pair: Pair, issuer: str) -> None:
    client = pair.portal.client()
    to = pair.back(pair.start(client))
    query = {n: v[0] for n, v in parse_qs(urlsplit(to).query).items()} | {"iss": issuer}
    if not issuer:
        del query["iss"]
    assert client.get(f"/sign-in/callback?{urlencode(query)}").status_code == 403


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "/\tevil", "javascript:alert(1)", "", "/%0d%0aSet-Cookie: a=b\r\nX: y",
    ],
)  # fmt: skip
def test_nobody_is_led_elsewhere_after_signing_in(pair: Pair, to: str) -> None:
    answer = pair.sign_in(pair.portal.client(), to)
    assert answer.headers["location"] == "/"


def test_a_session_is_new_at_every_sign_in(pair: Pair) -> None:
    client = pair.portal.client()
    pair.sign_in(client)
    first = client.cookies["session"]
    pair.provider.user = "kim"
    fixed = pair.portal.client()
    fixed.cookies.set("session", first)
    token = token_of(fixed.get("/account").text)
    answer = fixed.post("/sign-in/start", data={"csrf_token": token, "next": "/account"})
    done = fixed.get(pair.back(answer.headers["location"]))
    assert done.cookies["session"] != first
    # The session from before is over, whoever still has its cookie.
    assert client.get("/account").status_code == 303


def test_a_provider_that_does_not_answer_is_said_so(pair: Pair) -> None:
    way: Any = pair.portal.app.portal.sign_in
    way.provider._published = None
    pair.provider.up = False
    client = pair.portal.client()
    page = client.get("/sign-in")
    answer = client.post("/sign-in/start", data={"csrf_token": token_of(page.text), "next": "/"})
    assert answer.status_code == 403
    assert "could not be completed" in answer.text


def test_a_discovery_of_somebody_else_is_refused(pair: Pair) -> None:
    way: Any = pair.portal.app.portal.sign_in
    other = Client(pair.provider.url + "/", way.provider.client)
    with pytest.raises(Exception, match="issuer_of_discovery"):
        other.published()


def test_the_policy_lets_forms_lead_to_the_provider_only(pair: Pair) -> None:
    policy = pair.portal.client().get("/").headers["content-security-policy"]
    assert policy.endswith(f"form-action 'self' {pair.provider.url}")
    assert "unsafe" not in policy


def test_who_signs_out_elsewhere_is_signed_out_here(pair: Pair) -> None:
    """By the provider's own word only, without a cookie or a form token."""
    pair.provider.user = "kim"

    def begin(session: str) -> httpx.Client:
        pair.provider.users["kim"]["sid"] = session
        client = pair.portal.client()
        assert pair.sign_in(client).status_code == 303
        return client

    def is_in(client: httpx.Client) -> bool:
        return client.get("/account").status_code == 200

    def tell(token: str) -> httpx.Response:
        address = f"{pair.portal.url}/back-channel-logout"
        return httpx.post(address, data={"logout_token": token})

    first, second, third = begin("x-1"), begin("x-2"), begin("x-3")
    for nonsense in ("", "e30.e30.e30", pair.provider.access_token("kim", "portal")):
        assert tell(nonsense).status_code == 400
    refused = tell(pair.provider.logout_token(sub="kim", nonce="n"))
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_request"})
    assert refused.headers["cache-control"] == "no-store"
    assert all(map(is_in, (first, second, third)))
    assert tell(pair.provider.logout_token(sid="x-1")).status_code == 200
    assert [is_in(c) for c in (first, second, third)] == [False, True, True]
    assert tell(pair.provider.logout_token(sub="kim", sid="x-2")).status_code == 200
    assert [is_in(c) for c in (second, third)] == [False, True]
    assert tell(pair.provider.logout_token(sub="ana")).status_code == 200
    assert is_in(third)
    assert tell(pair.provider.logout_token(sub="kim")).status_code == 200
    assert not is_in(third)

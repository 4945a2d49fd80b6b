"""Sign-in, a program's token and sign-out in a browser, at a provider that is not ours.

The portal's policy on where forms may lead holds in a browser only: here it is tried.
"""

import re
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import httpx
import pytest

from governance.people import PortalRole
from governance.services.people import find_by_account
from tests.lib.certified_provider import SECRET, CertifiedProvider, run_certified_provider
from tests.lib.oidc_provider import challenge_of
from tests.lib.portal import free_port, open_throwaway, run_portal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

USERS = {
    "ana": {
        "name": "Ana New", "email": "ana@uni.example", "email_verified": True,
        "roles": ["grp-audit"],
    }
}  # fmt: skip


def test_a_certified_provider_signs_people_and_programs_in(
    tmp_path_factory: pytest.TempPathFactory, browser: "Browser"
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with run_certified_provider(url, USERS) as provider:
        home = tmp_path_factory.mktemp("certified")
        programme = open_throwaway(home, base_url=url, **provider.settings)
        with run_portal(home, programme=programme, development=False) as portal:
            page = portal.page(browser)
            refused = _watch_policy(page)
            page.goto("/account")
            page.get_by_role("button", name="Sign in with my organization").click()
            _answer(page)
            page.wait_for_url("**/account")
            assert page.get_by_role("link", name="Ana New").is_visible()
            person = find_by_account(programme, f"{provider.url}|ana")
            assert person is not None
            assert (person.email, person.roles) == ("ana@uni.example", (PortalRole.AUDITOR,))

            token = _program_token(page, provider, url)
            answer = httpx.get(
                f"{url}/api/session", headers={"authorization": f"Bearer {token['access_token']}"}
            )
            assert answer.json()["person"] == person.id, answer.text
            other = {"authorization": f"Bearer {token['id_token']}"}
            assert httpx.get(f"{url}/api/session", headers=other).status_code == 401

            elsewhere = _second_session(page, url)
            page.goto("/account")
            page.get_by_role("button", name="Sign out", exact=True).click()
            page.get_by_role("button", name=re.compile("Yes")).click()
            page.wait_for_url("**/signed-out")
            page.goto("/account")
            assert "/sign-in" in page.url
            # The provider told it, and so the same person's other session is over too.
            assert elsewhere.get("/account").status_code == 303
            elsewhere.close()
            assert not refused
            page.context.close()
        programme.close()


def _second_session(page: "Page", url: str) -> httpx.Client:
    """Sign in once more; who keeps the first session's cookie is still signed in."""
    cookie = next(c for c in page.context.cookies() if c["name"] == "session")
    kept = httpx.Client(base_url=url, cookies={"session": str(cookie["value"])})
    page.context.clear_cookies(name="session")
    page.goto("/account")
    page.get_by_role("button", name="Sign in with my organization").click()
    page.wait_for_url("**/account")
    assert kept.get("/account").status_code == 200
    return kept


def _watch_policy(page: "Page") -> list[str]:
    """What the browser's content policy refuses from now on; forms may lead to the provider."""
    refused: list[str] = []

    def note(text: str) -> None:
        if "Content Security Policy" in text:
            refused.append(text)

    page.on("console", lambda message: note(message.text))
    return refused


def _answer(page: "Page") -> None:
    """On the provider's own pages: who, any password, yes."""
    page.get_by_placeholder(re.compile("login", re.IGNORECASE)).fill("ana")
    page.get_by_placeholder(re.compile("password", re.IGNORECASE)).fill("any")
    page.get_by_role("button", name=re.compile("Sign-in")).click()
    page.get_by_role("button", name=re.compile("Continue")).click()


def _program_token(page: "Page", provider: CertifiedProvider, url: str) -> Mapping[str, str]:
    """A code for the interface's audience, taken from the address bar before the portal gets it."""
    verifier, back = secrets.token_urlsafe(48), f"{url}/sign-in/callback"
    asked = {
        "response_type": "code", "client_id": "portal", "redirect_uri": back,
        "scope": "openid portal", "resource": provider.audience, "state": "s", "nonce": "n",
        "code_challenge": challenge_of(verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    with page.expect_request(re.compile(r"/sign-in/callback\?")) as caught:
        page.goto(f"{provider.url}/auth?{urlencode(asked)}")
        if "/interaction/" in page.url:
            page.get_by_role("button", name=re.compile("Continue")).click()
    code = parse_qs(urlsplit(caught.value.url).query)["code"][0]
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": back,
        "code_verifier": verifier, "resource": provider.audience,
    }  # fmt: skip
    answer = httpx.post(f"{provider.url}/token", data=form, auth=("portal", quote(SECRET, safe="")))
    assert answer.status_code == 200, answer.text
    tokens: Mapping[str, str] = answer.json()
    return tokens

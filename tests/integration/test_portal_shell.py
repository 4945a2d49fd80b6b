"""The running shell: who gets in, what is refused and how it is said."""

import asyncio
import logging
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.routing import APIRoute

from governance.people import PersonEnded
from governance.portal import create_app
from governance.portal.app import PortalApp
from governance.portal.declared import declared_of
from governance.portal.limits import Limits, Rate
from governance.portal.routes import DECLARED
from governance.portal.security import CONTENT_SECURITY_POLICY
from governance.portal.sign_in.ways import UnsafeDevelopmentSignIn
from governance.store.tables import ledger_entries
from tests.lib.portal import (
    MANY,
    RunningPortal,
    hidden_of,
    open_throwaway,
    run_portal,
    token_of,
)
from tests.lib.portal_pages import SAVED, add_widgets


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with run_portal(tmp_path_factory.mktemp("portal"), change=add_widgets) as running:
        yield running


@pytest.fixture(scope="module")
def rita(portal: RunningPortal) -> httpx.Client:
    return portal.client("rita")


def _events(portal: RunningPortal, tag: str) -> int:
    with portal.programme.store.read() as unit:
        tags = unit.connection.scalars(ledger_entries.select().with_only_columns(
            ledger_entries.c.tag)).all()  # fmt: skip
    return tags.count(tag)


def _ask(app: PortalApp, address: str) -> httpx.Response:
    """One GET without a server, as a proxy on another machine would pass it on."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=("10.1.2.3", 50_000))
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.get(address)

    return asyncio.run(ask())


# ---- routes ---------------------------------------------------------------------------------


def test_every_route_of_the_application_is_declared(portal: RunningPortal) -> None:
    known = {(d.method, d.path) for d in DECLARED}
    for route in portal.app.routes:
        declared = declared_of(route)
        assert declared is not None, route
        assert isinstance(route, APIRoute)
        assert route.methods == {declared.method}
        assert route.path == declared.path
        assert route.path.startswith("/widgets") or "widgets" in route.path or (
            (declared.method, declared.path) in known
        )  # fmt: skip


def test_no_get_takes_a_form_token_and_every_post_needs_one(portal: RunningPortal) -> None:
    for who in (None, "rita"):
        client = portal.client(who)
        for declared in DECLARED:
            # What the sign-in provider sends is signed, and comes from no page of ours.
            ours = declared.writes and not declared.from_elsewhere
            if ours and "{" not in declared.path:
                answer = client.request(declared.method, declared.path)
                assert answer.status_code == 403, declared
                assert "could not be" in answer.text or "did not come" in answer.text


# ---- headers --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nope", "/widgets/fails", "/health"])
def test_every_answer_has_the_headers(portal: RunningPortal, path: str) -> None:
    headers = portal.client().get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
    assert "strict-transport-security" not in headers  # plain http on this machine


def test_behind_https_cookies_are_bound_to_the_host(tmp_path: Path) -> None:
    programme = open_throwaway(tmp_path, base_url="https://data.example.gov")
    answer = _ask(create_app(programme), "https://data.example.gov/sign-in")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-signing-in=")
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
    assert "Sign-in is not set up" in answer.text
    # Development sign-in does not answer to people from elsewhere, whatever was configured.
    near = create_app(programme, sign_in=UnsafeDevelopmentSignIn("127.0.0.1"))
    assert _ask(near, "https://data.example.gov/sign-in").status_code == 404
    programme.close()


def test_static_files_are_kept_for_a_year_and_compressed(portal: RunningPortal) -> None:
    client = portal.client()
    assets = portal.app.portal.assets
    answer = client.get(assets.address("css/uswds.min.css"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["x-content-type-options"] == "nosniff"
    plain = client.get(assets.address("portal.css"), headers={"Accept-Encoding": "identity"})
    assert plain.content == assets.files["portal.css"].data
    for path in ("/static/", "/static/0/portal.css", f"/static/{assets.digest}/../app.py"):
        assert client.get(path).status_code == 404


# ---- hosts, origins, tokens -----------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil:80"])
def test_other_names_are_not_answered(portal: RunningPortal, host: str) -> None:
    answer = portal.client().get("/", headers={"Host": host})
    assert answer.status_code == 421
    assert "Wrong address" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
    ],
)  # fmt: skip
def test_forms_of_other_sites_are_refused(
    portal: RunningPortal, rita: httpx.Client, headers: dict[str, str]
) -> None:
    token = token_of(rita.get("/account").text)
    answer = rita.post("/account/sign-out-everywhere", data={"csrf_token": token}, headers=headers)
    assert answer.status_code == 403
    assert rita.get("/account").status_code == 200


def test_a_form_token_is_good_in_its_own_session_only(
    portal: RunningPortal, rita: httpx.Client
) -> None:
    other = portal.client("omar")
    token = token_of(other.get("/account").text)
    for sent in ({}, {"csrf_token": ""}, {"csrf_token": "x"}, {"csrf_token": token}):
        answer = rita.post("/widgets/new", data={**sent, "title": "A long text I typed"})
        assert answer.status_code == 403
        assert "Please send the form again" in answer.text
        assert "A long text I typed" in answer.text  # and is not lost


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", "text/xml"]
)
def test_a_form_takes_forms_only(rita: httpx.Client, kind: str) -> None:
    answer = rita.post("/widgets/new", content=b"--x--", headers={"Content-Type": kind})
    assert answer.status_code == 415


# ---- sizes and rates ------------------------------------------------------------------------


def test_too_much_is_refused_announced_or_not(portal: RunningPortal, rita: httpx.Client) -> None:
    big = b"title=" + b"x" * 1_200_000
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    announced = rita.post("/widgets/new", content=big, headers=kind)
    assert announced.status_code == 413
    assert "too large" in announced.text

    def blocks() -> Iterator[bytes]:
        for start in range(0, len(big), 65_536):
            yield big[start : start + 65_536]

    assert rita.post("/widgets/new", content=blocks(), headers=kind).status_code == 413
    many = "&".join(f"f{n}=1" for n in range(6_000)).encode()
    assert rita.post("/widgets/new", content=many, headers=kind).status_code == 400


def test_too_often_is_refused_with_when_to_come_back(tmp_path: Path) -> None:
    slow = Limits(address=MANY, sign_in=Rate(3, 0.1), session=Rate(5, 0.1), writes=Rate(2, 0.1))
    with run_portal(tmp_path, limits=slow) as portal:
        client = portal.client("rita")
        answers = [client.get("/account") for _ in range(8)]
        assert [a.status_code for a in answers].count(429) >= 3
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert "Wait" in answers[-1].text
        tries = [portal.client().post("/sign-in/development") for _ in range(4)]
        assert tries[-1].status_code == 429
        api = client.get("/api/session")
        assert api.status_code == 429
        assert api.headers["content-type"] == "application/problem+json"


# ---- sessions -------------------------------------------------------------------------------


def test_signing_out_everywhere_ends_every_session(portal: RunningPortal) -> None:
    here, there = portal.client("ravi"), portal.client("ravi")
    answer = portal.send(here, "/account/sign-out-everywhere")
    assert answer.headers["location"] == "/?said=signed_out_everywhere"
    assert "signed out on all" in here.get(answer.headers["location"]).text
    for client in (here, there):
        assert client.get("/account").status_code == 303


def test_a_leavers_session_ends_at_once(tmp_path: Path) -> None:
    now = [datetime(2026, 3, 2, 15, 0, tzinfo=UTC)]
    with run_portal(tmp_path, clock=lambda: now[0]) as portal:
        rita, lena = portal.client("rita"), portal.client("lena")
        assert rita.get("/account").status_code == 200
        with portal.programme.store.begin() as unit:
            gone = PersonEnded(
                subject="rita", at=now[0], by="omar", last_day=date(2026, 3, 1), reason="left"
            )
            unit.append("person", "rita", (gone,), based_on=1, actor="omar")
        assert rita.get("/account").status_code == 303
        assert "rita" not in portal.client().get("/sign-in").text  # nor can she come back
        now[0] += timedelta(minutes=portal.programme.settings.session_minutes + 1)
        assert lena.get("/account").status_code == 303  # without a click for so long


def test_words_in_an_address_are_not_said(portal: RunningPortal) -> None:
    page = portal.client().get("/?said=Send+your+password+to+mallory").text
    assert "password" not in page


# ---- refusals and failures ------------------------------------------------------------------


def test_a_denial_is_shown_with_reason_remedy_and_rule_and_recorded(
    portal: RunningPortal, rita: httpx.Client
) -> None:
    before = _events(portal, "action:denied")
    answer = rita.get("/widgets/all")
    assert answer.status_code == 403
    for part in ("you may not list all requests", "What you can do:", "Rule:"):
        assert part in answer.text
    assert _events(portal, "action:denied") == before + 1
    public = portal.client().get("/widgets/all?x=1")
    assert public.headers["location"] == "/sign-in?next=%2Fwidgets%2Fall%3Fx%3D1"
    assert _events(portal, "action:denied") == before + 1  # an address scan fills no ledger
    api = rita.get("/api/widgets/all")
    assert api.status_code == 403
    assert api.headers["content-type"] == "application/problem+json"
    assert api.json()["denials"][0]["clause"]
    assert portal.client().get("/api/widgets/all").status_code == 401
    assert portal.client("omar").get("/api/widgets/all").json() == {"count": 60}


def test_what_is_not_there_is_said_so(portal: RunningPortal) -> None:
    client = portal.client()
    for path in ("/nope", "/widgets/999", "/api/nope", "/widgets/%00", "/widgets/new/"):
        answer = client.get(path)
        assert answer.status_code in {404, 422}, path
    assert client.get("/api/nope").json()["title"] == "Page not found"
    assert client.post("/").status_code == 405


def test_a_failure_says_a_number_and_nothing_else(
    portal: RunningPortal, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("governance").propagate = True
    with caplog.at_level(logging.INFO, "governance"):
        answer = portal.client().get("/widgets/fails?ssn=123456789")
        time.sleep(0.05)
    assert answer.status_code == 500
    number = answer.text.partition('portal-code">')[2].partition("<")[0]
    assert number
    assert number in caplog.text
    assert "ValueError" in caplog.text
    assert "portal_pages.py" in caplog.text
    for text in (answer.text, caplog.text):
        assert "123456789" not in text


def test_a_database_that_is_gone_is_no_secret_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with run_portal(tmp_path, change=add_widgets) as portal:
        client = portal.client("rita")
        with portal.programme.store.database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE sessions RENAME TO gone")
        for path in ("/account", "/nope", "/widgets/9"):
            answer = client.get(path)
            assert answer.status_code == 500
            assert "rror number" in answer.text
            assert "gone" not in answer.text
    assert "no such table" not in caplog.text


def test_a_broken_promise_of_ours_gets_a_number_too(portal: RunningPortal) -> None:
    answer = portal.client().get("/widgets/broken")
    assert answer.status_code == 500
    assert "portal-code" in answer.text
    assert "does not follow" not in answer.text


def test_the_log_has_the_route_and_no_query(
    portal: RunningPortal, rita: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("governance").propagate = True
    with caplog.at_level(logging.INFO, "governance.portal.access"):
        rita.get("/widgets/7?text=Ana+Maria")
        time.sleep(0.05)
    assert "GET /widgets/{number} 200" in caplog.text
    assert "Ana" not in caplog.text


# ---- forms and lists ------------------------------------------------------------------------

GOOD = {"title": "Outcomes", "ends_on": "2027-06-30", "people.0.name": "Ana"}


def test_a_form_is_refused_beside_its_fields_and_keeps_what_was_typed(
    portal: RunningPortal, rita: httpx.Client
) -> None:
    answer = portal.send(
        rita, "/widgets/new", form_of="/widgets/new", purpose="<b>why</b>", agencies="dol"
    )
    assert answer.status_code == 422
    page = answer.text
    assert '<a href="#field-title">Title: Fill this in.</a>' in page
    assert 'aria-describedby="field-title-hint field-title-error"' in page
    assert "&lt;b&gt;why&lt;/b&gt;</textarea>" in page
    assert 'value="dol" checked' in page
    assert 'name="based_on" value="3"' in page


def test_a_stale_form_keeps_the_text(portal: RunningPortal, rita: httpx.Client) -> None:
    answer = portal.send(
        rita,
        "/widgets/new",
        form_of="/widgets/new",
        title="stale",
        purpose="Much work\non this",
        do="save",
        **{"people.0.name": "Ann Other"},
    )
    assert answer.status_code == 409
    labels = re.findall(r'<label[^>]*for="typed-[0-9]+">([^<]+)<', answer.text)
    assert labels == ["Title", "Purpose", "People 1: name"]
    ended = {"title": "Typed before the session was over"}
    refused = portal.client().post(
        "/widgets/new", data=ended, headers={"referer": f"{portal.url}/widgets/new"}
    )
    assert refused.status_code == 403
    assert "Typed before the session was over</textarea>" in refused.text
    assert 'href="/sign-in?next=/widgets/new">Sign in</a>' in refused.text
    assert "Omar Operator returned it" in answer.text
    assert "Open the page again" not in answer.text  # the client said no page it came from
    assert "Much work\non this</textarea>" in answer.text
    assert "csrf" not in answer.text.partition("What you typed")[2]
    for site, offered in ((portal.url, True), ("https://evil.example", False)):
        hidden = hidden_of(rita.get("/widgets/new").text)
        sent = hidden | {"title": "stale"}
        page = rita.post("/widgets/new", data=sent, headers={"Referer": f"{site}/widgets/new?a=1"})
        assert ('href="/widgets/new">Open the page again' in page.text) is offered


def test_a_double_click_is_taken_once(portal: RunningPortal, rita: httpx.Client) -> None:
    hidden = hidden_of(rita.get("/widgets/new").text)
    before = len(SAVED)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: rita.post("/widgets/new", data=hidden | GOOD), range(8)))
    assert {a.status_code for a in answers} == {303}
    assert len({a.headers["location"] for a in answers}) == 1
    assert len(SAVED) == before + 1
    # Back button, sent again: the answer of the first time. Opened anew: a new one.
    assert (
        rita.post("/widgets/new", data=hidden | GOOD).headers["location"]
        == (answers[0].headers["location"])
    )
    fresh = hidden_of(rita.get("/widgets/new").text)
    assert rita.post("/widgets/new", data=fresh | GOOD).status_code == 303
    assert len(SAVED) == before + 2
    # A refused form may be mended and sent again with the same token.
    token = hidden_of(rita.get("/widgets/new").text)
    assert rita.post("/widgets/new", data=token).status_code == 422
    assert rita.post("/widgets/new", data=token | GOOD).status_code == 303


def test_a_list_works_without_scripts(portal: RunningPortal) -> None:
    client = portal.client()
    page = client.get("/widgets?status=granted&sort=rows&order=descending").text
    assert 'aria-sort="descending"' in page
    assert "12 results" in page
    assert client.get("/widgets?text=nothing+like+it").text.count("Nothing matches.") == 1
    exported = client.get("/widgets?status=granted&format=json")
    assert len(exported.json()) == 12
    assert exported.headers["content-disposition"] == 'attachment; filename="widgets.json"'
    assert client.get("/widgets?format=csv").text.startswith("number,title,status")


def test_the_interface_is_described_and_writes_need_the_token(
    portal: RunningPortal, rita: httpx.Client
) -> None:
    described = portal.client().get("/api/openapi.json").json()
    assert "/api/session" in described["paths"]
    assert not [p for p in described["paths"] if not p.startswith("/api/")]
    session = rita.get("/api/session").json()
    assert (session["person"], session["roles"]) == ("rita", ["requestor"])
    assert rita.post("/api/widgets?title=x").status_code == 403
    header = {"X-CSRF-Token": session["csrf_token"]}
    assert rita.post("/api/widgets?title=x", headers=header).json() == {"title": "x"}
    missing = rita.post("/api/widgets", headers=header)
    assert missing.status_code == 422
    assert missing.json()["problems"] == ["title: Field required"]


def test_files_are_taken_for_what_they_are(tmp_path: Path) -> None:
    with run_portal(
        tmp_path, change=add_widgets, settings={"upload_max_bytes": 2_000_000}
    ) as portal:
        rita = portal.client("rita")

        def file(name: str, content: bytes) -> httpx.Response:
            hidden = hidden_of(rita.get("/widgets/paper").text)
            return rita.post("/widgets/paper", data=hidden, files={"paper": (name, content)})

        assert file("..\\..\\etc/irb approval.PDF", b"%PDF-1.7 ...").status_code == 303
        kept = {"name": "irb approval.PDF", "type": "application/pdf", "size": 12}
        assert SAVED[-1] == kept
        assert file("", b"").status_code == 422
        for name, content in (("a.pdf", b"MZ"), ("a.html", b"<p>"), ("a.xlsx", b"PK\x03\x04")):
            assert file(name, content).status_code == 415, name
        assert file("a.pdf", b"%PDF-" + b"x" * 2_000_000).status_code == 413  # the file's own limit
        assert file("a.pdf", b"%PDF-" + b"x" * 4_000_000).status_code == 413  # the request's
        assert SAVED[-1] == kept
        nobody = portal.client().post("/widgets/paper", files={"paper": ("a.pdf", b"%PDF-")})
        assert nobody.status_code == 403


# ---- raw requests ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"POST /widgets/new HTTP/1.1\r\nHost: {h}\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        b"GET /%ff%fe HTTP/1.1\r\nHost: {h}\r\n\r\n",
        b"GET /?\xff HTTP/1.1\r\nHost: {h}\r\nCookie: session=\xff\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: {h}\r\n\r\n",
    ],
)
def test_odd_requests_get_a_refusal_not_a_failure(portal: RunningPortal, raw: bytes) -> None:
    address = urlsplit(portal.url)
    with socket.create_connection(("127.0.0.1", int(address.port or 0)), timeout=5) as connection:
        connection.sendall(raw.replace(b"{h}", address.netloc.encode()))
        answer = connection.recv(200)
    status = int(answer.split(b" ")[1])
    assert status < 500, answer


def test_a_page_takes_less_than_ten_milliseconds(portal: RunningPortal) -> None:
    """Of a processor, client included: session, person, permission and a list of 25 rows."""
    client = portal.client("omar")
    client.get("/widgets/all")
    pages, begun = 50, time.process_time()
    for _ in range(pages):
        assert client.get("/widgets/all").status_code == 200
    assert (time.process_time() - begun) / pages < 0.010

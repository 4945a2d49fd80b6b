"""The portal on loopback: a throw-away programme, signed-in clients and browser pages by person.

`with run_portal(home) as portal:` starts the real server in a thread. `portal.client("omar")` is an
HTTP client signed in by the development sign-in; `portal.page(browser, "omar")` a browser page.
`portal.send(client, path, **fields)` sends the form of a page as a browser would.
"""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

from governance.calendar import utc_now
from governance.people import Person, PersonRegistered, PortalRole
from governance.portal import create_app
from governance.portal.app import PortalApp
from governance.portal.limits import Limits, Rate
from governance.portal.sign_in.ways import SignIn, UnsafeDevelopmentSignIn
from governance.services import Programme, open_programme
from governance.settings import load_settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE, DESKTOP = 375, 1280
MANY = Rate(1_000_000, 1_000_000)
UNLIMITED = Limits(address=MANY, sign_in=MANY, session=MANY, writes=MANY)
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def build_person(person: str, name: str, *roles: PortalRole, **facts: Any) -> Person:
    """A person's record; a university's requestor unless said otherwise."""
    given: dict[str, Any] = {
        "id": person,
        "name": name,
        "email": f"{person}@example.org",
        "account": f"https://idp.example|{person}",
        "employer": "State University",
        "employment_class": "university",
        "roles": roles or (PortalRole.REQUESTOR,),
        "employed_from": date(2020, 1, 1),
    }
    return Person(**(given | facts))


_STATE = {"employment_class": "state_employee"}
CAST: tuple[Person, ...] = (
    build_person("rita", "Rita Requestor"),
    build_person("ravi", "Ravi Researcher"),
    build_person(
        "dana", "Dana Owner", PortalRole.DATA_OWNER, agency="sde",
        employer="Department of Education", **_STATE,
    ),
    build_person(
        "lena", "Lena Owner", PortalRole.DATA_OWNER, agency="dol",
        employer="Department of Labor", **_STATE,
    ),
    build_person(
        "stan", "Stan Steward", PortalRole.DATA_STEWARD, agency="sde",
        employer="Department of Education", **_STATE,
    ),
    build_person(
        "sig", "Sigrid Signatory", PortalRole.SIGNATORY, agency="sde", parties=("SDE",),
        employer="Department of Education", **_STATE,
    ),
    build_person("omar", "Omar Operator", PortalRole.OPERATOR, employer="OPM", **_STATE),
    build_person("alma", "Alma Auditor", PortalRole.AUDITOR, employer="OPM", **_STATE),
)  # fmt: skip
"""One person a role, and a second requestor and owner."""


@dataclass
class RunningPortal:
    """A portal that answers on loopback."""

    programme: Programme
    app: PortalApp
    url: str
    _clients: list[httpx.Client] = field(default_factory=list)

    def client(self, person: str | None = None) -> httpx.Client:
        """An HTTP client that keeps cookies and follows nothing; signed in as a person."""
        client = httpx.Client(base_url=self.url, timeout=30)
        self._clients.append(client)
        if person is not None:
            token = token_of(client.get("/sign-in").text)
            sent = {"csrf_token": token, "person": person, "next": "/account"}
            answer = client.post("/sign-in/development", data=sent)
            assert answer.status_code == 303, answer.text
        return client

    def page(self, browser: "Browser", person: str | None = None, width: int = DESKTOP) -> "Page":
        """A browser page of its own, signed in as a person."""
        context = browser.new_context(
            base_url=self.url, viewport={"width": width, "height": 900}, locale="en-US"
        )
        page = context.new_page()
        if person is not None:
            client = self.client(person)
            context.add_cookies(
                [{"name": c.name, "value": c.value or "", "url": self.url}
                 for c in client.cookies.jar]
            )  # fmt: skip
        return page

    def send(
        self, client: httpx.Client, path: str, *, form_of: str | None = None, **fields: object
    ) -> httpx.Response:
        """Send a form: hidden fields from the page that shows it (`form_of`, else `/account`)."""
        shown = client.get(form_of or "/account")
        assert shown.status_code == 200, (shown.status_code, form_of)
        hidden = hidden_of(shown.text) if form_of else {"csrf_token": token_of(shown.text)}
        return client.post(path, data=hidden | fields)


def token_of(html: str) -> str:
    """The form token of a page."""
    found = _TOKEN.search(html)
    assert found, "the page has no form"
    return found[1]


def hidden_of(html: str) -> dict[str, Any]:
    """The hidden fields of the main content's forms; the last of a name wins."""
    main = html.partition("<main")[2] or html
    return dict(_HIDDEN.findall(main)) or {"csrf_token": token_of(html)}


def open_throwaway(
    home: Path,
    *,
    people: Iterable[Person] = CAST,
    clock: Callable[[], datetime] = utc_now,
    **settings: object,
) -> Programme:
    """A programme in a folder, its database migrated, with people on record."""
    programme = open_programme(load_settings(home, **settings), clock=clock)
    programme.store.migrate()
    with programme.store.begin() as unit:
        for person in people:
            event = PersonRegistered(
                subject=person.id, at=datetime(2026, 1, 5, 14, tzinfo=UTC), by="omar", person=person
            )
            unit.append("person", person.id, (event,), based_on=0, actor="omar")
    return programme


@contextmanager
def run_portal(
    home: Path,
    *,
    programme: Programme | None = None,
    people: Iterable[Person] = CAST,
    sign_in: SignIn | None = None,
    development: bool = True,
    limits: Limits = UNLIMITED,
    clock: Callable[[], datetime] = utc_now,
    settings: Mapping[str, object] | None = None,
    change: Callable[[PortalApp], None] = lambda app: None,
) -> Iterator[RunningPortal]:
    """The portal of a throw-away programme, served until the end of the block.

    Args:
        programme: Instead of a new one; its `base_url` must be the address of `free_port`.
        change: Called with the application before it is served, to add routes.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    own = programme is None
    if programme is None:
        given = {"base_url": url, **(settings or {})}
        programme = open_throwaway(home, people=people, clock=clock, **given)
    if sign_in is None and development:
        sign_in = UnsafeDevelopmentSignIn("127.0.0.1")
    url = programme.settings.base_url
    app = create_app(programme, sign_in=sign_in, limits=limits)
    change(app)
    with serve(app, int(url.rpartition(":")[2])):
        running = RunningPortal(programme, app, url)
        try:
            yield running
        finally:
            for client in running._clients:
                client.close()
    if own:
        programme.close()


@contextmanager
def serve(app: Any, port: int) -> Iterator[None]:
    """Any ASGI application on loopback, in a thread."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off",
        server_header=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


def free_port() -> int:
    """A port nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

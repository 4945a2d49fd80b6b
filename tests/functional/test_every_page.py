"""Every page that can be opened, in a real browser, on a phone and on a desk: axe finds nothing.

Which pages there are the application says itself; for each somebody is found who may open it, in a
request's status in which it answers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from governance.portal.declared import DECLARED, Declared
from governance.requests.states import Status
from governance.services.publications import propose_publication
from tests.lib.browser import run_axe
from tests.lib.portal import DESKTOP, PHONE, RunningPortal, free_port, run_portal
from tests.lib.statuses import CAST, PLACES, EveryStatus

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("every_page")]
NOT_OPENED: Final = {
    "/sign-in/callback": "It leads on, or back to the sign-in with a fault.",
    "/requests/{number}/documents/{document}": "It answers with the file.",
}
"""Pages that are not looked at here, each with the reason; files (`.json`, …) are none."""
_FIRST: Final = ("p-office", "p-ruiz", "p-sde", "p-signs", None)
_OTHERS: Final = tuple(
    person for kind, person in CAST.items() if person not in _FIRST and not kind.endswith("left")
)
_HTML: Final = "text/html"


@dataclass(frozen=True)
class Opened:
    """A page, and somebody who may open it."""

    path: str
    person: str | None


@dataclass
class World:
    """The programme in every status, served."""

    every: EveryStatus
    portal: RunningPortal
    clients: dict[str | None, httpx.Client]
    places: dict[str, str]

    def find(self, declared: Declared) -> Opened | None:
        """Where and to whom a route shows a page; None: it shows none."""
        people = [*_FIRST, *_OTHERS]
        about_request = "{number}" in declared.path
        for number in self.every.numbers.values() if about_request else ("",):
            path = self._filled(declared.path, number)
            for person in people:
                answer = self._client(person).get(path)
                if answer.status_code == httpx.codes.MOVED_PERMANENTLY:
                    return None
                if answer.status_code == httpx.codes.OK:
                    html = answer.headers["content-type"].startswith(_HTML)
                    return Opened(path, person) if html else None
        raise AssertionError(f"nobody can open {declared.path}")

    def _filled(self, path: str, number: str) -> str:
        known = self.places | {"number": number}
        return re.sub(r"{(\w+)}", lambda m: known[m[1]], path)

    def _client(self, person: str | None) -> httpx.Client:
        if person not in self.clients:
            self.clients[person] = self.portal.client(person)
        return self.clients[person]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    every = EveryStatus(
        tmp_path_factory.mktemp("pages"), base_url=f"http://127.0.0.1:{free_port()}"
    )
    with run_portal(tmp_path_factory.mktemp("served"), programme=every.p) as served:
        office = served.client("p-office")
        hook = {"url": "https://hooks.example.org/governance", "tags": "data_request:approved"}
        served.send(office, "/office/webhooks", form_of="/office/webhooks", **hook)
        made = re.search(r"/office/webhooks/([\w-]+)", office.get("/office/webhooks").text)
        assert made is not None
        planned = {
            "title": "Attendance", "kind": "report", "venue": "A journal",
            "planned_on": every.p.today.isoformat(),
        }  # fmt: skip
        granted = every.numbers[Status.GRANTED]
        output = propose_publication(every.p, every.actor("the requestor"), granted, planned)
        places = {
            **PLACES, "year": "2026", "paper": "minutes", "hook": made[1],
            "publication": output.facts.publication,
        }  # fmt: skip
        yield World(every, served, {"p-office": office}, places)
    every.p.close()


@pytest.fixture(scope="module")
def pages(world: World) -> list[Opened]:
    shown = (d for d in DECLARED if d.method == "GET" and d.kind == "page")
    asked = [d for d in shown if "." not in d.path and d.path not in NOT_OPENED]
    return [found for found in map(world.find, asked) if found is not None]


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_every_page_is_accessible(
    world: World, pages: list[Opened], browser: "Browser", width: int
) -> None:
    opened: dict[str | None, Page] = {}
    found: dict[str, Any] = {}
    for shown in pages:
        if shown.person not in opened:
            opened[shown.person] = world.portal.page(browser, shown.person, width)
        wrong = _looked_at(opened[shown.person], shown)
        if wrong:
            found[f"{shown.path} as {shown.person}"] = wrong
    for page in opened.values():
        page.context.close()
    assert not found


def _looked_at(page: "Page", shown: Opened) -> list[Any]:
    """What is wrong with a page."""
    page.goto(shown.path)
    wrong: list[Any] = []
    if page.locator("h1").count() != 1:
        wrong.append("it has not one heading of the first level")
    if " - " not in page.title() and " | " not in page.title():
        wrong.append(f"its title does not say which page it is: {page.title()}")
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if wide > 0:
        wrong.append(f"it is {wide} pixels wider than the screen")
    seen = run_axe(page)
    # Where a picture or a rule lies behind text, axe cannot work the contrast out and says so.
    doubts = [d for d in seen["incomplete"] if d["id"] != "color-contrast"]
    return wrong + seen["violations"] + [(d["id"], d["targets"]) for d in doubts]

"""What the data plane and the projects tell an agency, with the demonstration's rows, in a browser.

Deliveries, destructions, matches, releases; and an output that waits for the agency to see it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from governance.demo.run import DemoOptions, run_demo
from governance.permissions import Actor
from governance.services import Programme, open_programme
from governance.services.agencies import list_matches
from governance.services.destruction import read_certificate
from governance.services.feed import follow_feed, read_agency_feed
from governance.services.people import PeopleQuery, find_by_id, list_people
from governance.services.publications import list_to_see
from governance.services.request_lists import ListQuery, list_requests
from governance.services.work import read_agency_work, read_project_work
from governance.settings import load_settings
from tests.lib.browser import run_axe
from tests.lib.portal import DESKTOP, PHONE, RunningPortal, free_port, run_portal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("pages_data_plane")]
AGENCY = "dol"


@dataclass(frozen=True)
class Scene:
    """The demonstration, open; its operator, and the data owner of the agency."""

    p: Programme
    operator: Actor
    owner: Actor

    @property
    def owner_id(self) -> str:
        assert self.owner.person is not None
        return self.owner.person.id


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    home = tmp_path_factory.mktemp("plane-pages") / "home"
    told = run_demo(DemoOptions(home=home, quiet=True))
    settings = load_settings(home).model_copy(
        update={"base_url": f"http://127.0.0.1:{free_port()}"}
    )
    p = open_programme(settings)
    follow_feed(p)
    operator = Actor(find_by_id(p, str(told["look_as"]["an operator"])))
    people = list_people(p, operator, PeopleQuery(agency=AGENCY, employed=True)).items
    seat = next(s for a, s in _seats(p).items() if a == AGENCY)
    owner = next(x for x in people if x.id == seat)
    yield Scene(p, operator, Actor(owner))
    p.close()


def _seats(p: Programme) -> dict[str, str]:
    with p.store.read() as unit:
        return {a: s.member or "" for a, s in unit.body(p.board)[0].seats.items()}


@pytest.fixture(scope="module")
def portal(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with run_portal(tmp_path_factory.mktemp("plane-portal"), programme=scene.p) as served:
        yield served


def check(page: "Page", where: str, width: int) -> str:
    """Accessible, no wider than the screen, one heading; its words."""
    page.goto(where)
    found = run_axe(page)
    assert not found["violations"], (where, found["violations"])
    assert page.locator("h1").count() == 1, where
    assert page.evaluate("document.documentElement.scrollWidth") <= width, where
    return str(page.inner_text("main"))


def rows_of(page: "Page") -> list[str]:
    return [str(text) for text in page.locator("main table tbody tr").all_inner_texts()]


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_an_agency_sees_its_rows(
    scene: Scene, portal: RunningPortal, browser: "Browser", width: int
) -> None:
    p, owner = scene.p, scene.owner
    feed, work = read_agency_feed(p, owner, AGENCY), read_agency_work(p, owner, AGENCY)
    page = portal.page(browser, scene.owner_id, width)
    words = check(page, "/agency", width)
    health = feed.health()
    assert len(health) >= 2
    deliveries = page.locator('[aria-label="Deliveries, table"] tbody tr')
    assert deliveries.count() == len(health)
    for told, row in zip(health, deliveries.all_inner_texts(), strict=True):
        assert told.newest.period in row
        assert f"{told.newest.rows_read or 0:,}" in row
    assert f"{work[0].people or work[0].cells:,}" in words
    lists = {
        "/agency/submissions": len(feed.submissions),
        "/agency/destructions": len(feed.destructions),
        "/agency/matches": len(list_matches(p, owner, AGENCY)),
        "/agency/work": len(work),
    }
    for where, total in lists.items():
        assert total > 0, where
        if width == PHONE:
            check(page, where, width)
        else:
            page.goto(where)
        assert len(rows_of(page)) == min(25, total), where
    exported = page.context.request.get(f"{portal.url}/agency/work?format=json").json()
    assert [(r["kind"], r["people"], r["cells"]) for r in exported] == [
        (w.kind, w.people, w.cells) for w in work
    ]
    matched = next(w for w in work if w.kind == "match")
    own = read_project_work(p, scene.operator, matched.number)
    assert {w.kind for w in own} >= {"match", "queries"}
    words = check(page, f"/requests/{matched.number}/work?per_page=100", width)
    assert f"{matched.people:,}" in words
    page.context.close()


def test_an_output_is_seen_by_keyboard_alone(
    scene: Scene, portal: RunningPortal, browser: "Browser"
) -> None:
    (one,) = list_to_see(scene.p, scene.owner, AGENCY)
    number, publication = one.facts.request, one.facts.publication
    where = f"/requests/{number}/publications"
    for width in (PHONE, DESKTOP):
        page = portal.page(browser, scene.owner_id, width)
        for path in (where, f"{where}/{publication}"):
            assert one.facts.title in check(page, path, width), path
        page.context.close()
    page = portal.page(browser, scene.owner_id)
    page.goto("/agency")
    page.get_by_role("link", name=one.facts.title).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{where}/{publication}")
    page.get_by_label("Comment to the project").focus()
    page.keyboard.type("Please name the table's source.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**said=publication_seen")
    assert "Please name the table's source." in page.inner_text("main")
    assert page.get_by_role("button", name="My agency has seen it").count() == 0
    page.context.close()
    office = portal.page(browser, scene.operator.by, PHONE)
    check(office, f"{where}/{publication}", PHONE)
    assert office.get_by_role("button", name="Record the publication").count() == 1
    office.context.close()
    assert list_to_see(scene.p, scene.owner, AGENCY) == ()


def test_each_destruction_certificate_is_kept_under_its_digest(scene: Scene) -> None:
    """The demonstration certifies as people do: a paper that can be read, not a mere digest."""
    p, operator = scene.p, scene.operator
    query = ListQuery(status=("destruction_certified", "closed"), per_page=100)
    found = list_requests(p, operator, query).items
    certified = 0
    for row in found:
        with p.store.read() as unit:
            request = unit.request(row.number)
        assert request is not None
        for version in request.versions:
            if version.certified is not None:
                paper = read_certificate(p, operator, row.number, version=version.number)
                assert paper.digest == version.certified.digest
                assert re.search("backups", version.certified.survives)
                certified += 1
    assert certified >= 3

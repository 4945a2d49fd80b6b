"""Double clicks, the back button, and two browsers at once: nothing is lost, nothing is twice."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from governance.requests.states import Act, Status
from governance.services.ledger import list_entries
from governance.services.requests import begin_request, read_request
from tests.lib.journey import Journey
from tests.lib.portal import RunningPortal, free_port, run_portal
from tests.lib.programme import Office
from tests.lib.requests import build_content

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("races_in_browser")]


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    home = tmp_path_factory.mktemp("races")
    office = Office(home, base_url=f"http://127.0.0.1:{free_port()}")
    office.register()
    return Journey(office)


@pytest.fixture(scope="module")
def portal(journey: Journey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with run_portal(tmp_path_factory.mktemp("races-portal"), programme=journey.p) as served:
        yield served


def tags(journey: Journey, number: str) -> list[str]:
    found = list_entries(journey.p, journey.actor("p-office"), subject=number, per_page=50)
    return [entry.tag for entry in found.items]


def test_a_double_click_submits_once(
    journey: Journey, portal: RunningPortal, browser: "Browser"
) -> None:
    number = begin_request(journey.p, journey.actor("p-ruiz"), build_content())
    page = portal.page(browser, "p-ruiz")
    page.goto(f"/requests/{number}/submit")
    with page.expect_navigation():
        page.get_by_role("button", name="Submit the request").dblclick()
    page.wait_for_url(f"**/requests/{number}*")
    assert tags(journey, number).count("data_request:submitted") == 1


def test_the_back_button_repeats_nothing(
    journey: Journey, portal: RunningPortal, browser: "Browser"
) -> None:
    number = journey.submit(title="Going back")
    page = portal.page(browser, "p-office")
    page.goto(f"/requests/{number}/return")
    page.locator("textarea[name=mend]").fill("Name the funder.")
    with page.expect_navigation():
        page.get_by_role("button", name="Return the request").click()
    page.go_back()
    page.wait_for_load_state()
    box = page.locator("textarea[name=mend]:not([readonly])")
    if box.count():  # the page is asked for anew, and by now refused: nothing can be sent again
        box.fill("Name the funder.")
        with page.expect_navigation():
            page.get_by_role("button", name="Return the request").click()
    assert tags(journey, number).count("data_request:returned") == 1
    view = read_request(journey.p, journey.actor("p-office"), number)
    assert view.latest.status is Status.RETURNED


def test_two_browsers_on_one_form_lose_nothing(
    journey: Journey, portal: RunningPortal, browser: "Browser"
) -> None:
    number = begin_request(journey.p, journey.actor("p-ruiz"), build_content())
    first, second = portal.page(browser, "p-ruiz"), portal.page(browser, "p-ruiz")
    for page in (first, second):
        page.goto(f"/requests/{number}/edit")
    first.locator("input[name=title]").fill("Typed in the first browser")
    with first.expect_navigation():
        first.get_by_role("button", name="Save draft").click()
    second.locator("input[name=title]").fill("Typed in the second browser")
    with second.expect_navigation():
        second.get_by_role("button", name="Save draft").click()
    assert "Somebody was faster" in second.inner_text("main")
    kept = second.locator("main textarea").evaluate_all("all => all.map(one => one.value)")
    assert "Typed in the second browser" in "\n".join(kept)
    view = read_request(journey.p, journey.actor("p-ruiz"), number)
    assert view.latest.content.title == "Typed in the first browser"


def test_two_owners_at_once_both_count(
    journey: Journey, portal: RunningPortal, browser: "Browser"
) -> None:
    journey.seat_members()
    number = journey.submit(title="At once")
    journey.ask(number, "p-office", Act.ACCEPT_COMPLETE)
    pages = {a: portal.page(browser, f"p-{a}") for a in ("sde", "dol")}
    for agency, page in pages.items():
        page.goto(f"/requests/{number}/review")
        page.locator("select[name=agency]").select_option(agency)
        page.locator("label", has_text="Approve this part").click()
        page.locator("textarea[name=reason]").fill("It serves the purpose.")
    for page in pages.values():
        with page.expect_navigation():
            page.get_by_role("button", name="Record my decision").click()
    view = read_request(journey.p, journey.actor("p-office"), number)
    if view.latest.status is not Status.BOARD_VOTE:
        # The second was told that the first was faster; nothing of the first is lost.
        late = pages["dol"]
        assert "Somebody was faster" in late.inner_text("main")
        late.goto(f"/requests/{number}/review")
        late.locator("select[name=agency]").select_option("dol")
        late.locator("label", has_text="Approve this part").click()
        late.locator("textarea[name=reason]").fill("It serves the purpose.")
        with late.expect_navigation():
            late.get_by_role("button", name="Record my decision").click()
        view = read_request(journey.p, journey.actor("p-office"), number)
    assert view.latest.status is Status.BOARD_VOTE
    assert tags(journey, number).count("data_request:part_reviewed") == 2

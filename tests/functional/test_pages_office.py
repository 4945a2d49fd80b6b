"""The office's pages in a real browser: accessible at both widths, and by keyboard alone."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from governance.requests.states import Status
from governance.services.records import record_match
from tests.lib.browser import run_axe
from tests.lib.portal import DESKTOP, PHONE, RunningPortal, free_port, run_portal
from tests.lib.statuses import EveryStatus

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("pages_office")]
PAGES = (
    "/office", "/office/requests", "/office/configuration", "/office/costs", "/office/records",
    "/office/matches", "/office/webhooks", "/people", "/people/new", "/people/p-okafor",
    "/people/p-okafor/change", "/people/p-okafor/end",
)  # fmt: skip


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    every = EveryStatus(
        tmp_path_factory.mktemp("office-pages"), base_url=f"http://127.0.0.1:{free_port()}"
    )
    with run_portal(tmp_path_factory.mktemp("office-served"), programme=every.p) as served:
        office = served.client("p-office")
        hook = {"url": "https://hooks.example.org/governance", "tags": "data_request:approved"}
        served.send(office, "/office/webhooks", form_of="/office/webhooks", **hook)
        cost = {"year": "2026", "heading": "Secure hosting", "cents": "1,250.50", "note": ""}
        served.send(office, "/office/costs", form_of="/office/costs", **cost)
        line = {
            "request": every.numbers[Status.GRANTED], "received": "2026-02-02", "sender": "SDE",
            "receiver": "DOL", "file_name": "sde.csv", "matrix_date": "2026-02-03",
        }  # fmt: skip
        record_match(every.p, every.actor("an operator"), line)
        yield served


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_pages_are_accessible(portal: RunningPortal, browser: "Browser", width: int) -> None:
    page = portal.page(browser, "p-office", width)
    for where in PAGES:
        page.goto(where)
        check(page, where)
    page.goto("/people/new")
    page.get_by_role("button", name="Register").click(no_wait_after=False)
    check(page, "a refused form")
    fill_letter(page)
    check(page, "the letter")


def test_a_file_s_end_is_recorded_by_keyboard_alone(
    portal: RunningPortal, browser: "Browser"
) -> None:
    page = portal.page(browser, "p-office", PHONE)
    page.goto("/office/matches")
    page.get_by_role("link", name="sde.csv").focus()
    page.keyboard.press("Enter")
    for button, said in (
        ("The stewards confirmed the match just now", "the clock runs from it"),
        ("The file was destroyed just now", "The destruction is recorded"),
    ):
        page.get_by_role("heading", name="Correct the line").wait_for()
        check(page, button)
        page.get_by_role("button", name=button).focus()
        page.keyboard.press("Enter")
        page.get_by_text(said).wait_for()
    check(page, "a file that is gone")
    page.goto("/office/matches?page=1")
    page.get_by_role("textbox", name="Stewards confirmed the match").fill("yesterday")
    for name in ("Request number", "Sender", "Receiver", "File name"):
        page.get_by_role("textbox", name=name).fill("Q0001")
    page.get_by_role("button", name="Record the line").click()
    page.get_by_role("heading", name="Please mend the following").wait_for()
    check(page, "a refused line")


def check(page: "Page", where: str) -> None:
    found = run_axe(page)
    assert not found["violations"], (where, found["violations"])
    assert page.locator("h1").count() == 1, where
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, (where, wide)


def fill_letter(page: "Page") -> None:
    page.goto("/office/records")
    page.get_by_role("textbox", name="Reference").fill("FOI-2026-77")
    page.get_by_label("What is asked for").fill("Enrollment of the Department of Education.")
    page.get_by_role("button", name="Route it and write the letter").click()
    page.get_by_role("heading", name="Letter to the requester").wait_for()


def test_a_cost_is_recorded_by_keyboard_alone(portal: RunningPortal, browser: "Browser") -> None:
    page = portal.page(browser, "p-office", DESKTOP)
    page.goto("/office/costs")
    page.get_by_role("textbox", name="Year").focus()
    for text in ("2025", "Training", "980.00", "Two days"):
        page.keyboard.press("Control+A")
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("The cost is recorded").wait_for()
    assert page.get_by_role("cell", name="$980.00").count() == 1

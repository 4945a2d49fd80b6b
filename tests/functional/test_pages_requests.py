"""Pages of requests, signing and meetings in a real browser: accessible, and usable by keyboard."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from governance.requests.states import Act
from governance.services.agreements import Terms, send_agreement
from tests.lib.browser import run_axe
from tests.lib.journey import FIRST_DAY, LAST_DAY, Journey
from tests.lib.portal import DESKTOP, PHONE, RunningPortal, free_port, run_portal
from tests.lib.programme import Office

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BOARD = "/boards/data_governing_board"
PAGES = (
    ("p-ruiz", "/requests"),
    ("p-ruiz", "/requests/new"),
    ("p-ruiz", "/requests/{draft}/edit"),
    ("p-ruiz", "/requests/{draft}/submit"),
    ("p-ruiz", "/requests/{draft}/withdraw"),
    ("p-ruiz", "/requests/{sent}"),
    ("p-ruiz", "/requests/{sent}/changes"),
    ("p-ruiz", "/requests/{sent}/nda"),
    ("p-ruiz", "/requests/{sent}/leaver"),
    ("p-signs", "/requests/{sent}/agreement"),
    ("p-office", "/requests/{new}/complete"),
    ("p-office", "/requests/{new}/return"),
    ("p-office", "/requests/{sent}/training"),
    ("p-office", "/requests/{sent}/revoke"),
    ("p-sde", "/requests/{reviewed}/review"),
    ("p-sde", "/requests/{reviewed}/interest"),
    (None, "/meetings"),
    ("p-office", BOARD),
    ("p-office", BOARD + "/notice"),
    ("p-office", BOARD + "/seat"),
    ("p-sde", BOARD + "/proxy"),
    (None, BOARD + "/meetings/DGB-3"),
    (None, BOARD + "/meetings/DGB-3/papers/minutes"),
    (None, BOARD + "/motions/M-1"),
)

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("pages_requests")]


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    home = tmp_path_factory.mktemp("pages")
    office = Office(home, base_url=f"http://127.0.0.1:{free_port()}")
    office.register()
    return Journey(office)


@pytest.fixture(scope="module")
def numbers(journey: Journey) -> dict[str, str]:
    from governance.services.requests import begin_request
    from tests.lib.requests import build_content

    sent = journey.approved()
    send_agreement(journey.p, journey.actor("p-office"), sent, Terms(FIRST_DAY, LAST_DAY))
    reviewed = journey.submit(title="In review")
    journey.ask(reviewed, "p-office", Act.ACCEPT_COMPLETE)
    new = journey.submit(title="Just submitted")
    draft = begin_request(journey.p, journey.actor("p-ruiz"), build_content(title="A draft"))
    return {"sent": sent, "reviewed": reviewed, "new": new, "draft": draft}


@pytest.fixture(scope="module")
def portal(
    journey: Journey, numbers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningPortal]:
    assert numbers
    with run_portal(tmp_path_factory.mktemp("pages-portal"), programme=journey.p) as served:
        yield served


def _only_contrast_of_controls(doubt: dict[str, Any]) -> bool:
    """Whether it is only that a picture of the design system lies behind black text on white."""
    parts = ("select", "label", "field-", "list-", "per-page", "arriving", "caption")
    return doubt["id"] == "color-contrast" and all(
        any(part in target for part in parts) for target in doubt["targets"]
    )


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_pages_are_accessible(
    portal: RunningPortal, browser: "Browser", numbers: dict[str, str], width: int
) -> None:
    found: dict[str, object] = {}
    opened = {p: portal.page(browser, p, width) for p in {person for person, _ in PAGES}}
    for person, path in PAGES:
        page = opened[person]
        answer = page.goto(path.format(**numbers))
        assert answer is not None
        assert answer.status == 200, (person, path, page.inner_text("main"))
        assert page.locator("h1").count() == 1, path
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            found[f"{path} is wider than the screen by"] = wide
        seen = run_axe(page)
        doubts = [x for x in seen["incomplete"] if not _only_contrast_of_controls(x)]
        if seen["violations"] or doubts:
            found[path] = [seen["violations"], [(d["id"], d["targets"]) for d in doubts]]
    assert not found


def test_a_request_is_submitted_by_keyboard_alone(
    portal: RunningPortal, browser: "Browser", numbers: dict[str, str]
) -> None:
    page = portal.page(browser, "p-ruiz")
    page.goto(f"/requests/{numbers['draft']}/submit")
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.textContent.trim()")
        if focused == "Submit the request":
            break
    else:
        raise AssertionError("the button cannot be reached by Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "Your request is submitted" in page.inner_text("#portal-announcements")


def test_after_a_mistake_the_focus_is_on_what_to_mend(
    portal: RunningPortal, browser: "Browser", numbers: dict[str, str]
) -> None:
    page = portal.page(browser, "p-office")
    page.goto(f"/requests/{numbers['new']}/return")
    page.locator("main form").first.evaluate("form => form.noValidate = true")
    with page.expect_navigation():
        page.get_by_role("button", name="Return the request").click()
    assert page.evaluate("document.activeElement.id") == "error-summary"
    page.locator("#error-summary a").first.press("Enter")
    assert page.evaluate("document.activeElement.name") == "mend"

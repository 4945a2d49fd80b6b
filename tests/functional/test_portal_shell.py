"""The shell in a real browser: accessible, by keyboard alone, with and without scripts."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.lib.browser import run_axe
from tests.lib.portal import DESKTOP, PHONE, RunningPortal, run_portal
from tests.lib.portal_pages import SAVED, add_widgets

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.functional
PAGES = {
    "/": None, "/sign-in": None, "/accessibility": None, "/nope": None, "/widgets": None,
    "/account": "rita", "/widgets/9": "rita", "/widgets/new": "rita", "/widgets/paper": "rita",
    "/widgets/all": "rita",
    "/widgets?text=nothing-like-it": "omar", "/widgets?page=2&said=saved": "omar",
}  # fmt: skip
EXAMINED = re.compile(r"color-contrast (select|#[a-z0-9-]+|label\[for=\"[a-z0-9-]+\"\])$")
"""Where axe cannot tell a color behind the arrow of a select or the box of a checkbox: both are the
design system's own, black on white."""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with run_portal(tmp_path_factory.mktemp("portal"), change=add_widgets) as running:
        yield running


def _watch(page: "Page") -> list[str]:
    """What the page complains of: refused scripts and styles, errors."""
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: said.append(str(e)))
    return said


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_pages_are_accessible(portal: RunningPortal, browser: "Browser", width: int) -> None:
    pages = {who: portal.page(browser, who, width) for who in set(PAGES.values())}
    for path, who in PAGES.items():
        page = pages[who]
        said = _watch(page)
        page.goto(path)
        found = run_axe(page)
        assert not found["violations"], (path, found["violations"])
        doubts = [f"{i['id']} {t}" for i in found["incomplete"] for t in i["targets"]]
        assert not [d for d in doubts if not EXAMINED.match(d)], (path, doubts)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert not [s for s in said if "Failed to load resource" not in s], (path, said)
    for page in pages.values():
        page.context.close()


def test_the_menu_opens_on_a_phone(portal: RunningPortal, browser: "Browser") -> None:
    page = portal.page(browser, "omar", PHONE)
    page.goto("/")
    sign_out = page.get_by_role("button", name="Sign out")
    assert not sign_out.is_visible()
    page.get_by_role("button", name="Menu").click()
    sign_out.wait_for(state="visible")
    assert not run_axe(page)["violations"]
    page.keyboard.press("Escape")
    sign_out.wait_for(state="hidden")
    page.get_by_role("button", name="Menu").click()
    sign_out.click()
    page.wait_for_url("**/?said=signed_out")
    assert page.get_by_text("You are signed out.").is_visible()
    page.context.close()


def test_everything_goes_by_keyboard_alone(portal: RunningPortal, browser: "Browser") -> None:
    page = portal.page(browser)
    page.goto("/widgets/new")
    assert "/sign-in?next=" in page.url

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main-content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "person"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.type("Rita")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/widgets/new")

    # An empty form: the summary has the focus, its first line leads to the field.
    page.evaluate("document.querySelectorAll('[required]').forEach(e => e.required = false)")
    page.locator("#field-title").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#error-summary")
    assert page.evaluate("document.activeElement.id") == "error-summary"
    assert not run_axe(page)["violations"]
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "field-title"
    page.keyboard.type("Typed by keyboard")
    page.locator("#field-ends_on").focus()
    page.keyboard.type("06302027")
    page.locator("#field-people-0-name").focus()
    page.keyboard.type("Ana")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("said=saved"))
    assert SAVED[-1]["title"] == "Typed by keyboard"
    assert SAVED[-1]["ends_on"] == "2027-06-30"
    page.context.close()


def test_without_scripts_everything_still_works(portal: RunningPortal, browser: "Browser") -> None:
    context = browser.new_context(
        base_url=portal.url, java_script_enabled=False, viewport={"width": PHONE, "height": 900}
    )
    page = context.new_page()
    page.goto("/sign-in?next=/widgets/new")
    page.get_by_label("Who do you want to be?").select_option("rita")
    page.get_by_role("button", name="Sign in as").click()
    page.get_by_label("Title").fill("Without scripts")
    page.get_by_label("Last day of use").fill("2027-06-30")
    page.get_by_role("button", name="Save").click()
    assert "Fill this in." in page.content()
    assert page.get_by_label("Title").input_value() == "Without scripts"
    page.get_by_label("First person's name").fill("Ana")
    page.get_by_role("button", name="Save").click()
    assert "said=saved" in page.url
    page.goto("/widgets")
    page.get_by_label("Status").select_option("granted")
    page.get_by_label("Sort by").select_option("rows")
    page.get_by_role("button", name="Apply").click()
    assert page.get_by_role("status").filter(has_text="12 results").is_visible()
    page.get_by_role("button", name="Sign out").click()  # the menu lies open
    assert "said=signed_out" in page.url
    context.close()


def test_scripts_only_spare_the_reload(portal: RunningPortal, browser: "Browser") -> None:
    page = portal.page(browser, "omar")
    said = _watch(page)
    page.goto("/widgets")
    page.evaluate("window.notReloaded = true")
    page.get_by_role("searchbox").fill("cohort 12 ")
    page.wait_for_url("**text=cohort*")
    page.get_by_role("status").filter(has_text="1 result").wait_for()
    assert page.evaluate("window.notReloaded")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("searchbox").fill("")
    page.get_by_label("Status").select_option("draft")
    page.get_by_role("status").filter(has_text="12 results").wait_for()
    page.get_by_role("link", name="Title").click()
    page.wait_for_url("**sort=title*")
    assert page.locator("th[aria-sort=ascending]").inner_text().strip() == "Title"
    page.go_back()
    page.get_by_role("status").filter(has_text="12 results").wait_for()
    assert not said
    page.context.close()


def test_a_draft_saves_itself_and_says_so(portal: RunningPortal, browser: "Browser") -> None:
    page = portal.page(browser, "rita")
    said = _watch(page)
    page.goto("/widgets/new")
    status = page.locator("[data-autosave-status]")
    assert status.get_attribute("role") == "status"
    page.get_by_label("Purpose").fill("To see whether it is kept")
    status.get_by_text("Draft saved at 9:00 a.m. EST.").wait_for(timeout=6000)
    assert SAVED[-1]["purpose"] == "To see whether it is kept"
    assert page.locator("[name=based_on]").input_value() == "4"
    page.route("**/widgets/draft", lambda route: route.abort())
    page.get_by_label("Purpose").fill("The server is gone")
    status.get_by_text("not saved").wait_for(timeout=6000)
    assert page.get_by_label("Purpose").input_value() == "The server is gone"
    assert not [s for s in said if "Failed to load resource" not in s]
    page.context.close()


def test_a_double_click_sends_once(portal: RunningPortal, browser: "Browser") -> None:
    page = portal.page(browser, "rita")
    page.goto("/widgets/new")
    page.get_by_label("Title").fill("Clicked twice")
    page.get_by_label("Last day of use").fill("2027-06-30")
    page.get_by_label("First person's name").fill("Ana")
    before = len(SAVED)
    page.get_by_role("button", name="Save").dblclick()
    page.wait_for_url(re.compile("said=saved"))
    page.go_back()
    page.wait_for_load_state()
    assert len([s for s in SAVED[before:] if s["title"] == "Clicked twice"]) == 1
    page.context.close()

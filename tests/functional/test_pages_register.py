"""Public pages, the agency's, the ledger and what follows a decision, in a real browser."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.lib.afterwards import Afterwards
from tests.lib.browser import run_axe
from tests.lib.portal import DESKTOP, PHONE, RunningPortal, free_port, run_portal

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("pages_register")]
PAGES = (
    (None, "/"),
    (None, "/register"),
    (None, "/register?text=nothing-like-it"),
    (None, "/register/{live}"),
    (None, "/register/open-data"),
    (None, "/report"),
    (None, "/report/2026"),
    (None, "/catalogue"),
    (None, "/catalogue/sde/enrollment"),
    (None, "/ledger"),
    (None, "/ledger/1"),
    (None, "/ledger/checkpoints"),
    (None, "/ledger/consistency?old_size=x&old_root=y"),
    ("p-ruiz", "/catalogue/sde/enrollment/request?variables=grade"),
    ("p-ruiz", "/people/mine"),
    ("p-ruiz", "/requests/{over}/destruction"),
    ("p-ruiz", "/requests/{live}/documents"),
    ("p-ruiz", "/requests/{live}/publications"),
    ("p-sde", "/requests/{live}/publications/{proposed}"),
    ("p-ruiz", "/requests/{live}/publications/{proposed}"),
    ("p-ruiz", "/requests/{live}/work"),
    ("p-ruiz", "/requests/{live}"),
    ("p-dol", "/agency"),
    ("p-stew", "/agency/submissions"),
    ("p-office", "/agency/destructions?agency=sde"),
    ("p-office", "/office/logs"),
    ("p-audit", "/ledger/verification"),
)
EXAMINED = re.compile(
    r"color-contrast (select|#[a-z0-9_-]+|label\[for=\"[a-z0-9-]+\"\]|caption"
    r"|a\[aria-current=\"true\"\] > span|(.* > )?text\[.*)$"
)
"""Where axe cannot tell a color: the design system's own controls, the line under the area one is
in, and the words of charts, black on white."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Afterwards:
    home = tmp_path_factory.mktemp("public-pages")
    return Afterwards(home, base_url=f"http://127.0.0.1:{free_port()}")


@pytest.fixture(scope="module")
def portal(story: Afterwards, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with run_portal(tmp_path_factory.mktemp("public-portal"), programme=story.p) as served:
        yield served


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_pages_are_accessible(
    story: Afterwards, portal: RunningPortal, browser: "Browser", width: int
) -> None:
    pages = {who: portal.page(browser, who, width) for who in {who for who, _ in PAGES}}
    for who, path in PAGES:
        where = path.format(live=story.live, over=story.over, proposed=story.proposed)
        page = pages[who]
        page.goto(where)
        found = run_axe(page)
        assert not found["violations"], (where, found["violations"])
        doubts = [f"{i['id']} {t}" for i in found["incomplete"] for t in i["targets"]]
        assert not [d for d in doubts if not EXAMINED.match(d)], (where, doubts)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, where
        assert page.locator("h1").count() == 1, where
        levels = page.eval_on_selector_all(
            "main :is(h1, h2, h3, h4, h5, h6)", "all => all.map(h => +h.tagName[1])"
        )
        assert all(b - a <= 1 for a, b in pairwise(levels)), (where, levels)
    for page in pages.values():
        page.context.close()


def test_variables_are_requested_by_keyboard_alone(
    portal: RunningPortal, browser: "Browser"
) -> None:
    page = portal.page(browser, "p-ruiz")
    page.goto("/catalogue/sde/enrollment")
    page.get_by_label("grade").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Request these variables").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/request?variables=grade")
    assert page.get_by_label("grade").is_checked()
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Put them into the request").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/edit?said=variables_chosen")
    assert page.get_by_text("The variables stand in the form.").is_visible()
    page.context.close()


def test_what_is_missing_in_a_certificate_gets_the_focus(
    story: Afterwards, portal: RunningPortal, browser: "Browser"
) -> None:
    page = portal.page(browser, "p-ruiz", PHONE)
    page.goto(f"/requests/{story.over}/destruction")
    page.locator("#field-capacity").fill("The representative")
    page.eval_on_selector("main form", "form => form.noValidate = true")
    page.get_by_role("button", name="Show the certificate").click()
    page.wait_for_selector("#error-summary")
    assert page.evaluate("document.activeElement.id") == "error-summary"
    assert not run_axe(page)["violations"]
    page.context.close()

"""The receipt's page in a real browser: accessible, self-contained, readable small and printed."""

from typing import TYPE_CHECKING

import pytest

from enclave.validate.receipt import build_receipt, render_receipt_html
from tests.lib.browser import run_axe
from tests.lib.receipts import build_all_verdicts

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("browser")]
VERDICTS = tuple(build_all_verdicts())


def open_page(browser: "Browser", kind: str, width: int = 1000) -> "Page":
    html = render_receipt_html(build_receipt(build_all_verdicts()[kind]))
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_content(html)
    return page


@pytest.mark.parametrize("kind", VERDICTS)
def test_axe_finds_nothing(browser: "Browser", kind: str) -> None:
    page = open_page(browser, kind)
    found = run_axe(page)
    page.close()
    assert found["violations"] == []
    assert found["incomplete"] == []


@pytest.mark.parametrize("kind", VERDICTS)
def test_axe_finds_nothing_on_a_telephone(browser: "Browser", kind: str) -> None:
    """Undecided there is the contrast of cells that a scrolling table cuts off (see above)."""
    page = open_page(browser, kind, 360)
    found = run_axe(page)
    outside = page.evaluate(
        "list => list.filter(t => !document.querySelector(t).closest('.scroll'))",
        [t for rule in found["incomplete"] for t in rule["targets"]],
    )
    page.close()
    assert found["violations"] == []
    assert {rule["id"] for rule in found["incomplete"]} <= {"color-contrast"}
    assert outside == []


@pytest.mark.parametrize("kind", VERDICTS)
def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(browser: "Browser", kind: str) -> None:
    html = render_receipt_html(build_receipt(build_all_verdicts()[kind]))
    asked: list[str] = []
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(html)
    assert page.locator("h1").inner_text().startswith("Quarterly wages")
    context.close()
    assert asked == []
    assert "<script" not in html
    assert "http" not in html.replace("http-equiv", "")


def test_small_screens_do_not_scroll_sideways(browser: "Browser") -> None:
    page = open_page(browser, "landed_in_part", 320)
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert wide <= 320


def test_it_prints(browser: "Browser") -> None:
    page = open_page(browser, "landed_in_part")
    document = page.pdf(format="Letter")
    page.close()
    assert document.startswith(b"%PDF")


def test_the_keyboard_reaches_every_wide_table(browser: "Browser") -> None:
    page = open_page(browser, "landed_in_part")
    regions = page.locator(".scroll")
    focusable = regions.evaluate_all("list => list.every(x => x.tabIndex === 0)")
    named = regions.evaluate_all(
        "list => list.every(x => document.getElementById(x.getAttribute('aria-labelledby')))"
    )
    page.close()
    assert focusable
    assert named

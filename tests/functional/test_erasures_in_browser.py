"""Erasing takes two people in two browsers, on a phone and on a desk; axe finds nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from governance.audit import Tag
from governance.decisions import AccessDeniedError
from governance.permissions import PUBLIC
from governance.requests.states import Act
from governance.services.ledger import list_entries, verify
from tests.lib.browser import run_axe
from tests.lib.portal import DESKTOP, PHONE, RunningPortal, run_portal
from tests.lib.programme import Office

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.functional


@pytest.fixture
def portal(small_office: Office, tmp_path: Path) -> Iterator[RunningPortal]:
    number = small_office.begin()
    with pytest.raises(AccessDeniedError):
        small_office.act("p-holder", number, Act.SUBMIT)
    with run_portal(tmp_path / "portal", programme=small_office.programme) as served:
        yield served


def accessible(page: "Page") -> None:
    seen = run_axe(page)
    assert seen["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_one_asks_and_another_one_erases(
    portal: RunningPortal, small_office: Office, browser: "Browser"
) -> None:
    one, two = portal.page(browser, "p-office", PHONE), portal.page(browser, "p-office2", DESKTOP)
    denied = list_entries(small_office.programme, PUBLIC, tags=[Tag.ACTION_DENIED]).items[0]
    one.goto(f"/ledger/{denied.seq}")
    one.get_by_role("link", name="Ask for these facts to be erased").click()
    accessible(one)
    one.get_by_label("Why (required)").select_option("asked_by_person")
    one.get_by_label("More about it").fill("A letter of 2 March.")
    one.get_by_role("button", name="Ask for it").click()
    accessible(one)
    assert one.get_by_text("You asked for it, so somebody else carries it out.").is_visible()
    assert one.get_by_role("button", name="Erase what entry").count() == 0

    two.goto("/ledger/erasures")
    assert two.get_by_text("A letter of 2 March.").is_visible()
    accessible(two)
    two.get_by_role("button", name="Erase what entry").click()
    assert two.get_by_text("Nothing waits.").is_visible()
    accessible(two)
    two.goto("/ledger/verification")
    assert two.get_by_role("heading", name="What it cannot find").is_visible()
    report = verify(small_office.programme)
    assert (report.verified, report.erased) == (True, 1)
    one.context.close()
    two.context.close()

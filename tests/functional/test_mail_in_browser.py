"""The HTML form of mails in a real browser: accessible, small enough, nothing loaded or run."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from governance.mail import Capacity, NoticeKind, compose
from tests.lib.browser import run_axe
from tests.lib.notices import BASE_URL, PROFILE, WRITTEN_AT, build_notice

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("browser")]
KINDS = (
    (NoticeKind.OVERDUE, Capacity.DATA_OWNER),
    (NoticeKind.MEETING_NOTICED, Capacity.BOARD_MEMBER),
    (NoticeKind.GRANT_EXPIRING, Capacity.REQUESTOR),
)


@pytest.mark.parametrize("width", [360, 1000])
def test_axe_finds_nothing_and_nothing_is_loaded(browser: "Browser", width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for kind, capacity in KINDS:
        notice = build_notice(
            kind=kind,
            capacity=capacity,
            title="A long title with <markup> & quotes ' wraps " * 3,
            starts_at=datetime(2026, 4, 9, 14, 0, tzinfo=UTC),
            on=date(2026, 12, 31),
            days=7,
        )
        page.set_content(compose(notice, PROFILE, base_url=BASE_URL, at=WRITTEN_AT).html)
        found = run_axe(page)
        assert (kind, found["violations"], found["incomplete"]) == (kind, [], [])
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate("document.scripts.length") == 0
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.href") == f"{BASE_URL}/requests/Q0042"
    page.close()
    assert asked == []

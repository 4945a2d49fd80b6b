"""Papers in a real browser: axe finds nothing, nothing sticks out on a phone."""

from pathlib import Path

import pytest

from governance.papers import (
    Paper,
    draft_minutes,
    draft_packet,
    draft_sharing_agreement,
    paper_stylesheet,
    render_page,
)
from governance.register import draft_annual_report
from tests.lib.browser import run_axe, run_browser
from tests.lib.papers import build_meeting_source, build_packet_source, build_sharing_source
from tests.lib.register import build_source

WIDTHS = (1200, 390)


def papers() -> tuple[Paper, ...]:
    earlier = draft_sharing_agreement(build_sharing_source(irb="Approval 7"))
    return (
        draft_sharing_agreement(build_sharing_source(earlier=earlier)),
        draft_packet(build_packet_source()),
        draft_minutes(build_meeting_source()),
        draft_annual_report(build_source(), 2026),
    )


@pytest.mark.functional
def test_papers_are_accessible_at_desktop_and_phone_widths(tmp_path: Path) -> None:
    (tmp_path / "papers.css").write_bytes(paper_stylesheet())
    with run_browser() as browser:
        for paper in papers():
            file = tmp_path / f"{paper.id}.html"
            file.write_text(render_page(paper), encoding="utf-8")
            for width in WIDTHS:
                page = browser.new_page(viewport={"width": width, "height": 900})
                page.goto(file.as_uri())
                found = run_axe(page)
                assert found["violations"] == [], (paper.id, width)
                undecided = [t for rule in found["incomplete"] for t in rule["targets"]]
                # What is drawn in SVG, axe cannot judge; its contrast is computed in a unit test.
                assert all(t.startswith("text") or " > text" in t for t in undecided), undecided
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                page.close()

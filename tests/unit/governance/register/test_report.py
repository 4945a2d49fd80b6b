"""The annual report: figures recounted by hand, charts with tables, both editions."""

import io
from dataclasses import replace
from datetime import date

import pytest
from pypdf import PdfReader

from governance.papers import render_html, render_pdf
from governance.papers.model import Chart
from governance.register import annual_figures, draft_annual_report
from governance.register.figures import Counted, Spread, report_period, spread_of
from tests.lib.papers import PROFILE
from tests.lib.register import build_source


def counts(counted: tuple[Counted, ...]) -> dict[str, int]:
    return {c.name: c.count for c in counted if c.count}


def test_the_figures_of_a_year() -> None:
    figures = annual_figures(build_source(), 2026)
    assert figures.received == 4
    assert counts(figures.types) == {"Initial": 2, "Continuation": 1, "Repeat": 1}
    assert counts(figures.statuses) == {"Granted": 1, "Denied": 1, "Returned": 1, "Withdrawn": 1}
    assert counts(figures.decisions) == {"Approved": 1, "Denied": 1}
    assert counts(figures.refusals) == {"A data owner rejected its agency's part": 1}
    assert counts(figures.meetings) == {"Data Governing Board": 2}
    assert counts(figures.agencies) == {"DOL": 4, "SDE": 4}
    assert len(figures.agencies) == 15
    assert [(m, got, done) for m, got, done in figures.months if got or done] == [
        ("2026-02", 4, 1),
        ("2026-03", 0, 1),
    ]
    assert len(figures.months) == 12
    # Q0042: 2 February to 12 March; Q0043: rejected on the day it came.
    assert figures.days_to_decision == Spread(2, 19.0, 9.5, 28.5, 38)
    assert counts(figures.waits) == {"0 to 30 days": 1, "31 to 60 days": 1}
    assert figures.waits[-1].name == "121 days and more"
    assert [(c.heading, c.cents) for c in figures.costs] == [("Cloud", 50006), ("Staff", 1234567)]
    assert figures.to_dict()["by_type"] == {
        "Initial": 2, "Continuation": 1, "Repeat": 1, "Modification": 0,
    }  # fmt: skip


def test_another_year_has_nothing_of_it() -> None:
    figures = annual_figures(build_source(), 2025)
    assert (figures.received, figures.publications, counts(figures.decisions)) == (0, (), {})
    assert figures.days_to_decision == Spread(0, None, None, None, None)
    page = render_html(draft_annual_report(build_source(), 2025))
    assert "no decision" in page


@pytest.mark.parametrize(
    ("year", "month", "name", "begins", "ends"),
    [
        (2026, 1, "2026", date(2026, 1, 1), date(2026, 12, 31)),
        (2025, 7, "2025-26", date(2025, 7, 1), date(2026, 6, 30)),
        (1999, 7, "1999-00", date(1999, 7, 1), date(2000, 6, 30)),
    ],
)
def test_the_year_of_the_report(year: int, month: int, name: str, begins: date, ends: date) -> None:
    period = report_period(year, month)
    assert (period.name, period.begins_on, period.ends_on) == (name, begins, ends)
    assert ends in period
    assert date(1990, 1, 1) not in period


def test_a_fiscal_year_is_counted_by_its_own_months() -> None:
    profile = PROFILE.model_copy(update={"report_begins_month": 7})
    figures = annual_figures(replace(build_source(), profile=profile), 2025)
    assert figures.received == 4
    assert figures.months[0][0] == "2025-07"
    assert figures.months[-1][0] == "2026-06"


def test_one_value_has_no_quartiles() -> None:
    assert spread_of([7]) == Spread(1, 7.0, None, None, 7)


def test_the_report_prints_every_chart_with_its_figures() -> None:
    paper = draft_annual_report(build_source(), 2026)
    assert paper.standing == "draft"  # the year is not over
    charts = [b for s in paper.walk() for b in s.blocks if isinstance(b, Chart)]
    assert len(charts) == 10
    page = render_html(paper, level=2)
    assert page.count("<svg ") == page.count("<figcaption>") == 10
    assert page.count("Figures: ") == 20  # caption, and the region's name
    assert " style=" not in page
    for words in ("$12,345.67", "$500.06", "$12,845.73", "Attendance &amp; wages", "28.5"):
        assert words in page


def test_the_pdf_has_the_same_figures() -> None:
    paper = draft_annual_report(build_source(), 2026)
    pages = PdfReader(io.BytesIO(render_pdf(paper))).pages
    text = " ".join(" ".join(p.extract_text() for p in pages).split())
    for words in ("Time to decision", "28.5", "$12,845.73", "Attendance & wages", paper.digest):
        assert words in text

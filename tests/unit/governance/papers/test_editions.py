"""The model and its two editions: same digest, nothing lost, nothing executed."""

import io
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pypdf import PdfReader

from governance.digests import sha256_of
from governance.errors import DocumentError
from governance.papers import (
    GivenSignature,
    Paper,
    paper_stylesheet,
    parse_paper,
    pdf_digest,
    render_html,
    render_page,
    render_pdf,
)
from governance.papers.charts import COLORS, round_top
from governance.papers.fonts import drawable
from governance.papers.model import (
    Box,
    Chart,
    Definitions,
    Exhibit,
    Items,
    Prose,
    Section,
    Series,
    SignatureLine,
    Signatures,
    Table,
    number_sections,
    shown,
)

NASTY = 'Ő <script>alert("x")</script> & \' Nguyễn “ț” ]]>'


def build_paper(words: str = "Some words.", **changes: Any) -> Paper:
    """A paper with every block."""
    lines = (
        SignatureLine(party="SDE", full_name="Department", capacity="Agency"),
        SignatureLine(party="U", full_name=words),
    )
    blocks = (
        Prose(text=words, lead="Lead."),
        Prose(text=words, tone="clause"),
        Items(items=(words, "second")),
        Items(items=("one", words), ordered=True),
        Definitions(items=(("Term", words), (words, "about"))),
        Table(caption=words, head=("A", "B"), rows=((words, "1,234"), ("x", "")), numeric=(1,)),
        Table(caption="Nothing", head=("A",), rows=()),
        Box(title=words, text=words, items=(words,)),
        Signatures(lines=lines),
    )
    chart = Chart(
        key="chart-one", title="Requests by status", description="How many.", label_head="Status",
        labels=("Granted", words), series=(Series(name="2025", values=(1, 2.5)),), unit="requests",
    )  # fmt: skip
    columns = chart.model_copy(
        update={
            "key": "chart-two",
            "form": "columns",
            "series": (*chart.series, Series(name="2026", values=(0, 3))),
        }
    )
    empty = chart.model_copy(
        update={"key": "chart-three", "labels": (), "series": (Series(name="n", values=()),)}
    )
    sections = number_sections(
        (
            Section(key="one", title="One", blocks=blocks,
                    sections=(Section(key="inner", title=words, blocks=(chart,)),)),
            Section(key="two", title="Two", blocks=(columns, empty)),
        )
    )  # fmt: skip
    facts: dict[str, Any] = {
        "id": "TEST-1",
        "kind": "Agreement",
        "title": words,
        "subtitle": words,
        "programme": "Programme",
        "issued_by": "Office",
        "issued_on": date(2026, 3, 1),
        "marking": "Public",
        "note": "A note.",
        "facts": (("Fact", words),),
        "sections": sections,
        "exhibits": (
            Exhibit(
                letter="A",
                title="More",
                sections=(Section(key="a-one", title="X", blocks=(Prose(text=words),)),),
            ),
        ),
    }
    return Paper(**(facts | changes))


SIGNED = GivenSignature(
    party="sde", name="Zoë Ő", given_at=datetime(2026, 3, 2, 15, tzinfo=UTC),
    identity="sign-in 7", digest="ab" * 32,
)  # fmt: skip


class Elements(HTMLParser):
    """Tags and attributes of a page, checked to be closed in order, and its text."""

    void = frozenset({"br", "meta", "link", "rect", "line"})

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def pdf_text(paper: Paper) -> str:
    pages = PdfReader(io.BytesIO(render_pdf(paper))).pages
    return " ".join(" ".join(p.extract_text() for p in pages).split())


def test_the_digest_is_of_the_text_alone() -> None:
    paper = build_paper()
    later = paper.signed([SIGNED]).model_copy(update={"news": ("x",), "news_title": "y"})
    assert later.digest == paper.digest
    assert build_paper("Other words.").digest != paper.digest
    assert parse_paper(later.stored(), "paper") == later
    assert parse_paper(later.stored(), "paper").digest == paper.digest


def test_both_editions_print_the_digest() -> None:
    paper = build_paper()
    assert paper.digest in render_page(paper)
    assert paper.digest in pdf_text(paper)


def test_what_is_no_paper_is_refused() -> None:
    with pytest.raises(DocumentError):
        parse_paper(b'{"id": "x"}', "paper")
    with pytest.raises(ValidationError, match="twice"):
        build_paper(sections=(Section(key="s", title="A"), Section(key="s", title="B")))
    with pytest.raises(ValidationError, match="number of cells"):
        Table(caption="c", head=("a", "b"), rows=(("1",),))
    with pytest.raises(ValidationError, match="width"):
        Table(caption="c", head=("a", "b"), rows=(), widths=(1,))
    with pytest.raises(ValidationError, match="number of values"):
        Chart(key="k", title="t", description="d", label_head="l", labels=("a",),
              series=(Series(name="n", values=()),))  # fmt: skip


def test_html_needs_no_inline_style_or_script() -> None:
    found = Elements(render_page(build_paper(NASTY).signed([SIGNED])))
    for tag, attributes in found.tags:
        assert tag not in {"script", "style"}
        assert not {a for a in attributes if a == "style" or a.startswith("on")}
    ids = [a["id"] for _, a in found.tags if "id" in a]
    assert len(ids) == len(set(ids))
    levels = [int(t[1]) for t, _ in found.tags if re.fullmatch(r"h[1-6]", t)]
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    assert sum(t == "caption" for t, _ in found.tags) == sum(t == "table" for t, _ in found.tags)


def test_an_article_fits_a_page_with_its_own_heading() -> None:
    levels = [t for t, _ in Elements(render_html(build_paper(), level=2)).tags if t == "h1"]
    assert levels == []


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60))
def test_any_words_come_through_html(words: str) -> None:
    """Parsed back, the page says the words where they were put."""
    paper = build_paper().model_copy(update={"title": words, "facts": ((words, words),)})
    found = Elements(render_page(paper))
    said = "".join(found.text)
    assert said.count("".join(words.splitlines())) >= 2 or words.strip() == ""


def test_charts_name_themselves_and_print_their_figures() -> None:
    page = render_page(build_paper())
    assert '<title id="chart-one-title">Requests by status</title>' in page
    assert '<desc id="chart-one-desc">How many.</desc>' in page
    assert 'aria-labelledby="chart-one-title chart-one-desc"' in page
    assert "Figures: Requests by status" in page
    assert "There are no figures for this period." in page


def test_the_pdf_is_the_same_bytes_everywhere() -> None:
    """Also from another process, with another hash seed."""
    paper = build_paper(NASTY).signed([SIGNED])
    pdf = render_pdf(paper)
    assert render_pdf(paper) == pdf
    assert pdf_digest(pdf) == sha256_of(pdf)
    code = (
        "import sys; from governance.papers import parse_paper, pdf_digest, render_pdf;"
        "print(pdf_digest(render_pdf(parse_paper(sys.stdin.buffer.read(), 'paper'))))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], input=paper.stored(), capture_output=True, check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": "."},
    )  # fmt: skip
    assert other.stdout.decode().strip() == pdf_digest(pdf)


def test_the_pdf_says_what_the_paper_says() -> None:
    text = pdf_text(build_paper(NASTY).signed([SIGNED]))
    assert "".join(NASTY.split()) in "".join(text.split())
    for words in ("Zoë Ő (typed signature)", "Monday, March 2, 2026, 10:00 a.m. EST", "sign-in 7"):
        assert words in text
    assert "Exhibit A: More" in text
    assert "1,234" in text


def test_the_pdf_has_title_language_bookmarks_and_pages() -> None:
    reader = PdfReader(io.BytesIO(render_pdf(build_paper("Words. " * 2000))))
    pages = len(reader.pages)
    assert pages > 3
    for number, page in enumerate(reader.pages, 1):
        assert f"Page {number} of {pages}" in page.extract_text()
        assert "TEST-1" in page.extract_text()
    reader = PdfReader(io.BytesIO(render_pdf(build_paper())))
    assert reader.metadata is not None
    assert reader.metadata.title == "Some words. (TEST-1)"
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "en-US"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    outline: Any = reader.outline
    assert [o["/Title"] for o in outline if isinstance(o, dict)] == [
        "1  One", "2  Two", "Exhibit A: More",
    ]  # fmt: skip
    fonts: Any = reader.pages[0]["/Resources"]
    assert all("PublicSans" in str(f.get_object()["/BaseFont"]) or "Helvetica" in
               str(f.get_object()["/BaseFont"]) for f in fonts["/Font"].values())  # fmt: skip


def test_letters_the_typeface_lacks_are_said() -> None:
    assert drawable("Łódź, Nguyễn, Șerban, o\u0308") == "Łódź, Nguyễn, Șerban, ö"
    assert drawable("ж\u200d\x07") == "[U+0436] "
    assert "[U+0436]" in pdf_text(build_paper("Name: ж"))


@pytest.mark.parametrize(
    ("value", "words"), [(None, "none"), (0, "0"), (1234, "1,234"), (2.5, "2.5"), (3.0, "3")]
)
def test_numbers_as_people_read_them(value: float | None, words: str) -> None:
    assert shown(value) == words


def test_the_stylesheet_covers_the_classes_used() -> None:
    css = paper_stylesheet().decode()
    page = render_page(build_paper(news=("n",)))
    used = {name for names in re.findall(r'class="([^"]*)"', page) for name in names.split()}
    known = set(re.findall(r"\.([a-z][a-z-]*)", css))
    assert used - known <= {"paper-section", "paper-box-title"}
    assert "@media print" in css


@pytest.mark.parametrize(
    ("most", "top"), [(0, 4), (1, 4), (4, 4), (5, 8), (9, 20), (21, 40), (41, 80), (390, 400)]
)
def test_an_axis_ends_at_a_round_number(most: float, top: float) -> None:
    assert round_top(most) == top


def test_bars_have_contrast_on_white() -> None:
    """WCAG 2.2, 1.4.11: 3 to 1; axe cannot judge what is drawn in SVG."""

    def luminance(color: str) -> float:
        parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert all(1.05 / (luminance(color) + 0.05) > 4.5 for color in COLORS)


def test_a_chart_too_high_for_the_rest_of_a_page_takes_its_heading_along() -> None:
    labels = tuple(f"Agency {n}" for n in range(15))
    chart = Chart(
        key="c", title="Long", description="d", label_head="l", labels=labels,
        series=(Series(name="n", values=(1,) * 15),),
    )  # fmt: skip
    first = Section(key="a", title="First", blocks=(Prose(text="Words. " * 550),))
    second = Section(key="b", title="Second heading", blocks=(chart,))
    reader = PdfReader(io.BytesIO(render_pdf(build_paper(sections=(first, second)))))
    (page,) = (p for p in reader.pages if "Second heading" in p.extract_text())
    assert "Agency 14" in page.extract_text()

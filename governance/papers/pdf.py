"""The PDF edition: embedded typeface, bookmarks, title, language; the same bytes every time.

Every page carries the paper's id, its marking, its digest and “page x of y”. reportlab writes no
structure tags, so the HTML edition is the accessible one (ADR 0130); the PDF is the one to file.
"""

import io
from collections.abc import Iterator
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import LETTER
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Frame,
    PageBreak,
    PageTemplate,
)
from reportlab.platypus.flowables import HRFlowable

from governance.digests import sha256_of
from governance.papers.fonts import BOLD, REGULAR, drawable, register_fonts
from governance.papers.model import Chart, Paper, Section
from governance.papers.pdf_flow import (
    FRAME_WIDTH,
    HEADINGS,
    STYLES,
    box,
    definitions,
    drawn_height,
    flow_block,
    text,
)
from governance.papers.words import day_words

_WIDTH, _HEIGHT = LETTER
_SIDE = (_WIDTH - FRAME_WIDTH) / 2
_TOP, _FOOT = 62.0, 64.0
_HEADING_ROOM = 110.0
"""A heading begins a page rather than stand alone at the foot of one."""


def render_pdf(paper: Paper) -> bytes:
    """The paper as PDF; equal papers give equal bytes."""
    register_fonts()
    # The first pass counts the pages that the second prints on each of them.
    _, pages = _build(paper, 0)
    return _build(paper, pages)[0]


def _build(paper: Paper, pages: int) -> tuple[bytes, int]:
    out = io.BytesIO()
    document = _Document(out, paper, pages)
    document.build(list(_story(paper)))
    return out.getvalue(), document.page


def pdf_digest(pdf: bytes) -> str:
    """SHA-256 of a PDF's bytes, lower-case hex."""
    return sha256_of(pdf)


class _Document(BaseDocTemplate):  # type: ignore[misc]  # reportlab is untyped
    """Pages of one frame; sections become bookmarks."""

    def __init__(self, out: io.BytesIO, paper: Paper, pages: int) -> None:
        super().__init__(
            out,
            pagesize=LETTER,
            invariant=1,
            title=f"{paper.title} ({paper.id})",
            author=paper.issued_by,
            subject=paper.kind,
            keywords=[f"digest:{paper.digest}"],
            creator=paper.programme,
            lang=paper.language,
        )
        frame = Frame(
            _SIDE, _FOOT, FRAME_WIDTH, _HEIGHT - _TOP - _FOOT,
            leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
        )  # fmt: skip
        self.addPageTemplates([PageTemplate(id="page", frames=[frame], onPage=self._begin_page)])
        self._paper, self._pages, self._depth = paper, pages, -1

    def _begin_page(self, canvas: Canvas, document: "_Document") -> None:
        canvas.setViewerPreference("DisplayDocTitle", "true")
        _frame_page(canvas, self._paper, document.page, self._pages)

    def afterFlowable(self, flowable: Any) -> None:  # noqa: ANN401, N802  reportlab's own name
        """Put a heading into the outline, at most one level deeper than the last."""
        marked = getattr(flowable, "outline", None)
        if marked is None:
            return
        key, title, level = marked
        self._depth = min(level, self._depth + 1)
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(title, key, level=self._depth, closed=self._depth > 0)


def _story(paper: Paper) -> Iterator[Any]:
    yield text(f"{paper.programme} · {paper.issued_by}", STYLES["note"])
    draft = " (DRAFT)" if paper.standing == "draft" else ""
    yield text(paper.kind.upper() + draft, STYLES["kind"])
    yield text(paper.title, STYLES["title"])
    if paper.subtitle:
        yield text(paper.subtitle, STYLES["subtitle"])
    yield HRFlowable(width="100%", thickness=1.5, color=colors.HexColor("#162e51"), spaceAfter=6)
    facts = [("Document", paper.id)]
    if paper.issued_on is not None:
        facts.append(("Date", day_words(paper.issued_on)))
    if paper.marking:
        facts.append(("May be read by", paper.marking))
    yield definitions([*facts, *paper.facts])
    if paper.note:
        yield text(paper.note, STYLES["note"])
    if paper.news:
        yield box(paper.news_title or "What is new", "", paper.news)
    for section in paper.sections:
        yield from _section(section, paper, 1)
    for exhibit in paper.exhibits:
        yield PageBreak()
        key, title = (
            f"exhibit-{exhibit.letter.lower()}",
            f"Exhibit {exhibit.letter}: {exhibit.title}",
        )
        yield _heading(key, title, 0)
        for section in exhibit.sections:
            yield from _section(section, paper, 1, inside=1)


def _section(section: Section, paper: Paper, depth: int, inside: int = 0) -> Iterator[Any]:
    title = f"{section.number}  {section.title}" if section.number else section.title
    first = section.blocks[0] if section.blocks else None
    # A chart is never broken, so its heading goes where the whole chart has room.
    room = _HEADING_ROOM + (drawn_height(first) if isinstance(first, Chart) else 0)
    yield CondPageBreak(room)
    yield _heading(section.key, title, depth, depth - 1 + inside)
    for block in section.blocks:
        yield from flow_block(block, paper)
    for inner in section.sections:
        yield from _section(inner, paper, depth + 1, inside)


def _heading(key: str, title: str, depth: int, level: int = 0) -> Any:  # noqa: ANN401  a flowable
    heading = text(title, HEADINGS[min(depth, len(HEADINGS) - 1)])
    heading.outline = (key, drawable(title), level)
    return heading


def _frame_page(canvas: Canvas, paper: Paper, number: int, pages: int) -> None:
    canvas.saveState()
    canvas.setFillColor(colors.HexColor("#3d4551"))
    canvas.setStrokeColor(colors.HexColor("#a9aeb1"))
    head = _HEIGHT - 40
    canvas.setFont(BOLD, 8)
    canvas.drawString(_SIDE, head, drawable(paper.id))
    canvas.setFont(REGULAR, 8)
    marking = "DRAFT. " if paper.standing == "draft" else ""
    canvas.drawRightString(_WIDTH - _SIDE, head, drawable(marking + paper.marking)[:110])
    canvas.line(_SIDE, head - 5, _WIDTH - _SIDE, head - 5)
    canvas.line(_SIDE, 48, _WIDTH - _SIDE, 48)
    canvas.setFont(REGULAR, 6.5)
    canvas.drawString(_SIDE, 38, f"SHA-256 of this text: {paper.digest}")
    canvas.setFont(REGULAR, 8)
    canvas.drawRightString(_WIDTH - _SIDE, 38, f"Page {number} of {pages}")
    canvas.restoreState()

"""Blocks of a paper as reportlab flowables."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import (
    CondPageBreak,
    KeepTogether,
    ListFlowable,
    ListItem,
    Paragraph,
    Spacer,
)
from reportlab.platypus import Table as Grid

from governance.papers.charts import COLORS, lay_out
from governance.papers.fonts import BOLD, ITALIC, REGULAR, drawable
from governance.papers.model import (
    Block,
    Box,
    Chart,
    Definitions,
    GivenSignature,
    Items,
    Paper,
    Prose,
    SignatureLine,
    Signatures,
    Table,
)
from governance.papers.words import instant_words

FRAME_WIDTH = 481.0
"""Letter width less the margins, in points."""
_CAPTION_ROOM = 70.0
"""A caption begins a page rather than stand alone at the foot of one. Not `keepWithNext`: a chain
of them longer than a page never ends in reportlab 5.1."""
_INK, _GREY, _PALE = "#1b1b1b", "#565c65", "#dfe1e2"
_NAVY, _BOX = "#162e51", "#eff6fb"


def _style(name: str, **changes: Any) -> ParagraphStyle:  # noqa: ANN401  reportlab's own options
    facts = {
        "fontName": REGULAR,
        "fontSize": 9.5,
        "leading": 13,
        "spaceAfter": 5,
        "textColor": colors.HexColor(_INK),
        "splitLongWords": 1,
    }
    return ParagraphStyle(name, **(facts | changes))


BODY = _style("body")
STYLES = {
    "plain": BODY,
    "note": _style("note", fontSize=8.5, leading=11.5, textColor=colors.HexColor("#3d4551")),
    "clause": _style("clause", leftIndent=14, borderPadding=0),
    "cell": _style("cell", fontSize=8.3, leading=10.8, spaceAfter=0),
    "numeric": _style("numeric", fontSize=8.3, leading=10.8, spaceAfter=0, alignment=TA_RIGHT),
    "head": _style("head", fontName=BOLD, fontSize=8.3, leading=10.8, spaceAfter=0),
    "numeric-head": _style(
        "numeric-head", fontName=BOLD, fontSize=8.3, leading=10.8, spaceAfter=0, alignment=TA_RIGHT
    ),
    "caption": _style("caption", fontName=BOLD, fontSize=9, spaceBefore=4),
    "term": _style("term", fontName=BOLD, fontSize=9, leading=12, spaceAfter=0),
    "about": _style("about", fontSize=9, leading=12, spaceAfter=0),
    "blank": _style(
        "blank", fontName=ITALIC, fontSize=8, leading=12, textColor=colors.HexColor(_GREY)
    ),
    "title": _style(
        "title", fontName=BOLD, fontSize=19, leading=23, textColor=colors.HexColor(_NAVY)
    ),
    "subtitle": _style("subtitle", fontSize=12, leading=16),
    "kind": _style("kind", fontName=BOLD, fontSize=9, textColor=colors.HexColor(_NAVY)),
}
HEADINGS = (
    _style("h1", fontName=BOLD, fontSize=15, leading=19, spaceBefore=4),
    _style("h2", fontName=BOLD, fontSize=12.5, leading=16, spaceBefore=13),
    _style("h3", fontName=BOLD, fontSize=10.5, leading=14, spaceBefore=9),
)


def text(words: str, style: ParagraphStyle = BODY) -> Paragraph:
    """A paragraph of plain text: its mark-up is escaped, its line breaks are kept."""
    return Paragraph(marked(words), style)


def marked(words: str) -> str:
    """Plain text as reportlab's mark-up."""
    return escape(drawable(words), quote=False).replace("\n", "<br/>")


def flow_block(block: Block, paper: Paper) -> Iterator[Any]:
    """What a block puts on the page, in order."""
    match block:
        case Prose():
            lead = f"<b>{marked(block.lead)}</b> " if block.lead else ""
            yield Paragraph(lead + marked(block.text), STYLES[block.tone])
        case Items():
            yield _list(block.items, ordered=block.ordered)
        case Definitions():
            yield definitions(block.items)
        case Table():
            yield from _table(block)
        case Signatures():
            for line in block.lines:
                yield KeepTogether(_signature(line, paper.signature_of(line)))
        case Chart():
            yield from _chart(block)
        case Box():
            yield box(block.title, block.text, block.items)


def _list(items: Sequence[str], *, ordered: bool = False) -> ListFlowable:
    return ListFlowable(
        [ListItem(text(i), leftIndent=16) for i in items],
        bulletType="1" if ordered else "bullet",
        start=None if ordered else "•",
        bulletFontName=REGULAR,
        bulletFontSize=9,
        leftIndent=16,
    )


def definitions(items: Sequence[tuple[str, str]]) -> Grid:
    """Terms left, what they are right."""
    if not items:
        return Spacer(0, 0)
    rows = [[text(term, STYLES["term"]), text(about, STYLES["about"])] for term, about in items]
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEABOVE", (0, 0), (-1, -1), 0.5, colors.HexColor(_PALE)),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    widths = (0.29 * FRAME_WIDTH, 0.71 * FRAME_WIDTH)
    return Grid(rows, widths, style=style, spaceAfter=8, splitInRow=1)


def _table(table: Table) -> Iterator[Any]:
    yield CondPageBreak(_CAPTION_ROOM)
    yield text(table.caption, STYLES["caption"])
    if not table.rows:
        yield text("None.")
        return
    relative = table.widths or (1,) * len(table.head)
    widths = [FRAME_WIDTH * w / sum(relative) for w in relative]
    right = set(table.numeric)
    cells = [
        [
            text(h, STYLES["numeric-head" if n in right else "head"])
            for n, h in enumerate(table.head)
        ]
    ]
    for row in table.rows:
        styles = ["numeric" if n in right else "cell" for n in range(len(row))]
        cells.append([text(c, STYLES[s]) for c, s in zip(row, styles, strict=True)])
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#f0f0f0")),
        ("LINEBELOW", (0, 0), (-1, 0), 1, colors.HexColor(_GREY)),
        ("LINEBELOW", (0, 1), (-1, -1), 0.5, colors.HexColor(_PALE)),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    yield Grid(cells, widths, style=style, repeatRows=1, spaceAfter=9, splitInRow=1)


def box(title: str, words: str, items: Sequence[str]) -> Grid:
    """Something set off; a row for each item, so that it breaks between pages."""
    rows: list[Any] = [text(title, STYLES["term"])]
    if words:
        rows.append(text(words, STYLES["about"]))
    rows += [text(f"•  {item}", STYLES["about"]) for item in items]
    style = [
        ("BACKGROUND", (0, 0), (-1, -1), colors.HexColor(_BOX)),
        ("LINEBEFORE", (0, 0), (0, -1), 4, colors.HexColor(COLORS[0])),
        ("LEFTPADDING", (0, 0), (-1, -1), 12),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    grid = [[row] for row in rows]
    return Grid(grid, [FRAME_WIDTH], style=style, spaceBefore=4, spaceAfter=9, splitInRow=1)


def _signature(line: SignatureLine, given: GivenSignature | None) -> list[Any]:
    head = f"<b>{marked(line.full_name)}</b>"
    if line.capacity:
        head += f"<br/>{marked(line.capacity)}"
    if given is None:
        facts = [("Signature", ""), ("Name and title", ""), ("Date", "")]
    else:
        how = "signed document on file" if given.uploaded else "typed signature"
        facts = [
            ("Signature", f"{given.name} ({how})"),
            ("Given", instant_words(given.given_at)),
            ("Identity", given.identity or "as recorded in the ledger"),
            ("Digest signed", given.digest),
        ]
    rows = [[text(k, STYLES["note"]), text(v, STYLES["cell"])] for k, v in facts]
    heights = None if given else [26, 22, 22]
    style = [
        ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
        ("LINEBELOW", (1, 0), (1, -1), 0.7, colors.HexColor(_INK if not given else _PALE)),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    grid = Grid(rows, [90, 300], heights, style=style, hAlign="LEFT", spaceAfter=14)
    return [Paragraph(head, BODY), grid]


def _chart(chart: Chart) -> Iterator[Any]:
    unit = f" ({chart.unit})" if chart.unit else ""
    drawing = _drawing(chart)
    yield KeepTogether([text(chart.title + unit, STYLES["caption"]), drawing, Spacer(0, 4)])
    if chart.labels:
        yield from _table(chart.table())


def drawn_height(chart: Chart) -> float:
    """How high a chart stands on the page, in points."""
    drawn = lay_out(chart)
    return drawn.height * FRAME_WIDTH / drawn.width


def _drawing(chart: Chart) -> Drawing:
    drawn = lay_out(chart)
    scale = FRAME_WIDTH / drawn.width
    drawing = Drawing(FRAME_WIDTH, drawn.height * scale)
    flip = drawn.height
    for rule in drawn.rules:
        ends = (
            rule.x1 * scale,
            (flip - rule.y1) * scale,
            rule.x2 * scale,
            (flip - rule.y2) * scale,
        )
        drawing.add(Line(*ends, strokeColor=colors.HexColor("#a9aeb1"), strokeWidth=0.5))
    for bar in drawn.bars:
        fill = colors.HexColor(COLORS[bar.series])
        corner = (bar.x * scale, (flip - bar.y - bar.height) * scale)
        size = (bar.width * scale, bar.height * scale)
        drawing.add(Rect(*corner, *size, fillColor=fill, strokeColor=None))
    for label in drawn.labels:
        drawing.add(
            String(
                label.x * scale,
                (flip - label.y) * scale,
                drawable(label.text),
                fontName=REGULAR,
                fontSize=label.size * scale,
                textAnchor=label.anchor,
                fillColor=colors.HexColor(_INK),
            )
        )
    return drawing

"""The HTML edition: semantic, escaped, without style or script of its own.

It needs no more than `papers.css` (`paper_stylesheet`), is read the same without it, and passes a
content security policy that forbids inline styles: charts are SVG with presentation attributes.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib import resources

from governance.papers.charts import COLORS, Bar, Drawn, Label, Rule, lay_out
from governance.papers.model import (
    Block,
    Box,
    Chart,
    Definitions,
    Exhibit,
    GivenSignature,
    Items,
    Paper,
    Prose,
    Section,
    SignatureLine,
    Signatures,
    Table,
)
from governance.papers.words import day_words, instant_words

_DEEPEST = 6
_CONTENTS_FROM = 4
STYLESHEET = "papers.css"


def paper_stylesheet() -> bytes:
    """The stylesheet of papers, screen and print."""
    return (resources.files("governance.papers") / STYLESHEET).read_bytes()


def render_page(paper: Paper, stylesheet: str = STYLESHEET) -> str:
    """A whole page.

    Args:
        paper: The paper.
        stylesheet: Address of `paper_stylesheet`'s bytes.
    """
    return (
        "<!doctype html>\n"
        f'<html lang="{_q(paper.language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_t(paper.title)} ({_t(paper.id)})</title>\n"
        f'<link rel="stylesheet" href="{_q(stylesheet)}">\n</head>\n<body class="paper-page">\n'
        f"<main>\n{render_html(paper)}\n</main>\n</body>\n</html>\n"
    )


def render_html(paper: Paper, *, level: int = 1) -> str:
    """The paper as an `article`, for a page that has its own frame.

    Args:
        paper: The paper.
        level: Of the paper's own heading.
    """
    return "\n".join(_article(paper, level))


def _article(paper: Paper, level: int) -> Iterator[str]:
    yield f'<article class="paper" lang="{_q(paper.language)}">'
    yield from _masthead(paper, level)
    if paper.news:
        yield '<div class="paper-news">'
        yield _heading(level + 1, paper.news_title or "What is new", "what-is-new")
        yield "<ul>" + "".join(f"<li>{_t(item)}</li>" for item in paper.news) + "</ul></div>"
    yield from _contents(paper, level)
    for section in paper.sections:
        yield from _section(section, paper, level + 1)
    for exhibit in paper.exhibits:
        yield from _exhibit(exhibit, paper, level + 1)
    yield '<footer class="paper-foot">'
    yield (
        f'<p>{_t(paper.id)}<br>Digest of this text (SHA-256): <code class="paper-digest">'
        f"{paper.digest}</code></p></footer>\n</article>"
    )


def _masthead(paper: Paper, level: int) -> Iterator[str]:
    yield '<header class="paper-head">'
    yield f'<p class="paper-programme">{_t(paper.programme)} · {_t(paper.issued_by)}</p>'
    draft = " (draft)" if paper.standing == "draft" else ""
    yield f'<p class="paper-kind">{_t(paper.kind)}{draft}</p>'
    yield _heading(level, paper.title)
    if paper.subtitle:
        yield f'<p class="paper-subtitle">{_t(paper.subtitle)}</p>'
    facts = [("Document", paper.id)]
    if paper.issued_on is not None:
        facts.append(("Date", day_words(paper.issued_on)))
    if paper.marking:
        facts.append(("May be read by", paper.marking))
    yield _definitions([*facts, *paper.facts], "paper-facts")
    if paper.note:
        yield f'<p class="paper-note">{_t(paper.note)}</p>'
    yield "</header>"


def _contents(paper: Paper, level: int) -> Iterator[str]:
    if len(paper.sections) + len(paper.exhibits) < _CONTENTS_FROM:
        return
    yield '<nav class="paper-contents" aria-label="Contents of this document">'
    yield _heading(level + 1, "Contents")
    yield "<ul>"
    for section in paper.sections:
        yield f'<li><a href="#{section.key}">{_titled(section)}</a></li>'
    for exhibit in paper.exhibits:
        name = f"Exhibit {exhibit.letter}: {exhibit.title}"
        yield f'<li><a href="#exhibit-{exhibit.letter.lower()}">{_t(name)}</a></li>'
    yield "</ul></nav>"


def _exhibit(exhibit: Exhibit, paper: Paper, level: int) -> Iterator[str]:
    yield '<section class="paper-exhibit">'
    title = f"Exhibit {exhibit.letter}: {exhibit.title}"
    yield _heading(level, title, f"exhibit-{exhibit.letter.lower()}")
    for section in exhibit.sections:
        yield from _section(section, paper, level + 1)
    yield "</section>"


def _section(section: Section, paper: Paper, level: int) -> Iterator[str]:
    yield '<section class="paper-section">'
    level = min(level, _DEEPEST)
    yield f'<h{level} id="{section.key}">{_titled(section)}</h{level}>'
    for block in section.blocks:
        yield _block(block, paper)
    for inner in section.sections:
        yield from _section(inner, paper, level + 1)
    yield "</section>"


def _titled(section: Section) -> str:
    number = f'<span class="paper-number">{_t(section.number)}</span> ' if section.number else ""
    return number + _t(section.title)


def _block(block: Block, paper: Paper) -> str:
    said: str
    match block:
        case Prose():
            said = _prose(block)
        case Items():
            tag = "ol" if block.ordered else "ul"
            said = f"<{tag}>" + "".join(f"<li>{_t(i)}</li>" for i in block.items) + f"</{tag}>"
        case Definitions():
            said = _definitions(block.items, "paper-terms")
        case Table():
            said = _table(block)
        case Signatures():
            lines = (_signature(line, paper.signature_of(line)) for line in block.lines)
            said = '<div class="paper-signatures">' + "".join(lines) + "</div>"
        case Chart():
            said = f'<figure class="paper-chart">{_svg(block)}{_table(block.table())}</figure>'
        case Box():
            said = _box(block)
    return said


def _prose(block: Prose) -> str:
    tone = "" if block.tone == "plain" else f' class="paper-{block.tone}"'
    lead = f"<strong>{_t(block.lead)}</strong> " if block.lead else ""
    return f"<p{tone}>{lead}{_lines(block.text)}</p>"


def _box(block: Box) -> str:
    text = f"<p>{_lines(block.text)}</p>" if block.text else ""
    items = "".join(f"<li>{_t(i)}</li>" for i in block.items)
    listed = f"<ul>{items}</ul>" if items else ""
    title = f'<p class="paper-box-title"><strong>{_t(block.title)}</strong></p>'
    return f'<div class="paper-box">{title}{text}{listed}</div>'


def _definitions(items: Sequence[tuple[str, str]], kind: str) -> str:
    pairs = "".join(f"<div><dt>{_t(k)}</dt><dd>{_lines(v)}</dd></div>" for k, v in items)
    return f'<dl class="{kind}">{pairs}</dl>'


def _table(table: Table) -> str:
    right = dict.fromkeys(table.numeric, ' class="paper-numeric"')
    head = "".join(
        f'<th scope="col"{right.get(n, "")}>{_t(h)}</th>' for n, h in enumerate(table.head)
    )
    rows = [f"<tr>{_row(row, table, right)}</tr>" for row in table.rows]
    if not rows:
        rows.append(f'<tr><td colspan="{len(table.head)}">None.</td></tr>')
    # A wide table scrolls within its group; the group takes the keyboard's focus for that.
    return (
        f'<div class="paper-table" role="group" aria-label="{_q(table.caption)}" tabindex="0">'
        f"<table><caption>{_t(table.caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(row: Sequence[str], table: Table, right: Mapping[int, str]) -> str:
    cells = []
    for n, cell in enumerate(row):
        # On a phone a row becomes a list, each cell under its column's name.
        label = f' data-label="{_q(table.head[n])}"'
        if n == 0 and table.row_heads and cell.strip():
            cells.append(f'<th scope="row"{label}>{_lines(cell)}</th>')
        else:
            cells.append(f"<td{right.get(n, '')}{label}>{_lines(cell)}</td>")
    return "".join(cells)


def _signature(line: SignatureLine, given: GivenSignature | None) -> str:
    capacity = f"<p>{_t(line.capacity)}</p>" if line.capacity else ""
    if given is None:
        facts = [("Signature", ""), ("Name and title", ""), ("Date", "")]
        empty = "paper-signature paper-unsigned"
    else:
        how = "Signed document on file" if given.uploaded else "Typed signature"
        facts = [("Signature", given.name), ("Given", instant_words(given.given_at)), ("How", how)]
        if given.identity:
            facts.append(("Identity", given.identity))
        facts.append(("Digest signed", given.digest))
        empty = "paper-signature"
    blank = '<span class="paper-blank">to be filled in</span>'
    pairs = "".join(f"<div><dt>{_t(k)}</dt><dd>{_t(v) or blank}</dd></div>" for k, v in facts)
    name = f"<p><strong>{_t(line.full_name)}</strong></p>"
    return f'<div class="{empty}">{name}{capacity}<dl>{pairs}</dl></div>'


def _heading(level: int, text: str, key: str = "") -> str:
    level = min(level, _DEEPEST)
    anchor = f' id="{_q(key)}"' if key else ""
    return f"<h{level}{anchor}>{_t(text)}</h{level}>"


def _svg(chart: Chart) -> str:
    drawn = lay_out(chart)
    name, about = f"{chart.key}-title", f"{chart.key}-desc"
    return (
        f"<figcaption>{_t(chart.title)}{_unit(chart)}</figcaption>"
        f'<div class="paper-plot" role="group" aria-label="Chart: {_q(chart.title)}" tabindex="0">'
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" class="paper-svg" '
        f'viewBox="0 0 {drawn.width:g} {drawn.height:g}" '
        f'aria-labelledby="{name} {about}">'
        f'<title id="{name}">{_t(chart.title)}</title>'
        f'<desc id="{about}">{_t(chart.description)}</desc>{_shapes(drawn)}</svg></div>'
    )


def _unit(chart: Chart) -> str:
    return f" ({_t(chart.unit)})" if chart.unit else ""


def _shapes(drawn: Drawn) -> str:
    return (
        "".join(_rule(r) for r in drawn.rules)
        + "".join(_bar(b) for b in drawn.bars)
        + "".join(_label(x) for x in drawn.labels)
    )


def _bar(bar: Bar) -> str:
    return (
        f'<rect x="{bar.x:.1f}" y="{bar.y:.1f}" width="{bar.width:.1f}" '
        f'height="{bar.height:.1f}" fill="{COLORS[bar.series]}"/>'
    )


def _rule(rule: Rule) -> str:
    return (
        f'<line x1="{rule.x1:.1f}" y1="{rule.y1:.1f}" x2="{rule.x2:.1f}" y2="{rule.y2:.1f}" '
        'stroke="#a9aeb1"/>'
    )


def _label(label: Label) -> str:
    return (
        f'<text x="{label.x:.1f}" y="{label.y:.1f}" font-size="{label.size}" fill="#1b1b1b" '
        f'text-anchor="{label.anchor}">{_t(label.text)}</text>'
    )


def _t(text: str) -> str:
    return escape(_sound(text), quote=False)


def _q(text: str) -> str:
    return escape(_sound(text), quote=True)


def _lines(text: str) -> str:
    return "<br>".join(_t(text).splitlines())


def _sound(text: str) -> str:
    """Without control characters, which HTML does not allow."""
    return "".join(c if c >= " " or c in "\n\t" else " " for c in text)

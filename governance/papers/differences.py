"""What differs between two versions of a paper, in words, section by section.

Structural: sections are matched by key, definitions by term, table rows by their first cells, so
that a change of one figure reads as that change and not as two paragraphs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from governance.papers.model import (
    Block,
    Box,
    Chart,
    Definitions,
    Items,
    Paper,
    Prose,
    Section,
    Signatures,
    Table,
)
from governance.requests.terms import Terms, Topic

_LONGEST = 400
_ALIKE = 0.5
"""Two paragraphs more alike than this are one that changed."""

_IGNORED = frozenset({"Request", "Version", "Digest of the approved content"})
"""What differs by itself and says nothing."""


@dataclass(frozen=True, slots=True)
class _Line:
    """Something a section says; `key` tells it from the others, `name` is for people."""

    key: str
    name: str
    text: str


def what_is_new(old: Paper, new: Paper) -> tuple[str, ...]:
    """Every difference that is in the text, reading order of the new paper, removals last.

    The documents' ids, dates of drafting and signatures are no differences, and what an exhibit
    repeats of the text is told once.
    """
    told: dict[str, None] = {}
    for difference in _differences(old, new):
        _, _, what = difference.partition(": ")
        if not any(t.endswith(f": {what}") for t in told):
            told[difference] = None
    return tuple(told)


def what_is_new_in_terms(old: Terms, new: Terms) -> tuple[str, ...]:
    """Every difference of two terms, in words; empty exactly when they say the same."""
    before, after = old.by_title(), new.by_title()
    titles = [*after, *(title for title in before if title not in after)]
    return tuple(
        words
        for title in titles
        if (words := _topic_words(title, before.get(title), after.get(title)))
    )


def _topic_words(title: str, old: Topic | None, new: Topic | None) -> str:
    before, after = old.values if old else (), new.values if new else ()
    if set(before) == set(after):
        return ""
    either = new or old
    if either is not None and not either.listed:
        return f"{title}: {_was(' '.join(before), ' '.join(after))}"
    changes = (
        ("added", [v for v in after if v not in before]),
        ("removed", [v for v in before if v not in after]),
    )
    said = (f"{what} {', '.join(f'“{_short(v)}”' for v in vs)}" for what, vs in changes if vs)
    return f"{title}: {'; '.join(said)}"


def _differences(old: Paper, new: Paper) -> Iterator[str]:
    if old.title != new.title:
        yield f"Title: {_was(old.title, new.title)}"
    yield from _facts(dict(old.facts), dict(new.facts))
    before = {s.key: s for s in old.walk()}
    after = {s.key: s for s in new.walk()}
    for key, section in after.items():
        if key not in before:
            yield f"New section: {_name(section)}"
        else:
            yield from _section(before[key], section)
    for key, section in before.items():
        if key not in after:
            yield f"Section removed: {_name(section)}"


def _facts(old: dict[str, str], new: dict[str, str]) -> Iterator[str]:
    for term, about in new.items():
        if term not in _IGNORED and old.get(term) != about:
            yield f"{term}: {_was(old.get(term, ''), about)}"


def _section(old: Section, new: Section) -> Iterator[str]:
    before = _keyed(old)
    after = _keyed(new)
    where = _name(new)
    gone = [line for key, line in before.items() if key not in after]
    for key, line in after.items():
        if key not in before:
            replaced = _alike(line, gone)
            if replaced is None:
                yield f"{where}: added: {_quoted(line)}"
            else:
                gone.remove(replaced)
                yield f"{where}: {_was(replaced.text, line.text)}"
        elif before[key].text != line.text:
            yield f"{where}, {line.name}: {_was(before[key].text, line.text)}"
    for line in gone:
        yield f"{where}: removed: {_quoted(line)}"


def _alike(line: _Line, others: list[_Line]) -> _Line | None:
    """The removed paragraph that this one is a new wording of."""
    if line.name:
        return None
    for other in others:
        if not other.name:
            ratio = SequenceMatcher(None, other.text, line.text, autojunk=False).quick_ratio()
            if ratio > _ALIKE:
                return other
    return None


def _keyed(section: Section) -> dict[str, _Line]:
    found: dict[str, _Line] = {}
    for block in section.blocks:
        for line in _lines(block):
            key, again = line.key, 1
            while key in found:
                again += 1
                key = f"{line.key}#{again}"
            found[key] = line
    return found


def _lines(block: Block) -> Iterator[_Line]:
    match block:
        case Prose():
            key = f"prose:{block.lead or block.text}"
            yield _Line(key, block.lead.rstrip("."), block.text)
        case Items():
            yield from (_Line(f"item:{i}", "", i) for i in block.items)
        case Definitions():
            yield from (_Line(f"term:{t}", t, a) for t, a in block.items if t not in _IGNORED)
        case Table():
            yield from _rows(block)
        case Signatures():
            yield from (_Line(f"party:{x.party}", x.full_name, x.capacity) for x in block.lines)
        case Box():
            yield _Line(f"box:{block.title}", block.title, "; ".join([block.text, *block.items]))
        case Chart():
            yield from _rows(block.table())


def _rows(table: Table) -> Iterator[_Line]:
    for row in table.rows:
        said = "; ".join(cell for cell in row[1:] if cell)
        yield _Line(f"row:{table.head}:{row[0]}", row[0], said)


def _name(section: Section) -> str:
    return f"{section.number} {section.title}".strip()


def _quoted(line: _Line) -> str:
    said = f"{line.name}: {line.text}" if line.name and line.text else line.name or line.text
    return f"“{_short(said)}”"


def _was(old: str, new: str) -> str:
    if not old:
        return f"now “{_short(new)}”"
    if not new:
        return f"“{_short(old)}” was removed"
    return f"“{_short(old)}” became “{_short(new)}”"


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= _LONGEST else folded[: _LONGEST - 1] + "…"

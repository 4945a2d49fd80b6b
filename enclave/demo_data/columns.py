"""Text columns made at once, not row by row, and the three file formats of the demonstration."""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def pick(rng: np.random.Generator, weights: Mapping[str, float], count: int) -> pa.StringArray:
    """`count` words, drawn by weight."""
    share = np.array(list(weights.values()), dtype=float)
    places = rng.choice(len(share), size=count, p=share / share.sum())
    return pa.array(list(weights), pa.string()).take(pa.array(places))


def pick_any(rng: np.random.Generator, words: Sequence[str], count: int) -> pa.StringArray:
    """`count` words; the first ones more often, as names are."""
    places = (len(words) * rng.random(count) ** 1.6).astype(np.int64)
    return pa.array(words, pa.string()).take(pa.array(places))


def chance(rng: np.random.Generator, share: float, count: int) -> np.ndarray:
    """True in about that share of `count` places."""
    hit: np.ndarray = rng.random(count) < share
    return hit


def digits(numbers: np.ndarray, width: int) -> pa.StringArray:
    """Numbers with leading zeros."""
    return pc.ascii_lpad(pa.array(numbers).cast(pa.string()), width, "0")


def written_date(days: np.ndarray, form: str) -> pa.StringArray:
    """Days since 1970-01-01, written by a strftime format."""
    return pc.strftime(pa.array(days.astype(np.int32)).cast(pa.date32()), form)


def spoil(column: pa.StringArray, rows: np.ndarray, text: str | None) -> pa.StringArray:
    """The column with `text` in these rows."""
    mask = np.zeros(len(column), dtype=bool)
    mask[rows] = True
    return pc.if_else(pa.array(mask), pa.scalar(text, pa.string()), column)


def cut(column: pa.StringArray, rows: np.ndarray, width: int) -> pa.StringArray:
    """The column with only the last `width` characters in these rows, as spreadsheets do."""
    mask = np.zeros(len(column), dtype=bool)
    mask[rows] = True
    return pc.if_else(pa.array(mask), pc.utf8_slice_codeunits(column, -width), column)


def write_csv(path: Path, columns: Mapping[str, pa.StringArray]) -> None:
    """As a spreadsheet saves it: UTF-8 with a mark, CRLF, quotes where needed."""
    cells = [_quoted(pc.fill_null(column, "")) for column in columns.values()]
    lines = pc.binary_join_element_wise(*cells, ",")
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        stream.write(",".join(columns) + "\r\n")
        stream.write("\r\n".join(lines.to_pylist()))
        stream.write("\r\n")


def _quoted(column: pa.StringArray) -> pa.StringArray:
    needs = pc.match_substring_regex(column, '[",\r\n]')
    doubled = pc.replace_substring(column, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', doubled, '"', ""), column)


def write_fixed_width(
    path: Path, columns: Sequence[tuple[pa.StringArray, int]], *, header: str, footer: str
) -> None:
    """One record a line, each column padded to its width; ASCII."""
    cells = [pc.utf8_rpad(pc.fill_null(column, ""), width, " ") for column, width in columns]
    lines = pc.binary_join_element_wise(*cells, "")
    with path.open("w", encoding="ascii", newline="") as stream:
        stream.write("\n".join((header, *lines.to_pylist(), footer)) + "\n")


def write_json_lines(
    path: Path, columns: Mapping[str, pa.StringArray], *, numbers: frozenset[str]
) -> None:
    """One object a line, gzip; `numbers` stand without quotes, a null where there is no value."""
    pieces: list[pa.StringArray | str] = []
    for place, (name, column) in enumerate(columns.items()):
        cell = pc.fill_null(column, "null") if name in numbers else _json(column)
        pieces += [("{" if place == 0 else ", ") + f'"{name}": ', cell]
    lines = pc.binary_join_element_wise(*pieces, "}\n", "")
    # No time and no name in the header: the same people make the same bytes.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 3, raw, mtime=0) as stream:
        stream.write("".join(lines.to_pylist()).encode())


def _json(column: pa.StringArray) -> pa.StringArray:
    escaped = pc.replace_substring(pc.replace_substring(column, "\\", "\\\\"), '"', '\\"')
    return pc.fill_null(pc.binary_join_element_wise('"', escaped, '"', ""), "null")

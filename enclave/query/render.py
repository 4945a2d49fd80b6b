"""Released answers as text or files. Nothing but a `ReleasedAnswer` can be rendered.

A suppressed cell is `*` where people read (table, CSV) and null beside a flag where programs do
(JSON, Parquet), so that it is never taken for a zero.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

import pyarrow as pa
import pyarrow.parquet as pq

from enclave.evidence import ReleasedAnswer
from enclave.query.answering import ONLY_OBSERVED
from enclave.query.assembling import Cell

SUPPRESSED: Final = "*"
_REASONS: Final = {
    "count": "because the cell counts few people, or hides another that does.",
    "statistic": "because the sum or mean is of few people or values, rests mostly on one of them, "
    "or hides another that does.",
}
_RULES: Final = {
    "minimum_cell_count": "no count under {}, but zero",
    "minimum_denominator": "no sum or mean over fewer than {}",
    "dominance_pct": "no sum or mean of which one holds more than {} %",
    "rounding_base": "counts and sums in multiples of {}, means made of those",
}
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""First characters by which a spreadsheet takes a text for a formula."""


def render_answer(answer: ReleasedAnswer, form: str) -> bytes:
    """The answer in one of `FORMATS`.

    Raises:
        KeyError: No such format.
    """
    return FORMATS[form](answer)


def describe_suppression(answer: ReleasedAnswer) -> str:
    """What is hidden in an answer and by which rules, for whoever asked."""
    receipt = answer.receipt
    hidden = cast("Mapping[str, int]", receipt["suppressed"])
    rules = cast("Sequence[Mapping[str, object]]", receipt["rules"])
    lines = [f"{sum(hidden.values())} of {receipt['cells']} cells are suppressed ({SUPPRESSED})."]
    lines += [f"  {hidden[reason]} {text}" for reason, text in _REASONS.items() if hidden[reason]]
    if any(hidden.values()):
        lines += [
            f"  Rule: {_RULES[str(r['rule'])].format(r['value'])} [{r['clause']}]"
            for r in rules
            if str(r["rule"]) in _RULES
        ]
    observed = [name for name, said in _groups(answer).items() if said == ONLY_OBSERVED]
    if observed:
        lines.append(
            f"  Groups of {', '.join(observed)} are those the data has: no list of all its values "
            "is agreed, so a value that is not shown has nobody, and a suppressed one somebody."
        )
    return "\n".join(lines)


def _groups(answer: ReleasedAnswer) -> Mapping[str, str]:
    return cast("Mapping[str, str]", answer.receipt.get("groups", {}))


def _table(answer: ReleasedAnswer) -> bytes:
    rows = [list(answer.columns), *_texts(answer)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(answer.columns))]
    numeric = [_is_numeric(answer, i) for i in range(len(answer.columns))]

    def line(row: list[str]) -> str:
        cells = zip(row, widths, numeric, strict=True)
        return "  ".join(t.rjust(w) if n else t.ljust(w) for t, w, n in cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return ("\n".join([line(rows[0]), rule, *map(line, rows[1:])]) + "\n").encode()


def _csv(answer: ReleasedAnswer) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([_harmless(name) for name in answer.columns])
    for r, row in enumerate(_texts(answer)):
        values = answer.rows[r]
        writer.writerow(
            [_harmless(t) if isinstance(v, str) else t for t, v in zip(row, values, strict=True)]
        )
    return stream.getvalue().encode()


def _json(answer: ReleasedAnswer) -> bytes:
    document = {
        "columns": list(answer.columns),
        "rows": [list(row) for row in answer.rows],
        "suppressed": [
            {"row": r, "column": answer.columns[c], "reason": reason}
            for (r, c), reason in sorted(answer.suppressed.items())
        ],
        "receipt": answer.receipt,
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _parquet(answer: ReleasedAnswer) -> bytes:
    """Each column, and `{column}_suppressed` beside those that have a suppressed cell."""
    arrays: dict[str, pa.Array] = {}
    for c, name in enumerate(answer.columns):
        arrays[name] = _array([row[c] for row in answer.rows])
        flags = [(r, c) in answer.suppressed for r in range(len(answer.rows))]
        if any(flags):
            arrays[f"{name}_suppressed"] = pa.array(flags)
    table = pa.table(arrays).replace_schema_metadata(
        {b"receipt": json.dumps(answer.receipt, sort_keys=True).encode()}
    )
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd")
    return stream.getvalue()


FORMATS: Final[Mapping[str, Callable[[ReleasedAnswer], bytes]]] = {
    "table": _table,
    "csv": _csv,
    "json": _json,
    "parquet": _parquet,
}
"""Formats of an answer."""


def _array(values: list[Cell]) -> pa.Array:
    """One column; text when its values are of several kinds, as beside a total."""
    kinds = {type(v) for v in values if v is not None}
    if len(kinds) > 1 and not kinds <= {int, float}:
        return pa.array([None if v is None else str(v) for v in values], pa.string())
    if kinds == {int, float}:
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    return pa.array(values)


def _texts(answer: ReleasedAnswer) -> list[list[str]]:
    return [
        [SUPPRESSED if (r, c) in answer.suppressed else _text(value) for c, value in enumerate(row)]
        for r, row in enumerate(answer.rows)
    ]


def _text(value: Cell) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_numeric(answer: ReleasedAnswer, column: int) -> bool:
    return all(isinstance(row[column], int | float) or row[column] is None for row in answer.rows)


def _harmless(text: str) -> str:
    """A text no spreadsheet runs: with an apostrophe before what would start a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text

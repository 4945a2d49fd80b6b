"""The checks across columns of one row, compiled once per contract."""

from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from enclave.validate.checks import Check, names_option, text_values
from enclave.validate.reading import Mask, to_mask
from governance.contracts.model import DatasetContract

RowJudge = Callable[[Mapping[str, pa.Array], Mapping[str, pa.Array]], Mask | None]
"""(texts, values by column name) -> failing rows, or None when there is none."""

_BROKEN_BY: Final = {
    "<": pc.greater_equal,
    "<=": pc.greater,
    ">": pc.less_equal,
    ">=": pc.less,
    "==": pc.not_equal,
    "!=": pc.equal,
}


def plan_across(contract: DatasetContract, check: Check) -> RowJudge | None:
    """Compile a `rule.compare` or `rule.required_if` check; None for any other."""
    if check.source is None:
        return None
    if check.code == "rule.compare":
        (left,) = names_option(contract, check.source, "left")
        (right,) = names_option(contract, check.source, "right")
        return _compare(left, right, str(check.source.options["operator"]))
    if check.code == "rule.required_if":
        (column,) = names_option(contract, check.source, "column")
        (when,) = names_option(contract, check.source, "when_column")
        return _required_if(column, when, text_values(check.source, "when_values"))
    return None


def _compare(left: str, right: str, operator: str) -> RowJudge:
    broken = _BROKEN_BY[operator]

    def judge(_texts: Mapping[str, pa.Array], values: Mapping[str, pa.Array]) -> Mask | None:
        flags = broken(values[left], values[right])
        return to_mask(flags) if pc.any(flags).as_py() else None

    return judge


def _required_if(column: str, when: str, values: tuple[str, ...]) -> RowJudge:
    demanding = pa.array(values, pa.string())

    def judge(texts: Mapping[str, pa.Array], _values: Mapping[str, pa.Array]) -> Mask | None:
        if not texts[column].null_count:
            return None
        flags = pc.and_(texts[column].is_null(), pc.is_in(texts[when], value_set=demanding))
        return to_mask(flags) if pc.any(flags).as_py() else None

    return judge

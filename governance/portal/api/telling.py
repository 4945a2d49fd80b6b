"""Records as JSON: replayed states are dataclasses of facts."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from governance.services.values import plain


def tell(record: Any, *, without: frozenset[str] = frozenset()) -> Any:  # noqa: ANN401  any record
    """The record's plain values, field by field."""
    if is_dataclass(record) and not isinstance(record, type):
        return {
            f.name: tell(getattr(record, f.name)) for f in fields(record) if f.name not in without
        }
    if isinstance(record, Mapping):
        return {str(k): tell(v) for k, v in record.items()}
    if isinstance(record, tuple | list | set | frozenset):
        return [tell(v) for v in record]
    return plain(record)

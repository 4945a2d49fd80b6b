"""File-name patterns of a feed: `SDE_enrollment_{period}_r{revision}.csv`.

`{period}` and `{revision}` stand for the reporting period and the revision, `*` for anything,
all else for itself. Published names such as `P20_Q0012_CSCU_match_v1` and
`DOL.000.01_01_2000.matching` are written the same way (`DOL.000.{period}.matching`).
"""

import re
from dataclasses import dataclass

_PARTS = re.compile(r"(\{[^{}]*\}|\*)")
_GROUPS = {
    "{period}": r"(?P<period>[A-Za-z0-9][A-Za-z0-9_.-]*?)",
    "{revision}": r"(?P<revision>[1-9][0-9]*)",
    "*": r"[^/\\]*",
}


@dataclass(frozen=True, slots=True)
class FileNameFacts:
    """What a file's name says.

    Attributes:
        period: Reporting period, or None when the pattern has none.
        revision: Revision, or None when the pattern has none.
    """

    period: str | None
    revision: int | None


def pattern_problem(pattern: str) -> str:
    """Why this is no file-name pattern; empty when it is one."""
    if "/" in pattern or "\\" in pattern:
        return "names a file, not a path"
    holes = [part for part in _PARTS.findall(pattern) if part != "*"]
    unknown = [hole for hole in holes if hole not in _GROUPS]
    if unknown or "{" in _PARTS.sub("", pattern) or "}" in _PARTS.sub("", pattern):
        return "only {period}, {revision} and * may stand for something else"
    if len(set(holes)) != len(holes):
        return "the same placeholder stands twice"
    return ""


def match_file_name(pattern: str, name: str) -> FileNameFacts | None:
    """Period and revision from a file's name, or None when it does not fit the pattern."""
    expression = "".join(_GROUPS.get(part, re.escape(part)) for part in _PARTS.split(pattern))
    found = re.fullmatch(expression, name)
    if found is None:
        return None
    named = found.groupdict()
    revision = named.get("revision")
    return FileNameFacts(named.get("period"), int(revision) if revision else None)

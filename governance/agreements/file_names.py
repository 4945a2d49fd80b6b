"""File-name patterns of a feed: `SDE_enrollment_{period}_r{revision}.csv`.

`{period}` and `{revision}` stand for the reporting period and the revision, `*` for anything,
all else for itself. Published names such as `P20_Q0012_CSCU_match_v1` and
`DOL.000.01_01_2000.matching` are written the same way (`DOL.000.{period}.matching`).
"""

import re

_PARTS = re.compile(r"(\{[^{}]*\}|\*)")
_GROUPS = {
    "{period}": r"(?P<period>[A-Za-z0-9][A-Za-z0-9._-]{0,31}?)",
    "{revision}": r"(?P<revision>[1-9][0-9]*)",
    "*": r"[^/\\]*",
}


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


def expression_of(pattern: str) -> str:
    """The pattern as a regular expression for a whole name, with groups `period`, `revision`."""
    return "".join(_GROUPS.get(part, re.escape(part)) for part in _PARTS.split(pattern))

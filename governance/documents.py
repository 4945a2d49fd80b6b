"""Read a contract or an agreement as a document: every mistake gathered, each with its path.

Order: `read_document` turns the bytes into plain values (a strict YAML: no tags, no anchors, no key
twice, dates stay text), and `Node` walks them. A `Node` never raises for what the document says; it
notes the problem with the path where it stands and gives back a harmless value, so that a steward
reads all mistakes at once. The parser raises at the end when `Problems` holds any.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, Protocol, TypeVar

import yaml

from governance.errors import DocumentError

MAXIMUM_BYTES = 2_000_000
"""A contract is a page, not a data set: anything larger is refused unread."""

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_SafeLoader):  # type: ignore[misc]  # the C loader has no stubs
    """Plain values only; a key that stands twice is an error; dates stay text."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002  PyYAML's signature
    ) -> dict[Any, Any]:
        """Build a mapping and refuse a repeated key.

        Raises:
            yaml.constructor.ConstructorError: A key stands twice.
        """
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            raise yaml.constructor.ConstructorError(
                None, None, "a key stands twice in this block", node.start_mark
            )
        return mapping


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(slots=True)
class Problems:
    """Mistakes of one document, in the order they were found."""

    found: list[str] = field(default_factory=list)

    def add(self, path: str, message: str) -> None:
        """Note one mistake at `path`."""
        self.found.append(f"{path}: {message}" if path else message)


def _show(value: object) -> str:
    """A short rendering of a document's value (documents hold no rows)."""
    text = repr(value) if isinstance(value, str) else str(value)
    limit = 60
    return text if len(text) <= limit else text[: limit - 1] + "…"


def listing(names: object) -> str:
    """Names in a row, for a message."""
    return (
        ", ".join(str(name) for name in names) if isinstance(names, (list, tuple)) else str(names)
    )


def read_document(document: bytes, problems: Problems) -> dict[str, Any] | None:
    """The document's plain values, or None (and a problem) when it is no mapping at all."""
    if len(document) > MAXIMUM_BYTES:
        problems.add("", f"the document is larger than {MAXIMUM_BYTES:,} bytes")
        return None
    try:
        if _has_alias(document):
            problems.add("", "aliases (*name) are not allowed: write it out")
            return None
        content = yaml.load(document, Loader=_StrictLoader)  # noqa: S506  a safe loader, made stricter
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        problems.add("", f"this is no readable YAML: {_where_in(error)}")
        return None
    if not isinstance(content, dict):
        problems.add("", "the document must be a block of `name: value` lines")
        return None
    return content


def _has_alias(document: bytes) -> bool:
    """Whether a YAML alias stands in it: a small document could grow without bound by them."""
    if not re.search(rb"\*[A-Za-z0-9_]", document):
        return False
    return any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(document, Loader=_SafeLoader))


def _where_in(error: Exception) -> str:
    """What the YAML reader says, with its line, on one line."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark
        line = f"line {mark.line + 1}" if mark else "somewhere"
        return f"{line}, {error.problem or error.context or 'syntax'}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__


@dataclass(frozen=True, slots=True)
class Node:
    """One block of a document, with the path that leads to it.

    Attributes:
        values: The block's keys and values.
        path: Where it stands, e.g. `schema[0].properties.birth_date`.
        problems: Where mistakes are noted.
    """

    values: Mapping[str, Any]
    path: str
    problems: Problems

    def at(self, key: str) -> str:
        """The path of one key of this block."""
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, message: str) -> None:
        """Note a mistake at one key (or at the block itself for an empty key)."""
        self.problems.add(self.at(key) if key else self.path, message)

    def has(self, key: str) -> bool:
        """Whether the key is there and not empty."""
        return self.values.get(key) is not None

    def _get(self, key: str, *, required: bool) -> Any:  # noqa: ANN401  a document's value is anything
        value = self.values.get(key)
        if value is None and required:
            self.wrong(key, "is missing")
        return value

    def text(self, key: str, *, required: bool = False, default: str = "") -> str:
        """A text; a number or yes/no there is a mistake (it must be quoted)."""
        value = self._get(key, required=required)
        if value is None:
            return default
        if not isinstance(value, str):
            self.wrong(key, f"must be text; put {_show(value)} in quotes")
            return default
        if required and not value.strip():
            self.wrong(key, "must not be empty")
        return value

    def name(self, key: str, *, required: bool = True, default: str = "") -> str:
        """A lower-case name: letters, digits and underscores, beginning with a letter."""
        value = self.text(key, required=required, default=default)
        if value and not re.fullmatch(r"[a-z][a-z0-9_]*", value):
            self.wrong(
                key, f"{_show(value)} is no name: use lower-case letters, digits and underscores"
            )
        return value

    def choice(self, key: str, choices: tuple[str, ...], *, default: str | None = None) -> str:
        """One of the words allowed; required when there is no default."""
        value = self.text(key, required=default is None, default=default or "")
        if self.has(key) and isinstance(self.values[key], str) and value not in choices:
            self.wrong(key, f"{_show(value)} is not known; use one of: {listing(choices)}")
            return default or choices[0]
        return value or default or choices[0]

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(key, f"must be true or false, not {_show(value)}")
            return default
        return value

    def whole(self, key: str, *, required: bool = False, minimum: int | None = None) -> int | None:
        """A whole number, or None when absent."""
        value = self._get(key, required=required)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(key, f"must be a whole number, not {_show(value)}")
            return None
        if minimum is not None and value < minimum:
            self.wrong(key, f"must be at least {minimum}")
        return value

    def number(
        self,
        key: str,
        *,
        required: bool = False,
        minimum: float | None = None,
        maximum: float | None = None,
    ) -> float | None:
        """A number, or None when absent."""
        value = self._get(key, required=required)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.wrong(key, f"must be a number, not {_show(value)}")
            return None
        if minimum is not None and value < minimum:
            self.wrong(key, f"must be at least {minimum:g}")
        if maximum is not None and value > maximum:
            self.wrong(key, f"must be at most {maximum:g}")
        return float(value)

    def day(self, key: str) -> date:
        """A calendar date, `YYYY-MM-DD`."""
        value = self.text(key, required=True)
        try:
            return date.fromisoformat(value)
        except ValueError:
            if value:
                self.wrong(key, f"{_show(value)} is no date; write it as YYYY-MM-DD")
            return date.min

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts, none twice."""
        value = self._get(key, required=required)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.wrong(key, "must be a list")
            return ()
        if required and not value:
            self.wrong(key, "must name at least one")
        kept: list[str] = []
        for place, item in enumerate(value):
            if not isinstance(item, str):
                self.wrong(f"{key}[{place}]", f"must be text; put {_show(item)} in quotes")
            else:
                kept.append(item)
        if len(set(kept)) != len(kept):
            twice = sorted({item for item in kept if kept.count(item) > 1})
            self.wrong(key, f"names the same twice: {listing(twice)}")
        return tuple(kept)

    def block(self, key: str, *, required: bool = False) -> "Node | None":
        """A block inside this one, or None when absent."""
        value = self._get(key, required=required)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.wrong(key, "must be a block of `name: value` lines")
            return None
        return Node(value, self.at(key), self.problems)

    def blocks(self, key: str, *, required: bool = False, by: str = "") -> Iterator["Node"]:
        """The blocks of a list; `by` names the key that names each in its path."""
        value = self._get(key, required=required)
        if value is None:
            return
        if not isinstance(value, list):
            self.wrong(key, "must be a list")
            return
        if required and not value:
            self.wrong(key, "must name at least one")
        for place, item in enumerate(value):
            label = f"{key}[{place}]"
            if not isinstance(item, dict):
                self.wrong(label, "must be a block of `name: value` lines")
                continue
            named = item.get(by) if by else None
            label = f"{key}.{named}" if isinstance(named, str) and named else label
            yield Node(item, self.at(label), self.problems)

    def only(self, *keys: str) -> None:
        """Note every key that is none of these: a misspelt term must not be silently ignored."""
        for key in self.values:
            if key not in keys:
                self.wrong(str(key), f"is not known here; known are: {listing(keys)}")


class Identified(Protocol):
    """What a folder holds one document of."""

    @property
    def id(self) -> str:
        """Its name, which no other has."""


AnyDocument = TypeVar("AnyDocument", bound=Identified)


def read_files(
    paths: Iterable[Path], parse: Callable[[bytes, str], AnyDocument], *, taken: str
) -> tuple[dict[str, AnyDocument], list[str]]:
    """Documents by their ids, and every mistake, after the name of its file.

    Args:
        paths: Of the files, in the order they are told.
        parse: Reads one; its second argument is the file's name.
        taken: What another document with the same id does: "has the id".
    """
    read: dict[str, AnyDocument] = {}
    problems: list[str] = []
    for path in paths:
        try:
            document = parse(path.read_bytes(), path.name)
        except DocumentError as error:
            problems += [f"{path.name}: {problem}" for problem in error.problems]
            continue
        except OSError:
            problems.append(f"{path.name}: cannot be opened")
            continue
        if document.id in read:
            problems.append(f"{path.name}: another document already {taken} {document.id}")
        read[document.id] = document
    return read, problems


def read_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a kind of document."""
    file = resources.files("schemas") / "meta" / f"{name}.schema.json"
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema


def add_schema_problems(
    content: Mapping[str, Any], schema: Mapping[str, Any], problems: Problems
) -> None:
    """Note what a JSON Schema finds wrong; documents hold no rows, so values may be quoted."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415  slow; not on Airflow's path

    for found in Draft202012Validator(schema).iter_errors(content):
        problems.add(".".join(str(part) for part in found.absolute_path), found.message)

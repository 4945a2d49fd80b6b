"""Forms: declared fields, what was typed, and what to mend beside each field.

A page declares a `FormSpec`, binds it to existing values with `bind`, and reads a submission with
`read`. When a service refuses with a `DocumentError`, `read(...).refused(error)` is the same form
with everything typed kept, each problem beside its field and all of them at the top. Problems are
paths as pydantic gives them (`people.0.name: Field required`), so a field's name is the path of
the fact it fills.
"""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from starlette.datastructures import FormData, UploadFile

from governance.errors import DocumentError

Kind = Literal[
    "text", "textarea", "email", "number", "day", "select", "radios", "checkboxes", "checkbox",
    "file", "hidden",
]  # fmt: skip
CSRF_FIELD = "csrf_token"
ONCE_FIELD = "once"
BASED_ON_FIELD = "based_on"


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes:
        name: Path of the fact it fills, e.g. `title` or `people.0.name`.
        hint: Said under the label.
        choices: Words by value, for select, radios and checkboxes.
        required: Marked so; whether it is, the service decides.
        when_empty: What an empty field means to the service: a fact left out is None.
        rows: Height of a textarea.
        maximum: Characters; counted for the person while typing.
        accept: File types, for a file field.
    """

    name: str
    label: str
    kind: Kind = "text"
    hint: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    when_empty: str | None = ""
    rows: int = 5
    maximum: int | None = None
    autocomplete: str = ""
    accept: str = ""

    @property
    def id(self) -> str:
        """Of its element in the page."""
        return "field-" + re.sub(r"[^A-Za-z0-9_-]", "-", self.name)


@dataclass(frozen=True, slots=True)
class BoundField:
    """A field with what stands in it and what is wrong with it."""

    field: Field
    values: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        """The only value, or empty."""
        return self.values[0] if self.values else ""


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of the error summary; `target` is the element it leads to, or empty."""

    target: str
    message: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form ready to show, or as it was sent.

    Attributes:
        based_on: Position of what is changed, as it was when the form was opened.
        once: Token the form carries when it is shown.
        token: Token it was sent with: a service's `once`, by which a second click is recognized.
        general: Problems that belong to no field.
    """

    fields: Mapping[str, BoundField]
    based_on: int | None = None
    once: str = ""
    token: str | None = None
    general: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> BoundField:
        """The field of that name."""
        return self.fields[name]

    @property
    def summary(self) -> tuple[Summary, ...]:
        """Every problem, fields in their order."""
        own = [
            Summary(f"#{_first_control(b.field)}", f"{b.field.label}: {message}")
            for b in self.fields.values()
            for message in b.errors
        ]
        return (*own, *(Summary("", message) for message in self.general))

    def content(self) -> dict[str, Any]:
        """What was typed as plain values, nested by the dots in the names.

        A number that is none stays text: the service says what is wrong with it.
        """
        flat = {n: _plain(b) for n, b in self.fields.items() if b.field.kind != "file"}
        return nest(flat)

    def refused(self, error: DocumentError, *, paths: Mapping[str, str] | None = None) -> "Form":
        """The same form with the problems of a refusal.

        Args:
            error: What the service said.
            paths: Name of the field by path, where they differ.
        """
        return self.with_problems(error.problems or (error.message,), paths=paths)

    def with_problems(
        self, problems: Iterable[str], *, paths: Mapping[str, str] | None = None
    ) -> "Form":
        """The same form with problems, each `path: message` or only a message."""
        beside: dict[str, list[str]] = {}
        general: list[str] = []
        for problem in problems:
            path, colon, message = problem.partition(": ")
            name = self._field_at((paths or {}).get(path, path)) if colon else None
            if name is None:
                general.append(say_problem(problem))
            elif (said := self._said(name, message)) not in beside.setdefault(name, []):
                beside[name].append(said)
        fields = {n: replace(b, errors=tuple(beside.get(n, ()))) for n, b in self.fields.items()}
        return replace(self, fields=fields, general=tuple(general))

    def _said(self, name: str, message: str) -> str:
        """The problem in words; a field that was left empty is not asked for another form."""
        said, bound = say_problem(message), self.fields[name]
        empty = not any(value.strip() for value in bound.values)
        return _EMPTY if empty and said == _MISSHAPEN else said

    def _field_at(self, path: str) -> str | None:
        """The field at a path or the nearest one above it."""
        parts = path.split(".")
        while parts:
            name = ".".join(parts)
            if name in self.fields:
                return name
            parts.pop()
        return None


@dataclass(frozen=True, slots=True)
class FormSpec:
    """The fields of a form, in their order."""

    fields: tuple[Field, ...]

    def bind(self, values: Mapping[str, Any] | None = None, *, based_on: int | None = None) -> Form:
        """A form to show, filled with values (nested, or by dotted name)."""
        bound = {f.name: BoundField(f, _texts(_at(values or {}, f.name))) for f in self.fields}
        return Form(bound, based_on, secrets.token_urlsafe(16))

    def read(self, sent: FormData | Mapping[str, Any]) -> Form:
        """What was sent, kept as typed."""
        bound = {f.name: BoundField(f, _sent(sent, f)) for f in self.fields}
        based_on = _text(sent, BASED_ON_FIELD)
        position = int(based_on) if re.fullmatch(r"[0-9]{1,9}", based_on) else None
        # A refused form may be sent again: it gets a token of its own.
        token = _text(sent, ONCE_FIELD)[:64] or None
        return Form(bound, position, secrets.token_urlsafe(16), token)


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values by dotted name, nested; `people.0.name` makes a list, gaps closed."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *above, last = name.split(".")
        node = tree
        for part in above:
            node = node.setdefault(part, {})
        node[last] = value
    return {key: _as_list(value) for key, value in tree.items()}


_EMPTY: Final = "Fill this in."
_MISSHAPEN: Final = "Use the form that the hint describes."
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"Field required|String should have at least 1 character", _EMPTY),
        (r"(?:Tuple|List|Value) should have at least (\d+) items?.*", r"Choose at least \1."),
        (r"String should have at least (\d+) characters", r"Use at least \1 characters."),
        (r"String should have at most (\d+) characters", r"Shorten this to \1 characters."),
        (r"(?:Input should be a valid date|Datetimes? provided).*", "Enter a date."),
        (r"Input should be a valid datetime.*", "Enter a date and a time."),
        (r"Input should be a valid (?:integer|number).*", "Enter a number."),
        (r"Input should be greater than or equal to (\S+)", r"Enter \1 or more."),
        (r"Input should be less than or equal to (\S+)", r"Enter \1 or less."),
        (r"Input should be (?:'|a valid string|None).*", "Choose one of the options."),
        (r"String should match pattern.*", _MISSHAPEN),
        (r"Extra inputs are not permitted", "This is not asked here."),
    )
)


def say_problem(message: str) -> str:
    """A problem in plain words: what to do, not what the reader of the document found."""
    message = message.removeprefix("Value error, ")
    for pattern, words in _WORDS:
        if pattern.fullmatch(message):
            return pattern.sub(words, message)
    message = message[:1].upper() + message[1:]
    return message if message.endswith((".", "?", "!")) else message + "."


def _first_control(field: Field) -> str:
    return f"{field.id}-0" if field.kind in {"radios", "checkboxes"} else field.id


def _plain(bound: BoundField) -> Any:  # noqa: ANN401  text, list, number, flag or None
    kind, value = bound.field.kind, bound.value.strip()
    if kind == "checkboxes":
        return list(bound.values)
    if kind == "checkbox":
        return bool(value)
    if not value:
        return None if kind in {"day", "number"} else bound.field.when_empty
    if kind == "number" and re.fullmatch(r"-?[0-9]{1,15}", value):
        return int(value)
    return value


def _as_list(node: Any) -> Any:  # noqa: ANN401  any plain value
    if not isinstance(node, dict):
        return node
    if node and all(key.isascii() and key.isdigit() for key in node):
        return [_as_list(node[key]) for key in sorted(node, key=int)]
    return {key: _as_list(value) for key, value in node.items()}


def _at(values: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  any plain value
    if name in values:
        return values[name]
    node: Any = values
    for part in name.split("."):
        if isinstance(node, Mapping):
            node = node.get(part)
        elif isinstance(node, Sequence) and not isinstance(node, str) and part.isdigit():
            node = node[int(part)] if int(part) < len(node) else None
        else:
            return None
    return node


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401  any plain value
    if value is None or value is False:
        return ()
    if value is True:
        return ("yes",)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(str(v) for v in value)
    return (str(value),)


def _sent(sent: FormData | Mapping[str, Any], field: Field) -> tuple[str, ...]:
    if isinstance(sent, FormData):
        found = [v for v in sent.getlist(field.name) if not isinstance(v, UploadFile)]
    else:
        found = list(_texts(sent.get(field.name)))
    # Browsers send CR LF; what was typed has lines.
    return tuple(str(v).replace("\r\n", "\n") for v in found)


def _text(sent: FormData | Mapping[str, Any], name: str) -> str:
    value = sent.get(name)
    return value if isinstance(value, str) else ""

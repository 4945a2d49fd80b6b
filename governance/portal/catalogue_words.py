"""The catalogue's facts in plain words: roles, treatments, schedules, kinds of sensitivity."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from governance.contracts.model import (
    Column,
    DatasetContract,
    IdentifierRole,
    Option,
    Treatment,
    TreatmentKind,
)

ROLE_WORDS: Final = {
    IdentifierRole.DIRECT: "Identifies a person by itself",
    IdentifierRole.QUASI: "Could help to recognize a person together with others",
    IdentifierRole.SENSITIVE: "Sensitive: must not become known of a person",
    IdentifierRole.NONE: "Does not identify anybody",
}
TYPE_WORDS: Final = {
    "string": "Text or code",
    "integer": "Whole number",
    "number": "Number",
    "date": "Date",
    "timestamp": "Date and time",
    "boolean": "Yes or no",
}
SENSITIVITY: Final = {
    "sensitive": "Sensitive facts about persons",
    "persons": "About persons, none of it marked sensitive",
    "none": "Not about persons",
}
_LANDS_NEVER: Final = frozenset({TreatmentKind.DROP, TreatmentKind.PERSON_ID})
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_CRON_FIELDS: Final = 5
_ENDING: Final = re.compile(
    r"(_identification_id|_account_number|_ceeb_code|_code|_number|_name|_id)$"
)
"""What a column's name says beside what it identifies."""


def sensitivity_of(contract: DatasetContract) -> str:
    """Key of `SENSITIVITY`."""
    if contract.sensitive_attributes:
        return "sensitive"
    told = contract.person is not None or any(
        c.role is not IdentifierRole.NONE for c in contract.columns
    )
    return "persons" if told else "none"


def counted_words(contract: DatasetContract) -> str:
    """Who or what a figure from the dataset counts."""
    entities = [_ENDING.sub("", e).replace("_", " ") for e in contract.entity_keys]
    kept = contract.person is not None
    told = [*(["persons"] if kept else []), *(f"each {e}" for e in entities)]
    return ", ".join(told).capitalize() or "Rows; it is about nobody"


def treatment_words(column: Column, overrides: Mapping[str, Treatment]) -> str:
    """What becomes of a variable before anybody may use it."""
    treatment = overrides.get(column.name) or column.treatment
    if treatment is None:
        return "Left out"
    options = treatment.options
    words = _TREATMENTS[treatment.kind]
    if treatment.kind is TreatmentKind.YEAR and "width" in options:
        return f"Only the first year of its band of {options['width']} years"
    return words.format_map(_Told(options))


class _Told(dict[str, object]):
    """Options by name; what a contract leaves out is told as its default."""

    def __init__(self, options: Mapping[str, Option]) -> None:
        defaults: dict[str, object] = {
            "width": 5,
            "max_days": 365,
            "to": "a step",
            "length": "some",
        }
        given = {n: str(v).replace("_", " ") for n, v in options.items()}
        bounds = [f"below {given['bottom']}"] if "bottom" in given else []
        bounds += [f"above {given['top']}"] if "top" in given else []
        super().__init__({**defaults, "bounds": " or ".join(bounds) or "at the ends", **given})


_TREATMENTS: Final = {
    TreatmentKind.DROP: "Left out",
    TreatmentKind.KEEP: "As delivered",
    TreatmentKind.PERSON_ID: "Replaced by a random person number, and never kept",
    TreatmentKind.ENTITY_ID: "Replaced by a made-up number",
    TreatmentKind.YEAR: "Only the year",
    TreatmentKind.AGE_BAND: "Ages in bands of {width} years",
    TreatmentKind.PREFIX: "Only the first {length} characters of the code",
    TreatmentKind.ZIP3: "Only the first three digits of the ZIP code",
    TreatmentKind.TOWN_TO_REGION: "The town's {to} instead of the town",
    TreatmentKind.TOP_BOTTOM_CODE: "Values {bounds} are told as that bound",
    TreatmentKind.ROUND: "Rounded to the nearest {to}",
    TreatmentKind.DATE_SHIFT: "Dates moved by up to {max_days} days, the same for a person",
    TreatmentKind.REDACT_TEXT: "Names and numbers in the text masked",
    TreatmentKind.CONSTANT: "One value for everybody",
}


def choice_words(column: Column) -> str:
    """A variable as one to choose: its name, what it is, and whether it can be had at all."""
    text = f"{column.name}: {column.description}" if column.description else column.name
    return text if lands(column, {}) else f"{text} (It is never kept and cannot be had.)"


def lands(column: Column, overrides: Mapping[str, Treatment]) -> bool:
    """Whether anything of a variable is kept."""
    treatment = overrides.get(column.name) or column.treatment
    return treatment is not None and treatment.kind not in _LANDS_NEVER


def schedule_words(cron: str) -> str:
    """When a delivery is expected, from a cron expression; the expression itself when unusual."""
    parts = cron.split()
    if len(parts) != _CRON_FIELDS:
        return cron
    _, _, day, month, weekday = parts
    if day == "*" and month == "*":
        return "Every working day" if weekday == "1-5" else "Every day" if weekday == "*" else cron
    if not day.isdecimal():
        return cron
    if month == "*":
        return f"Each month on day {day}"
    months = [_MONTHS[int(m) - 1] for m in month.split(",") if m.isdecimal() and 1 <= int(m) <= 12]  # noqa: PLR2004  months
    return f"Each year on {_listed(f'{m} {day}' for m in months)}" if months else cron


def _listed(items: Iterable[str]) -> str:
    found = list(items)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"

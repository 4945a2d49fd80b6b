"""The templates' environment: strict, escaping, with the filters and functions of every page."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Macro

from governance.portal.assets import Assets
from governance.portal.lists import PER_PAGE
from governance.portal.times import iso_utc, say_day, say_eastern, show_day, show_eastern

TEMPLATES = Path(__file__).parent / "templates"
_MACROS = ("page", "forms", "lists")

STATUS_TONES = {
    "draft": "base", "submitted": "info", "returned": "warning", "owner_review": "info",
    "board_vote": "info", "approved": "success", "approved_with_conditions": "success",
    "denied": "error", "withdrawn": "base", "agreements_out": "warning", "granted": "success",
    "expiring": "warning", "ended": "base", "revoked": "error", "superseded": "base",
    "destruction_certified": "info", "closed": "base",
}  # fmt: skip
"""Color of a status' tag; a status is always said in words as well."""


def make_templates(assets: Assets) -> Environment:
    """The environment of the pages. A name that a template misspells is an error."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.do"],
    )
    templates.filters |= {
        "eastern": show_eastern,
        "day": show_day,
        "eastern_text": say_eastern,
        "day_text": say_day,
        "iso": iso_utc,
        "segment": segment,
        "words": words,
        "number": lambda n: f"{n:,}",
    }
    templates.globals |= {
        "asset": assets.address,
        "icon_sprite": assets.address("img/sprite.svg"),
        "tone_of": tone_of,
        "per_page_choices": PER_PAGE,
    }
    # Every page has them as `ui.field(…)` without importing: compiled once.
    modules = [templates.get_template(f"macros/{n}.html").module for n in _MACROS]
    macros = {n: v for m in modules for n, v in vars(m).items() if isinstance(v, Macro)}
    templates.globals["ui"] = SimpleNamespace(**macros)
    return templates


def segment(value: object) -> str:
    """A value as one segment of a path."""
    return quote(str(value), safe="")


def words(value: object) -> str:
    """A name of the model in words: `owner_review` is `Owner review`."""
    text = str(value).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def tone_of(status: Any) -> str:  # noqa: ANN401  any enumeration or text
    """The tone of a status' tag."""
    return STATUS_TONES.get(str(status), "base")

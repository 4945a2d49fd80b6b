"""The templates' environment: strict, escaping, with the filters and functions of every page."""

from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Macro

from governance.portal.assets import Assets
from governance.portal.list_rows import table_rows
from governance.portal.lists import PER_PAGE
from governance.portal.times import iso_utc, say_day, say_eastern, show_day, show_eastern
from governance.portal.tones import tone_of, words

TEMPLATES = Path(__file__).parent / "templates"
_MACROS = ("page", "forms", "lists")


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
        "table_rows": table_rows,
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

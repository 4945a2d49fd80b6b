"""The receipt as one self-contained, printable, accessible page."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from governance.calendar import LEGAL_ZONE

TEMPLATES: Final = Path(__file__).parent / "templates"
_CHART_WIDTH, _CHART_HEIGHT, _BAR_WIDTH = 640, 160, 36
_SMALLEST_SHOWN_PCT: Final = 0.01
NOTHING: Final = "\u2013"
_UNITS: Final = ("bytes", "KB", "MB", "GB", "TB")
_KILO: Final = 1000


def render_receipt_html(receipt: Mapping[str, Any]) -> str:
    """The page of a receipt made by `build_receipt`."""
    return _template().render(receipt=receipt, chart=_chart(receipt))


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=_count, pct=_pct, instant=_instant, day=_day, size=_size, plain=_plain
    )
    return environment.get_template("receipt.html.j2")


def _count(number: int | None) -> str:
    return NOTHING if number is None else f"{number:,}"


def _pct(share: float | None) -> str:
    if share is None:
        return NOTHING
    if 0 < share < _SMALLEST_SHOWN_PCT:
        return "under 0.01%"
    return f"{share:.2f}%"


def _instant(text: str) -> str:
    """An instant as people in the state read it."""
    local = datetime.fromisoformat(text).astimezone(LEGAL_ZONE)
    hour = local.hour % 12 or 12
    return f"{local:%B} {local.day}, {local.year}, {hour}:{local:%M %p} Eastern time"


def _day(text: str) -> str:
    day = date.fromisoformat(text[:10])
    return f"{day:%A}, {day:%B} {day.day}, {day.year}"


def _size(size_bytes: int) -> str:
    amount, unit = float(size_bytes), 0
    while amount >= _KILO and unit < len(_UNITS) - 1:
        amount, unit = amount / _KILO, unit + 1
    exact = f"{size_bytes:,} bytes"
    return exact if unit == 0 else f"{amount:.1f} {_UNITS[unit]} ({exact})"


def _plain(value: object) -> str:
    """A fact about the format in plain words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return {"delimited": "delimited text", "fixed_width": "fixed width"}.get(
        str(value), str(value).replace("_", " ")
    )


def _chart(receipt: Mapping[str, Any]) -> dict[str, Any] | None:
    """Bars of the failing share, oldest first; None when there is nothing to compare with."""
    trend = receipt["trend"]
    if len(trend) <= 1:
        return None
    limit = receipt["counts"]["threshold_pct"]
    top = 1.05 * max([past["failed_pct"] for past in trend] + [limit or 0.0]) or 1.0
    step = _CHART_WIDTH / len(trend)
    width = min(_BAR_WIDTH, step * 0.6)
    bars = []
    for i, past in enumerate(trend):
        height = round(_CHART_HEIGHT * past["failed_pct"] / top, 1)
        x = round(i * step + (step - width) / 2, 1)
        bars.append({**past, "x": x, "y": round(_CHART_HEIGHT - height, 1),
                     "height": height, "width": round(width, 1)})  # fmt: skip
    limit_y = None if limit is None else round(_CHART_HEIGHT * (1 - limit / top), 1)
    return {"bars": bars, "limit_y": limit_y, "limit": limit,
            "width": _CHART_WIDTH, "height": _CHART_HEIGHT}  # fmt: skip

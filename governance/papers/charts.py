"""Where everything of a bar chart stands, for both editions: bars, rules and labels on a plane.

Lengths are points; the origin is the upper left corner.
"""

import textwrap
from dataclasses import dataclass
from typing import Literal

from governance.papers.model import Chart, shown

WIDTH = 680
COLORS = ("#005ea2", "#b4540a", "#3d6b35", "#6b4c9a")
"""Each has a contrast of more than 4.5 to 1 on white (WCAG 2.2, 1.4.3 and 1.4.11)."""
_LABEL_WIDTH, _VALUE_WIDTH = 210, 60
_BAR, _GAP, _LINE = 15, 12, 13
_LABEL_SIZE = 11
_WRAP = 36
_PLOT_HEIGHT = 170
_TICKS = 4
_MANY_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `series` counts from 0."""

    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True, slots=True)
class Label:
    """Text whose baseline is at `y`."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"] = "start"
    size: int = _LABEL_SIZE


@dataclass(frozen=True, slots=True)
class Rule:
    """A line."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart laid out."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    labels: tuple[Label, ...]
    rules: tuple[Rule, ...]


def lay_out(chart: Chart) -> Drawn:
    """The chart on its plane; a chart without figures says so."""
    if not chart.labels:
        said = Label(0, 20, "There are no figures for this period.")
        return Drawn(WIDTH, 30, (), (said,), ())
    return _columns(chart) if chart.form == "columns" else _bars(chart)


def _top(chart: Chart) -> float:
    return max((v for s in chart.series for v in s.values), default=0) or 1


def _legend(chart: Chart) -> tuple[list[Bar], list[Label], float]:
    """Keys of the series above the plot, and how high they stand; none for a single series."""
    if len(chart.series) == 1:
        return [], [], 0
    bars, labels, x = [], [], 0.0
    for n, series in enumerate(chart.series):
        bars.append(Bar(x, 6, 11, 11, n))
        labels.append(Label(x + 18, 16, series.name))
        x += 17 + 7 * len(series.name) + 18
    return bars, labels, 30


def _bars(chart: Chart) -> Drawn:
    bars, labels, y = _legend(chart)
    rules, top = [], _top(chart)
    plot = WIDTH - _LABEL_WIDTH - _VALUE_WIDTH
    begin = y
    for n, name in enumerate(chart.labels):
        lines = textwrap.wrap(name, _WRAP)[:3] or [""]
        height = max(len(lines) * _LINE, len(chart.series) * _BAR)
        first = y + (height - len(lines) * _LINE) / 2 + _LINE - 3
        labels += [
            Label(_LABEL_WIDTH - 8, first + k * _LINE, line, "end") for k, line in enumerate(lines)
        ]
        above = y + (height - len(chart.series) * _BAR) / 2
        for k, series in enumerate(chart.series):
            length = plot * series.values[n] / top
            at = above + k * _BAR
            bars.append(Bar(_LABEL_WIDTH, at + 1, length, _BAR - 2, k))
            labels.append(Label(_LABEL_WIDTH + length + 5, at + 11, shown(series.values[n])))
        y += height + _GAP
    rules.append(Rule(_LABEL_WIDTH, begin, _LABEL_WIDTH, y - _GAP / 2))
    return Drawn(WIDTH, y, tuple(bars), tuple(labels), tuple(rules))


def round_top(most: float) -> float:
    """The end of an axis with four ticks, each a 1, 2 or 5 with zeros, that holds `most`."""
    step = 1.0
    factors = (2.0, 2.5, 2.0)  # 1, 2, 5, 10, …
    turn = 0
    while step * _TICKS < most:
        step *= factors[turn % len(factors)]
        turn += 1
    return step * _TICKS


def _columns(chart: Chart) -> Drawn:
    bars, labels, begin = _legend(chart)
    begin += 14
    top, floor = round_top(_top(chart)), begin + _PLOT_HEIGHT
    step = (WIDTH - 50) / len(chart.labels)
    width = min(34.0, step * 0.8 / len(chart.series))
    rules = [Rule(50, floor, WIDTH, floor)]
    for tick in range(1, _TICKS + 1):
        y = floor - _PLOT_HEIGHT * tick / _TICKS
        rules.append(Rule(50, y, WIDTH, y))
        labels.append(Label(44, y + 4, shown(top * tick / _TICKS), "end", 10))
    for n, name in enumerate(chart.labels):
        middle = 50 + step * (n + 0.5)
        left = middle - width * len(chart.series) / 2
        for k, series in enumerate(chart.series):
            height = _PLOT_HEIGHT * series.values[n] / top
            bars.append(Bar(left + k * width + 1, floor - height, width - 2, height, k))
            if len(chart.labels) <= _MANY_COLUMNS:
                at = left + (k + 0.5) * width
                labels.append(Label(at, floor - height - 4, shown(series.values[n]), "middle", 10))
        wrap = max(4, int(step / 6))
        for k, line in enumerate(textwrap.wrap(name, wrap)[:2]):
            labels.append(Label(middle, floor + 15 + k * _LINE, line, "middle", 10))
    return Drawn(WIDTH, floor + 34, tuple(bars), tuple(labels), tuple(rules))

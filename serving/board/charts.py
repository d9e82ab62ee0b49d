"""Charts as SVG made by the server; colours and fonts come from the pages' stylesheet.

They are drawn narrow, so that a phone shows their words at a size that can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH = 360
_ROW = 22
_LABELS = 132
_CUT = 20

Say = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Ranged:
    """A value with its interval, under a label."""

    label: str
    value: float
    low: float
    high: float


def ranges(rows: Sequence[Ranged], *, rule: float, shown: Say, named: str) -> Markup:
    """Values with whiskers, one under the other, and a rule at what all have."""
    top = 1.08 * max([rule, *(row.high for row in rows)]) or 1.0
    height = _ROW * len(rows) + 26

    def x(value: float) -> float:
        return round(_LABELS + (WIDTH - _LABELS - 44) * value / top, 1)

    parts = [_line(x(rule), 14, x(rule), height - 12, "axis")]
    if named:
        parts.append(_text(x(rule), 10, f"{named} {shown(rule)}", "middle"))
    for number, row in enumerate(rows):
        y = 30 + _ROW * number
        parts += [
            _text(_LABELS - 8, y + 4, _cut(row.label), "end", "ink"),
            _line(x(row.low), y, x(row.high), y, "whisker"),
            f'<circle class="dot" cx="{x(row.value)}" cy="{y}" r="4"/>',
            _text(x(row.high) + 6, y + 4, shown(row.value), "start"),
        ]
    return _svg(height, parts)


@dataclass(frozen=True, slots=True)
class Column:
    """A column over a label; a second value stands beside it as a mark."""

    label: str
    value: float
    mark: float | None = None


def columns(rows: Sequence[Column], *, shown: Say, height: int = 170) -> Markup:
    """Columns from left to right; every label that has room is written."""
    top = max([*(row.value for row in rows), *(row.mark or 0 for row in rows)], default=0) or 1.0
    left, base, high = 46, height - 22, height - 40
    step = (WIDTH - left) / max(len(rows), 1)
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = round(base - high * share, 1)
        parts += [
            _line(left, y, WIDTH, y, "rule"),
            _text(left - 6, y + 4, shown(top * share), "end"),
        ]
    every = max(1, -(-len(rows) * 46 // (WIDTH - left)))
    for number, row in enumerate(rows):
        at, tall = left + step * number, high * row.value / top
        parts.append(_rect(at + step * 0.12, base - tall, step * 0.76, tall, "bar"))
        if row.mark is not None:
            y = base - high * row.mark / top
            parts.append(_line(at + step * 0.04, y, at + step * 0.96, y, "whisker"))
        if number % every == 0:
            parts.append(_text(at + step / 2, height - 6, row.label, "middle"))
    return _svg(height, parts)


def bars(rows: Sequence[Column], *, shown: Say) -> Markup:
    """Bars from the left, each with its label above, for parts of a whole."""
    top = max((row.value for row in rows), default=0) or 1.0
    parts = []
    for number, row in enumerate(rows):
        y = 38 * number
        parts += [
            _text(0, y + 12, row.label, "start", "ink"),
            _text(WIDTH, y + 12, shown(row.value), "end", "ink"),
            _rect(0, y + 18, WIDTH, 10, "bar pale"),
            _rect(0, y + 18, WIDTH * row.value / top, 10, "bar"),
        ]
    return _svg(38 * len(rows), parts)


@dataclass(frozen=True, slots=True)
class Promise:
    """Orders of one promised risk: what came back of them, and how many they are."""

    expected: float
    rate: float
    low: float
    high: float
    orders: int


def reliability(points: Sequence[Promise], *, shown: Say, across: str, up: str) -> Markup:
    """What was promised against what came; on the diagonal both are equal. Below, the counts."""
    top = min(1.0, 1.1 * max([0.1, *(max(p.high, p.expected) for p in points)]))
    left, base, side, counts = 40, 230, 210, 46
    most = max((p.orders for p in points), default=1)

    def x(value: float) -> float:
        return round(left + (WIDTH - left - 10) * value / top, 1)

    def y(value: float) -> float:
        return round(base - side * value / top, 1)

    parts = []
    for share in (0.0, 0.5, 1.0):
        value = top * share
        parts += [
            _line(left, y(value), WIDTH - 10, y(value), "rule"),
            _text(left - 6, y(value) + 4, shown(value), "end"),
            _text(x(value), base + 15, shown(value), "middle" if share < 1 else "end"),
        ]
    parts.append(_line(x(0), y(0), x(top), y(top), "line other"))
    for point in points:
        tall = (counts - 16) * point.orders / most
        parts += [
            _line(
                x(point.expected),
                y(point.low),
                x(point.expected),
                y(min(point.high, top)),
                "whisker",
            ),
            f'<circle class="dot" cx="{x(point.expected)}" cy="{y(point.rate)}" r="4"/>',
            _rect(x(point.expected) - 4, base + 34 + counts - 16 - tall, 8, tall, "bar"),
        ]
    parts += [_text(left, 12, up, "start"), _text(WIDTH - 10, base + 30, across, "end")]
    return _svg(base + counts + 34, parts)


def _svg(height: float, parts: Sequence[str]) -> Markup:
    inside = "".join(parts)
    return Markup(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" aria-hidden="true" '
        f'focusable="false">{inside}</svg>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _cut(text: str) -> str:
    return text if len(text) <= _CUT else f"{text[: _CUT - 1]}…"

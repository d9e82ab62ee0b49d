"""The tables of a report's page, as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import isfinite

from training.evaluate import Estimate
from training.importance import Importance
from training.report import Report
from training.report_words import LABELS, signed
from training.segments import GROUPINGS, Segment

NARROW = 60.0
"""Half the width of an interval's drawing."""

WIDEST = 0.1
"""The gap at the edge of the drawing; what is larger is cut off there, its number is not."""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, text: int = 1) -> str:
    """A table whose first ``text`` columns are words; cells are HTML already."""

    def cells(row: Sequence[str], tag: str) -> str:
        kinds = ("" if i < text else ' class="n"' for i in range(len(row)))
        return "".join(
            f"<{tag}{kind}>{cell}</{tag}>" for kind, cell in zip(kinds, row, strict=True)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{cells(heads, "th")}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def numbers(report: Report) -> str:
    """The numbers with their intervals, paired where there is something to pair with."""
    if report.against is None or report.difference is None:
        rows = [[LABELS[name], _value(one), _range(one)] for name, one in report.numbers.items()]
        heads = ["", "value", "95 %"]
    else:
        heads = ["", "these", escape(report.against_name or "against"), "difference, paired"]
        rows = [
            [LABELS[n], _value(report.numbers[n]), _value(report.against[n]),
             escape(signed(report.difference[n]))]
            for n in LABELS
        ]  # fmt: skip
    rest = [""] * (len(heads) - 2)
    rows += [
        ["log-loss of the average rate", f"{report.constant_log_loss:.4f}", *rest],
        ["calibration error", f"{report.calibration_error:.4f}", *rest],
        ["mean promised", f"{report.predicted:.4f}", *rest],
        ["came back", f"{report.rate:.4f}", *rest],
    ]
    rows += [
        [f"came back among the riskiest {share}", f"{value:.1%}", *rest]
        for share, value in report.precision.items()
    ]
    return table(heads, rows)


def by_segment(report: Report) -> str:
    """One table per grouping but states, tiers and time, which stand elsewhere."""
    shown = [part for part in report.segments if part.by not in ("state", "time")]
    reach = _reach(shown)
    return "".join(
        _grouping(name, [part for part in shown if part.by == name], reach)
        for name in GROUPINGS.values()
        if any(part.by == name for part in shown)
    )


def _grouping(name: str, parts: list[Segment], reach: float) -> str:
    paired = any(part.difference is not None for part in parts)
    heads = [
        escape(name),
        "orders",
        "came back",
        "promised",
        "gap in points",
        "ROC-AUC",
        "log-loss",
    ]
    rows = []
    for part in parts:
        row = [
            escape(part.value), f"{part.orders:,}", f"{part.observed:.1%}",
            f"{part.predicted:.1%}", interval(part.gap, reach), _number(part.roc_auc, 3),
            _number(part.log_loss, 4),
        ]  # fmt: skip
        rows.append([*row, escape(signed(part.difference))] if part.difference else row)
    return table([*heads, "log-loss less the other's"] if paired else heads, rows)


def errors(report: Report, by: str) -> str:
    """Who is bothered and who is missed, for one grouping of places."""
    parts = [part for part in report.segments if part.by == by]
    reach = _reach(parts)
    heads = [by, "orders", "came back", "promised", "gap in points",
             "good orders bothered", "returns missed"]  # fmt: skip
    return table(
        heads,
        [
            [escape(p.value), f"{p.orders:,}", f"{p.observed:.1%}", f"{p.predicted:.1%}",
             interval(p.gap, reach), _share(p.bothered), _share(p.missed)]
            for p in parts
        ],
    )  # fmt: skip


def causes(report: Report) -> str:
    """The causes of RTO."""
    heads = ["cause", "returns", "of all", "promised", "caught", "ROC-AUC"]
    return table(
        heads,
        [
            [escape(c.cause.replace("_", " ")), f"{c.orders:,}", f"{c.share:.1%}",
             f"{c.predicted:.1%}", f"{c.caught:.0%}", _number(c.roc_auc, 3)]
            for c in report.causes
        ],
    )  # fmt: skip


def misses(report: Report) -> str:
    """The largest misses."""
    told = any(miss.why for miss in report.misses)
    heads = ["what came", "promised", "the order", *(["what weighed most"] if told else [])]
    rows = []
    for miss in report.misses:
        cause = f" ({miss.cause.replace('_', ' ')})" if miss.cause not in ("", "unknown") else ""
        words = (miss.payment_mode, miss.amount, miss.category, f"{miss.customer} customer",
                 miss.state, miss.city_tier, miss.month)  # fmt: skip
        order = ", ".join(word for word in words if word and word != "unknown")
        row = [escape(miss.outcome + cause), f"{miss.probability:.1%}", escape(order)]
        rows.append([*row, escape("; ".join(miss.why))] if told else row)
    return table(heads, rows, text=len(heads))


def reasons(importance: Importance) -> str:
    """Reasons by weight, as bars."""
    largest = importance.reasons[0].share if importance.reasons else 1.0
    return table(
        ["reason", "of all weight", "mean points"],
        [
            [escape(f"{r.text} ({r.code})"), bar(r.share, largest), f"{100 * r.points:.2f}"]
            for r in importance.reasons[:20]
        ],
    )


def inputs(importance: Importance) -> str:
    """Inputs by weight, as bars, with the direction in which they act."""
    largest = importance.inputs[0].share if importance.inputs else 1.0
    return table(
        ["input", "of all weight", "direction"],
        [
            [f"<code>{escape(i.name)}</code>", bar(i.share, largest), i.direction]
            for i in importance.inputs
        ],
    )


def bar(share: float, largest: float) -> str:
    """A share as a bar with its number."""
    width = 90.0 * share / max(largest, 1e-9)
    return (
        f'<svg class="bar" viewBox="0 0 140 14" role="img" aria-label="{share:.1%}">'
        f'<rect y="2" width="{width:.1f}" height="10" fill="#b4451f"/>'
        f'<text x="{width + 4:.1f}" y="11" font-size="10">{share:.1%}</text></svg>'
    )


def interval(gap: Estimate, reach: float) -> str:
    """A gap and its interval as a drawing about 0, with the number in points beside it."""

    def at(value: float) -> float:
        return NARROW + NARROW * max(-1.0, min(1.0, value / reach))

    said = f"{100 * gap.value:+.1f}"
    if not isfinite(gap.low):
        return said
    sure = gap.low > 0 or gap.high < 0
    colour = "#b4451f" if sure else "#52606d"
    return (
        f'<svg class="gap" viewBox="0 0 165 14" role="img" aria-label="{said} points,'
        f' {100 * gap.low:+.1f} to {100 * gap.high:+.1f}">'
        f'<line x1="{NARROW}" x2="{NARROW}" y1="0" y2="14" stroke="#9aa5b1"/>'
        f'<line x1="{at(gap.low):.1f}" x2="{at(gap.high):.1f}" y1="7" y2="7" stroke="{colour}"'
        f' stroke-width="2"/><circle cx="{at(gap.value):.1f}" cy="7" r="3.5" fill="{colour}"/>'
        f'<text x="164" y="11" font-size="11" text-anchor="end" fill="{colour}">{said}</text></svg>'
    )


def _reach(parts: Sequence[Segment]) -> float:
    """The largest gap's size, so that all drawings of a table share one scale."""
    ends = [abs(end) for p in parts for end in (p.gap.low, p.gap.high) if isfinite(end)]
    return min(max(ends, default=0.1), WIDEST) or 0.1


def _value(estimate: Estimate) -> str:
    return _number(estimate.value, 4)


def _range(estimate: Estimate) -> str:
    if not isfinite(estimate.low):
        return ""
    return f"{estimate.low:.4f} to {estimate.high:.4f}"


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if isfinite(value) else "—"


def _share(value: float) -> str:
    return f"{value:.0%}" if isfinite(value) else "—"

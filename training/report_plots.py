"""The plots of a report, each as an inline SVG element with a sentence on how to read it."""

from __future__ import annotations

import io
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from training.evaluate import NUMBERS
from training.labels import Floats
from training.predictions import Judged
from training.report import Report
from training.report_words import LABELS

INK, ACCENT, OTHER, FAINT = "#1f2933", "#b4451f", "#2f6690", "#9aa5b1"
COLOURS = (ACCENT, OTHER, "#4f7942")
_STYLE = {
    "svg.hashsalt": "rto", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9.5,
    "axes.edgecolor": FAINT, "axes.labelcolor": INK, "axes.titlesize": 11, "text.color": INK,
    "axes.titleweight": "bold", "axes.titlelocation": "left", "xtick.color": INK,
    "ytick.color": INK, "axes.grid": True, "grid.color": "#e4e7eb", "grid.linewidth": 0.7,
    "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
    "legend.frameon": False,
}  # fmt: skip

Drawn = tuple[str, str]
"""An SVG element and how to read it."""


def plots(report: Report, judged: Judged) -> tuple[Drawn, ...]:
    """Every plot; the same report gives the same bytes."""
    y = judged.y
    sides = [("these", judged.column("probability"), ACCENT)]
    if "other" in judged.frame:
        sides.append((report.against_name or "against", judged.column("other"), OTHER))
    return (
        _reliability(report, judged.column("probability")),
        _roc(y, sides),
        _precision_recall(y, sides),
        _lift(y, sides),
        _gain(y, sides),
        _money(report),
        *_time(report),
        *_difference(report),
    )


def drawn(draw: Callable[[Figure], None], *, size: tuple[float, float] = (4.8, 3.6)) -> str:
    """One figure as an SVG element, without dates or random ids."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        out = io.StringIO()
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _percent(axes: Axes, *which: str) -> None:
    for name in which:
        axis = getattr(axes, f"{name}axis")
        axis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        axis.set_major_locator(MaxNLocator(6))


def _reliability(report: Report, p: Floats) -> Drawn:
    bins = report.reliability
    promised, seen, sizes = (
        np.array([getattr(b, name) for b in bins], dtype=np.float64)
        for name in ("predicted", "observed", "orders")
    )

    def draw(figure: Figure) -> None:
        top, below = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        reach = 1.08 * max(promised.max(), seen.max(), 1e-6)
        top.plot([0, reach], [0, reach], color=FAINT, lw=1)
        noise = 1.96 * np.sqrt(np.maximum(seen * (1 - seen), 0) / sizes)
        top.errorbar(promised, seen, yerr=noise, fmt="o", ms=4, color=ACCENT, lw=1)
        top.set(ylabel="came back", title="Reliability")
        below.hist(p, bins=np.linspace(0.0, reach, 31).tolist(), color=FAINT, edgecolor="white")
        below.set(xlabel="promised probability", ylabel="orders", xlim=(0, reach))
        below.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        _percent(top, "y")
        _percent(below, "x")

    count = f"{int(sizes.min()):,} to {int(sizes.max()):,}" if len(sizes) else "0"
    return drawn(draw, size=(4.8, 4.2)), (
        f"{len(bins)} bins of equal size ({count} orders each). On the line a promise means what it"
        " says; above it, more came back than promised. Bars are 95 % of chance within a bin;"
        " below, how many orders were promised what."
    )


def _curve(y: Floats, p: Floats) -> tuple[Floats, Floats]:
    """Returned and delivered orders found so far, riskiest first, at each distinct probability."""
    order = np.argsort(-p, kind="stable")
    last = np.flatnonzero(np.r_[np.diff(p[order]) != 0, True])
    if len(last) > 400:  # more points than pixels
        last = last[np.unique(np.linspace(0, len(last) - 1, 400).astype(np.int64))]
    rto, good = np.cumsum(y[order])[last], np.cumsum(1 - y[order])[last]
    return np.r_[0.0, rto], np.r_[0.0, good]


Sides = list[tuple[str, Floats, str]]
Points = Callable[[Floats], tuple[Floats, Floats]]


def _lines(
    sides: Sides, title: str, across: str, up: str, points: Points,
    under: Callable[[Axes], object], *, percent: tuple[str, ...] = ("x", "y"),
) -> str:  # fmt: skip
    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        under(axes)
        for name, p, colour in sides:
            axes.plot(*points(p), color=colour, lw=1.6, label=name)
        axes.set(xlabel=across, ylabel=up, title=title)
        _percent(axes, *percent)
        if len(sides) > 1:
            axes.legend()

    return drawn(draw)


def _roc(y: Floats, sides: Sides) -> Drawn:
    def points(p: Floats) -> tuple[Floats, Floats]:
        rto, good = _curve(y, p)
        return good / max(good[-1], 1), rto / max(rto[-1], 1)

    diagonal = [0, 1]
    return _lines(
        sides, "ROC", "good orders bothered", "returns caught", points,
        lambda axes: axes.plot(diagonal, diagonal, color=FAINT, lw=1),
    ), (
        "Every threshold at once: going right bothers more good orders, going up catches more"
        " returns. On the diagonal the order of the scores says nothing."
    )  # fmt: skip


def _precision_recall(y: Floats, sides: Sides) -> Drawn:
    def points(p: Floats) -> tuple[Floats, Floats]:
        rto, good = _curve(y, p)
        flagged = rto + good
        keep = flagged >= max(1.0, min(0.005 * len(y), flagged[-1]))
        return rto[keep] / max(rto[-1], 1), rto[keep] / flagged[keep]

    return _lines(
        sides, "Precision and recall", "returns flagged", "of the flagged, came back", points,
        lambda axes: axes.axhline(float(y.mean()), color=FAINT, lw=1),
    ), (
        "What a list of flagged orders is worth: the further right, the more returns are on the"
        " list; the higher, the fewer good orders. The grey line is flagging at random."
    )  # fmt: skip


def _shares(y: Floats, p: Floats) -> tuple[Floats, Floats]:
    rto, good = _curve(y, p)
    return (rto + good) / len(y), rto / max(rto[-1], 1)


def _lift(y: Floats, sides: Sides) -> Drawn:
    def points(p: Floats) -> tuple[Floats, Floats]:
        share, caught = _shares(y, p)
        keep = share >= min(0.005, share[-1])
        return share[keep], caught[keep] / share[keep]

    return _lines(
        sides, "Lift", "riskiest share of the orders", "times the average rate", points,
        lambda axes: axes.axhline(1.0, color=FAINT, lw=1), percent=("x",),
    ), "How many times the average return rate the riskiest orders have."  # fmt: skip


def _gain(y: Floats, sides: Sides) -> Drawn:
    diagonal = [0, 1]
    return _lines(
        sides, "Gain", "riskiest share of the orders", "of all returns", lambda p: _shares(y, p),
        lambda axes: axes.plot(diagonal, diagonal, color=FAINT, lw=1),
    ), (
        "Whoever can look at so many orders a day (across) sees so many of the returns (up)."
    )  # fmt: skip


def _money(report: Report) -> Drawn:
    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axhline(0, color=FAINT, lw=1)
        axes.axvline(report.worth.threshold, color=FAINT, lw=1, ls=":")
        for curve, colour in zip(report.money, COLOURS, strict=True):
            at = curve.thresholds
            axes.fill_between(at, curve.low, curve.high, color=colour, alpha=0.13, lw=0)
            axes.plot(at, curve.saved, color=colour, lw=1.6, label=curve.action)
        low = min(float(curve.saved.min()) for curve in report.money)
        high = max(float(curve.high.max()) for curve in report.money)
        axes.set_ylim(max(low, -1.5 * max(high, 1.0)) * 1.1 - 1, 1.1 * high + 1)
        axes.set_xlim(0, float(report.money[0].thresholds[1]) * 1.05)
        axes.set(xlabel="acting from this probability up", ylabel="₹ saved per 1,000 orders")
        axes.set_title("Money")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        _percent(axes, "x")
        axes.legend()

    return drawn(draw), (
        "Rupees against shipping everything, with 95 % bands, if every order from the threshold up"
        " gets the one action. Below 0 the bother costs more than it saves. Dotted: where the"
        " shipped policy begins to act. Costs and effects are the default assumptions."
    )


def _time(report: Report) -> tuple[Drawn, ...]:
    parts = [part for part in report.segments if part.by == "time"]
    if len(parts) < 2:
        return ()

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        at = np.arange(len(parts))
        seen = np.array([part.observed for part in parts])
        noise = 1.96 * np.sqrt(seen * (1 - seen) / np.array([part.orders for part in parts]))
        axes.errorbar(at, seen, yerr=noise, fmt="o", ms=4, lw=1, color=ACCENT, label="came back")
        axes.plot(at, [part.predicted for part in parts], color=INK, lw=1.4, label="promised")
        step = -(-len(parts) // 4)
        axes.set_xticks(at[::step], [part.value for part in parts][::step])
        axes.set(title="Over time")
        axes.set_ylim(bottom=0)
        _percent(axes, "y")
        axes.legend()

    return ((
        drawn(draw),
        "Where points leave the line for several periods in a row the world has moved, or late"
        " returns of the newest orders are still to come.",
    ),)  # fmt: skip


def _difference(report: Report) -> tuple[Drawn, ...]:
    difference = report.difference
    if difference is None:
        return ()

    def draw(figure: Figure) -> None:
        all_axes = figure.subplots(len(NUMBERS), 1)
        for axes, name in zip(all_axes, NUMBERS, strict=True):
            gap = difference[name]
            if np.isfinite(gap.low):
                axes.plot([gap.low, gap.high], [0, 0], color=ACCENT, lw=2)
            axes.plot([gap.value], [0], "o", color=ACCENT, ms=5)
            axes.axvline(0, color=INK, lw=0.8)
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.set(yticks=[0], yticklabels=[LABELS[name]], ylim=(-1, 1))
            axes.grid(visible=False)
        all_axes[0].set_title("Difference on the same orders")

    return ((
        drawn(draw),
        "These less the others, paired, with 95 % intervals. Log-loss and Brier: left of 0 these"
        " are better; ROC-AUC and PR-AUC: right of 0. An interval across 0 shows nothing.",
    ),)  # fmt: skip

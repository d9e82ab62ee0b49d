"""A report as one self-contained page: plots as inline SVG, no script, nothing fetched."""

from __future__ import annotations

import io
from collections.abc import Callable
from html import escape

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from training.evaluate import Report
from training.labels import Floats
from training.predictions import Judged
from training.report_text import INVENTED, as_text

INK, ACCENT, FAINT = "#1f2933", "#b4451f", "#9aa5b1"

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#1f2933;max-width:70rem;
margin:2rem auto;padding:0 1rem}
.invented{background:#fff3cd;padding:.6rem 1rem;border-left:.4rem solid #b4451f;font-weight:600}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1.5rem}
figure{margin:0}figcaption{font-size:.9rem;color:#52606d}svg{width:100%;height:auto}
pre{background:#f5f7fa;padding:1rem;overflow-x:auto;font-size:.85rem}
"""


def as_page(report: Report, judged: Judged) -> str:
    """The report as HTML; the same report gives the same bytes."""
    y, p = judged.y, judged.column("probability")
    plots = [
        (_reliability(report), "Promised against observed share of returns, 15 bins of equal size; "
         "on the diagonal a promise means what it says. Bars: 95 % of chance alone."),
        (_roc(y, p), "Share of returns caught against share of good orders bothered (ROC)."),
        (_precision_recall(y, p), "How many of the flagged orders return, against how many returns "
         "are flagged (precision and recall)."),
        (_lift(y, p), "Lift: returns among the riskiest share, as a multiple of the average."),
        (_money(report), "Rupees saved per 1,000 orders if every order from a threshold up is "
         f"treated ({report.money.action}); costs and effects are the default assumptions."),
    ]  # fmt: skip
    figures = "".join(
        f"<figure>{svg}<figcaption>{escape(says)}</figcaption></figure>" for svg, says in plots
    )
    banner = f'<p class="invented">{escape(INVENTED)}</p>' if report.invented else ""
    title = escape(report.title)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style>{banner}<h1>{title}</h1>"
        f'<div class="plots">{figures}</div><pre>{escape(as_text(report))}</pre></html>\n'
    )


def _drawn(draw: Callable[[Axes], None]) -> str:
    """One plot as an SVG element, without dates or random ids."""
    with mpl.rc_context({"svg.hashsalt": "rto", "svg.fonttype": "none", "axes.edgecolor": FAINT}):
        figure = Figure(figsize=(4.6, 3.6), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        out = io.StringIO()
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _reliability(report: Report) -> str:
    def draw(axes: Axes) -> None:
        bins = report.reliability
        promised = np.array([b.predicted for b in bins])
        seen = np.array([b.observed for b in bins])
        sizes = np.array([b.orders for b in bins])
        top = 1.05 * max(promised.max(), seen.max(), 1e-6)
        axes.plot([0, top], [0, top], color=FAINT, lw=1)
        noise = 1.96 * np.sqrt(promised * (1 - promised) / sizes)
        axes.errorbar(promised, seen, yerr=noise, fmt="o", ms=4, color=ACCENT, lw=1)
        axes.set(xlabel="promised", ylabel="observed", title="Reliability")

    return _drawn(draw)


def _curve(y: Floats, p: Floats) -> tuple[Floats, Floats]:
    """Returned and delivered orders found so far, riskiest first, at each distinct probability."""
    order = np.argsort(-p, kind="stable")
    last = np.flatnonzero(np.r_[np.diff(p[order]) != 0, True])
    rto, good = np.cumsum(y[order])[last], np.cumsum(1 - y[order])[last]
    return np.r_[0.0, rto], np.r_[0.0, good]


def _roc(y: Floats, p: Floats) -> str:
    def draw(axes: Axes) -> None:
        rto, good = _curve(y, p)
        axes.plot([0, 1], [0, 1], color=FAINT, lw=1)
        axes.plot(good / max(good[-1], 1), rto / max(rto[-1], 1), color=ACCENT)
        axes.set(xlabel="good orders bothered", ylabel="returns caught", title="ROC")

    return _drawn(draw)


def _precision_recall(y: Floats, p: Floats) -> str:
    def draw(axes: Axes) -> None:
        rto, good = _curve(y, p)
        axes.axhline(y.mean(), color=FAINT, lw=1)
        axes.plot(rto[1:] / max(rto[-1], 1), rto[1:] / (rto + good)[1:], color=ACCENT)
        axes.set(xlabel="returns flagged", ylabel="flagged orders that return", title="Precision")

    return _drawn(draw)


def _lift(y: Floats, p: Floats) -> str:
    def draw(axes: Axes) -> None:
        rto, good = _curve(y, p)
        share = (rto + good)[1:] / len(y)
        axes.axhline(1, color=FAINT, lw=1)
        axes.plot(share, rto[1:] / (rto + good)[1:] / max(y.mean(), 1e-9), color=ACCENT)
        axes.set(xlabel="riskiest share of orders", ylabel="× average", title="Lift")

    return _drawn(draw)


def _money(report: Report) -> str:
    def draw(axes: Axes) -> None:
        axes.axhline(0, color=FAINT, lw=1)
        axes.plot(report.money.thresholds, report.money.saved, color=ACCENT)
        axes.set(xlabel="threshold", ylabel="₹ saved per 1,000 orders", title="Money")

    return _drawn(draw)

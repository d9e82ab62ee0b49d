"""A report as one self-contained page: plots as inline SVG, no script, nothing fetched."""

from __future__ import annotations

from html import escape

from training import report_tables as tables
from training.predictions import Judged
from training.report import Report
from training.report_plots import plots
from training.report_words import INVENTED, in_short

_STYLE = """
:root{color-scheme:light}
body{font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:#1f2933;
background:#fff;max-width:76rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:.4rem 0;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.6rem 0 .4rem;border-top:1px solid #e4e7eb;padding-top:1.2rem}
p,li{max-width:46rem}.quiet{color:#52606d;font-size:.92rem}
.invented{background:#fff3cd;padding:.6rem 1rem;border-left:.4rem solid #b4451f;font-weight:600;
max-width:none}
.short{background:#f5f7fa;padding:.8rem 1rem .8rem 2rem;border-radius:.3rem;max-width:48rem}
.short li{margin:.35rem 0}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr));
gap:2rem 1.6rem;margin-top:1rem}
figure{margin:0}figure svg{width:100%;height:auto}
figcaption{font-size:.88rem;color:#52606d;margin-top:.2rem}
.wide{overflow-x:auto;margin:.9rem 0 1.4rem}
table{border-collapse:collapse;font-size:.9rem}
th,td{padding:.28rem .7rem .28rem 0;text-align:left;vertical-align:top;
border-bottom:1px solid #e4e7eb}
th{font-weight:600;color:#52606d;vertical-align:bottom}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td:first-child{min-width:8rem}
svg.gap{width:10.3rem;height:.9rem;vertical-align:middle}
svg.bar{width:8.75rem;height:.9rem;vertical-align:middle}
code{font-size:.85em}
@media(max-width:40rem){table{font-size:.8rem}th,td{padding-right:.45rem}td:first-child{min-width:6rem}
svg.bar{width:6.5rem}svg.gap{width:8.5rem}}
.side{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(30rem,100%),1fr));gap:0 2rem}
"""

_ERRORS = (
    "A place whose gap lies to the right of 0 returns more than promised (its risk is understated);"
    " to the left, its customers are thought worse than they are. Only a coloured interval is more"
    " than chance, and of {n} rows about {chance} would be coloured by chance alone. "
    "“Good orders bothered” is the share of delivered orders that the shipped policy would"
    " act on (from {threshold:.1%}), “returns missed” the share of returns it would let"
    " through. These two differ between places even for a perfect model, because the rates differ:"
    " where more comes back, more is bothered. What would be unfair is a gap: the same promise kept"
    " less well in one place than in another. Mend it with more orders from there, not by hand."
)
_CAUSES = (
    "The outcome's reason as the courier or the merchant recorded it; couriers' reports can be"
    " false. One probability covers all causes. “Caught” is the share at or above the"
    " shipped policy's first threshold; ROC-AUC compares the cause with delivered orders. Causes"
    " that no customer decides (damaged, not attempted) should be near .5."
)
_MISSES = (
    "Returned orders that were thought safest, then delivered ones thought riskiest. Ids, names,"
    " contacts, pincodes and exact amounts are left out. A few such cases are bound to exist; look"
    " for what they have in common that the model is not told."
)
_SEGMENTS = (
    "The gap is what came back less what was promised, in points of probability, with its 95 %"
    " interval; coloured where it is more than chance. Segments of under 50 orders are left out."
    " Small segments have wide intervals: no colour does not mean no error."
)


def as_page(report: Report, judged: Judged) -> str:
    """The report as HTML; the same report gives the same bytes."""
    title = escape(report.title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>{_head(report)}"
        f"<h2>The numbers</h2>{tables.numbers(report)}"
        f"<h2>In pictures</h2>{_pictures(report, judged)}"
        f"{_segments(report)}{_places(report)}{_why(report)}"
        f"<h2>The largest misses</h2><p class=quiet>{_MISSES}</p>{tables.misses(report)}"
        f"{_method(report)}</body></html>\n"
    )


def _head(report: Report) -> str:
    banner = f'<p class="invented">{escape(INVENTED)}</p>' if report.invented else ""
    found = "".join(f"<li>{escape(sentence)}</li>" for sentence in in_short(report))
    against = f", compared with {escape(report.against_name)}" if report.against_name else ""
    return (
        f"{banner}<h1>{escape(report.title)}</h1>"
        f"<p>{report.orders:,} orders with a known outcome, placed {report.since} to"
        f" {report.until}; {report.rto:,} came back ({report.rate:.1%}){against}.</p>"
        f'<ul class="short">{found}</ul>'
    )


def _pictures(report: Report, judged: Judged) -> str:
    figures = "".join(
        f"<figure>{svg}<figcaption>{escape(says)}</figcaption></figure>"
        for svg, says in plots(report, judged)
    )
    return f'<div class="plots">{figures}</div>'


def _segments(report: Report) -> str:
    found = tables.by_segment(report)
    if not found:
        return ""
    return f"<h2>By segment</h2><p class=quiet>{_SEGMENTS}</p>{found}"


def _places(report: Report) -> str:
    parts = [part for part in report.segments if part.by in ("state", "city tier")]
    body = ""
    if parts:
        chance = round(0.05 * len(parts)) or "none"
        says = _ERRORS.format(n=len(parts), chance=chance, threshold=report.worth.threshold)
        places = "".join(
            tables.errors(report, by)
            for by in ("city tier", "state")
            if any(part.by == by for part in parts)
        )
        body += f"<h2>Errors by state and city tier</h2><p class=quiet>{says}</p>{places}"
    if report.causes:
        body += f"<h2>Causes of return</h2><p class=quiet>{_CAUSES}</p>{tables.causes(report)}"
    return body


def _why(report: Report) -> str:
    found = report.importance
    if found is None:
        return ""
    same = (
        ""
        if found.same > 0.99
        else f" {found.same:.0%} of these predictions are this bundle's own (a backtest's models"
        " change from day to day), so read it as what such a model rests on."
    )
    says = (
        f"Exact SHAP values of bundle {escape(found.version)} over {found.orders:,} of these"
        " orders: mean absolute weight, in points of final probability for reasons and in log-odds"
        f" for inputs. Weight is use, not cause.{same}"
    )
    return (
        f"<h2>What the probabilities rest on</h2><p class=quiet>{says}</p>"
        f'<div class="side"><div>{tables.reasons(found)}</div>'
        f"<div>{tables.inputs(found)}</div></div>"
    )


def _method(report: Report) -> str:
    aside = "".join(
        f"<li>not judged: {count:,} {escape(why)}</li>" for why, count in report.set_aside.items()
    )
    return (
        "<h2>How it was computed</h2><ul class=quiet>"
        f"<li>Intervals are 95 %, from a bootstrap clustered by {escape(report.clustered_by)}:"
        " orders of one person, and of one week, succeed and fail together. They do not cover what"
        " a new season may bring.</li>"
        "<li>Comparisons are paired: both on the same orders, drawn together.</li>"
        "<li>Calibration error is the root mean squared gap over 15 bins of equal size, with the"
        " noise of the bins taken off.</li>"
        "<li>Money is the cost model's: what an action does to an order is an assumption until a"
        " comparison group has measured it; outcomes without action are as they came.</li>"
        f"{aside}</ul>"
    )

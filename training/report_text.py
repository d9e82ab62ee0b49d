"""A report as plain text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from training.report import Report
from training.report_words import INVENTED as INVENTED
from training.report_words import LABELS, in_short, rupees, signed
from training.segments import Segment

WIDTH = 100
MOST_ROWS = 12


def as_text(report: Report) -> str:
    """The report's findings and tables; the page holds the plots and the rest."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    if report.invented:
        yield INVENTED
    yield (
        f"{report.title}: {report.orders:,} orders with a known outcome, {report.since} to"
        f" {report.until}, {report.rto:,} returned ({report.rate:.2%})"
    )
    for why, count in report.set_aside.items():
        yield f"  not judged: {count:,} {why}"
    yield f"  intervals: 95 %, bootstrap clustered by {report.clustered_by}"
    yield ""
    for sentence in in_short(report):
        yield from textwrap.wrap(sentence, WIDTH, initial_indent="- ", subsequent_indent="  ")
    yield ""
    yield from _numbers(report)
    yield from _plain(report)
    yield from _money(report)
    yield from _causes(report)
    yield from _segments(report)


def _plain(report: Report) -> Iterator[str]:
    error = f"{report.calibration_error:.4f}  (15 bins of equal mass, debiased)"
    yield f"{'calibration error':<20}{error}"
    yield f"{'mean predicted':<20}{report.predicted:.4f}  observed {report.rate:.4f}"
    constant = f"{report.constant_log_loss:.4f}  (knowing the window's own rate)"
    yield f"{'constant log-loss':<20}{constant}"
    caught = ", ".join(f"{share}: {value:.1%}" for share, value in report.precision.items())
    yield f"{'rto among riskiest':<20}{caught}"


def _numbers(report: Report) -> Iterator[str]:
    if report.against is None or report.difference is None:
        for name, estimate in report.numbers.items():
            yield f"{LABELS[name]:<20}{estimate}"
        return
    yield f"{'':<20}{'these':<26}{'against':<26}difference (paired)"
    for name, label in LABELS.items():
        row = (report.numbers[name], report.against[name], report.difference[name])
        yield f"{label:<20}{row[0]!s:<26}{row[1]!s:<26}{signed(row[2])}"


def _money(report: Report) -> Iterator[str]:
    yield f"{'shipped policy':<20}saves {rupees(report.worth.saved)} per 1,000 orders"
    for curve in report.money:
        threshold, acted, saved = curve.best()
        yield (
            f"{curve.action + ' alone':<20}at best, in hindsight, ₹{saved:,.0f}: from"
            f" {threshold:.3f} up ({acted:.0%} of orders)"
        )


def _causes(report: Report) -> Iterator[str]:
    if not report.causes:
        return
    yield ""
    counts = f"{'orders':>9}{'share':>8}{'predicted':>11}"
    yield f"{'cause of rto':<24}{counts}{'caught':>8}{'ROC-AUC':>9}"
    for cause in report.causes:
        yield (
            f"{cause.cause:<24}{cause.orders:>9,}{cause.share:>8.1%}{cause.predicted:>11.3f}"
            f"{cause.caught:>8.0%}{cause.roc_auc:>9.3f}"
        )


def _segments(report: Report) -> Iterator[str]:
    by, shown = "", 0
    for part in report.segments:
        if part.by != by:
            by, shown = part.by, 0
            yield ""
            counts = f"{'orders':>9}{'rto':>8}{'observed':>10}{'predicted':>11}"
            yield f"{'by ' + by:<24}{counts}{'log-loss':>10}{'ROC-AUC':>9}  observed − predicted"
        shown += 1
        if shown <= MOST_ROWS or by == "time":
            yield _segment(part)


def _segment(part: Segment) -> str:
    return (
        f"{part.value[:22]:<24}{part.orders:>9,}{part.rto:>8,}{part.observed:>10.3f}"
        f"{part.predicted:>11.3f}{part.log_loss:>10.4f}{part.roc_auc:>9.3f}"
        f"  {part.gap.value:+.3f} [{part.gap.low:+.3f}, {part.gap.high:+.3f}]"
    )

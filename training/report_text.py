"""A report as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from training.evaluate import Estimate, Report

INVENTED = "INVENTED DATA: these orders were simulated and prove nothing about a real shop."
LABELS = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "log_loss": "log-loss",
    "brier": "Brier",
    "slope": "calibration slope",
}


def as_text(report: Report) -> str:
    """The whole report, at most about sixty lines."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    if report.invented:
        yield INVENTED
    rate = report.rto / report.orders
    yield (
        f"{report.title}: {report.orders:,} orders with a known outcome, {report.since} to"
        f" {report.until}, {report.rto:,} returned ({rate:.2%})"
    )
    for why, count in report.set_aside.items():
        yield f"  not judged: {count:,} {why}"
    yield f"  intervals: 95 %, bootstrap clustered by {report.clustered_by}"
    yield ""
    yield from _numbers(report)
    error = f"{report.calibration_error:.4f}  (15 bins of equal mass, debiased)"
    yield f"{'calibration error':<20}{error}"
    yield f"{'mean predicted':<20}{report.predicted:.4f}  observed {rate:.4f}"
    constant = f"{report.constant_log_loss:.4f}  (knowing the window's own rate)"
    yield f"{'constant log-loss':<20}{constant}"
    caught = ", ".join(f"{share}: {value:.1%}" for share, value in report.precision.items())
    yield f"{'rto among riskiest':<20}{caught}"
    threshold, acted, saved = report.money.best()
    yield (
        f"{'money':<20}{report.money.action} from {threshold:.3f} up ({acted:.0%} of orders) would"
        f" have saved ₹{saved:,.0f} per 1,000 orders (best in hindsight; costs and effects assumed)"
    )
    yield from _segments(report)


def _numbers(report: Report) -> Iterator[str]:
    if report.against is None or report.difference is None:
        for name, estimate in report.numbers.items():
            yield f"{LABELS[name]:<20}{estimate}"
        return
    yield f"{'':<20}{'these':<26}{'against':<26}difference (paired)"
    for name, label in LABELS.items():
        row = (report.numbers[name], report.against[name], report.difference[name])
        yield f"{label:<20}{row[0]!s:<26}{row[1]!s:<26}{_signed(row[2])}"


def _signed(estimate: Estimate) -> str:
    return f"{estimate.value:+.4f} [{estimate.low:+.4f}, {estimate.high:+.4f}]"


def _segments(report: Report) -> Iterator[str]:
    by = ""
    for part in report.segments:
        if part.by != by:
            by = part.by
            yield ""
            counts = f"{'orders':>9}{'rto':>8}{'observed':>10}{'predicted':>11}"
            yield f"{'by ' + by:<24}{counts}{'log-loss':>10}{'ROC-AUC':>9}"
        yield (
            f"{part.value[:22]:<24}{part.orders:>9,}{part.rto:>8,}{part.observed:>10.3f}"
            f"{part.predicted:>11.3f}{part.log_loss:>10.4f}{part.roc_auc:>9.3f}"
        )

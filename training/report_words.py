"""What a report found, in sentences that need no statistics."""

from __future__ import annotations

from collections.abc import Iterator

from training.evaluate import Estimate
from training.report import Report

INVENTED = "INVENTED DATA: these orders were simulated and prove nothing about a real shop."
LABELS = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "log_loss": "log-loss",
    "brier": "Brier",
    "slope": "calibration slope",
}
GOOD_ERROR = 0.01
SLOPES = (0.9, 1.1)


def in_short(report: Report) -> tuple[str, ...]:
    """The findings that matter, most important first."""
    return (*report.notes, *_ranks(report), *_honest(report), *_worth(report), *_compared(report))


def _ranks(report: Report) -> Iterator[str]:
    auc, loss = report.numbers["roc_auc"], report.numbers["log_loss"]
    if auc.value == auc.value:
        yield (
            f"It puts a returned order above a delivered one {100 * auc.value:.0f} times of 100"
            f" ({100 * auc.low:.0f} to {100 * auc.high:.0f}; by chance 50)."
        )
    gain = 1.0 - loss.value / report.constant_log_loss if report.constant_log_loss else 0.0
    verdict = (
        f"{gain:.0%} of the uncertainty left by the average rate is gone"
        if gain > 0
        else "It knows less than the window's average rate alone"
    )
    yield f"{verdict} (log-loss {loss.value:.4f} against {report.constant_log_loss:.4f})."


def _honest(report: Report) -> Iterator[str]:
    slope = report.numbers["slope"]
    gap = report.rate - report.predicted
    level = (
        f"it promised {report.predicted:.1%} returns on average and {report.rate:.1%} came"
        f" ({'too few' if gap > 0 else 'too many'} promised)"
        if abs(gap) > 0.1 * report.rate
        else f"it promised {report.predicted:.1%} returns on average and {report.rate:.1%} came"
    )
    spread = ""
    if slope.high < SLOPES[0]:
        spread = "; its high risks are exaggerated and its low ones too low (slope below 1)"
    elif slope.low > SLOPES[1]:
        spread = "; its risks are too timid, true ones lie further apart (slope above 1)"
    word = "small" if report.calibration_error <= GOOD_ERROR else "visible"
    error = f"Calibration error {report.calibration_error:.3f}, {word}"
    yield f"As a promise: {level}{spread}. {error}."


def _worth(report: Report) -> Iterator[str]:
    found, saved = report.worth, report.worth.saved
    sure = (
        "beyond chance"
        if saved.low > 0
        else "a loss beyond chance"
        if saved.high < 0
        else "within chance of nothing"
    )
    yield (
        f"The policy a merchant starts with (acting from {found.threshold:.1%}) would have saved"
        f" {rupees(saved)} per 1,000 orders, {sure}; costs and effects of acting are assumptions"
        " until a comparison group has measured them."
    )


def _compared(report: Report) -> Iterator[str]:
    if report.difference is None:
        return
    gap, other = report.difference["log_loss"], report.against_name or "the other predictions"
    verdict = (
        "better than"
        if gap.high < 0
        else "worse than"
        if gap.low > 0
        else "no different, within chance, from"
    )
    yield (
        f"On the same orders it is {verdict} {other} (log-loss {signed(gap)}, below 0 is better)."
    )
    money = report.worth.difference
    if money is not None:
        yield f"In money it differs by {rupees(money)} per 1,000 orders."


def signed(estimate: Estimate) -> str:
    """A difference with its interval."""
    return f"{estimate.value:+.4f} [{estimate.low:+.4f}, {estimate.high:+.4f}]"


def rupees(estimate: Estimate) -> str:
    """Money with its interval, in whole rupees."""
    return f"₹{estimate.value:,.0f} ({estimate.low:,.0f} to {estimate.high:,.0f})"

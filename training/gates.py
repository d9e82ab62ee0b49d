"""The gates between a trained model and its release: each a function with a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.errors import RefusedError
from training.contest import Contest
from training.exam import Exam
from training.traps import Trap

FEWEST_RTO = 50
FEWEST_EXAM_RTO = 20
LARGEST_CALIBRATION_ERROR = 0.03
LEAST_CHANCE = 0.01
SLOPES = (0.7, 1.4)
LARGEST_PARITY_GAP = 1e-9
LARGEST_PSI = 0.25
MOST_LEAVES, MOST_LEAVES_OF_A_TREE = 20_000, 64
FAR, MUCH = 3.3, 0.05


@dataclass(frozen=True, slots=True)
class Size:
    """What a model's trees cost serving: known from the model, on any machine."""

    trees: int
    leaves: int
    largest: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gates look at.

    ``exam`` is None where the data did not allow one, ``contest`` where there is no champion or it
    had learnt the exam's orders. ``parity_gap`` is the largest difference between the probability
    that training computes and the one that serving's reader computes from the same files.
    """

    exam: Exam | None
    rto: int
    traps: Sequence[Trap]
    contest: Contest | None = None
    parity_gap: float = 0.0
    size: Size = Size(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate said; ``muted`` verdicts are recorded and stop nothing."""

    gate: str
    passed: bool
    says: str
    muted: bool = False


def better_than_pincode(evidence: Evidence) -> str:
    """RTO001: the log-loss must be below that of the pincode's rate alone, on the exam's orders."""
    if evidence.exam is None:
        return "no exam could be sat, so nothing shows that it beats the pincode's rate"
    gap = evidence.exam.differences["pincode"]
    if gap.value < 0.0:
        return ""
    return f"log-loss is not better than the pincode's rate alone: worse by {gap}"


def calibrated(evidence: Evidence) -> str:
    """RTO002: promises must hold beyond chance: small error over 15 bins, a slope not off 1.

    On few orders the error of an honest model is large by chance alone, so it must also be
    unlikely (below 1 %) under promises that hold.
    """
    if evidence.exam is None:
        return "no exam could be sat, so its calibration is not known"
    error, slope = evidence.exam.model["calibration_error"], evidence.exam.slope
    chance = evidence.exam.calibration_chance
    if error > LARGEST_CALIBRATION_ERROR and chance < LEAST_CHANCE:
        return (
            f"calibration error {error:.3f} is above {LARGEST_CALIBRATION_ERROR}, which promises"
            f" that hold would show with a chance of {chance:.2g}"
        )
    if slope.high < SLOPES[0] or slope.low > SLOPES[1]:
        return f"calibration slope {slope} lies outside {SLOPES[0]} to {SLOPES[1]}"
    return ""


def not_worse_than_the_champion(evidence: Evidence) -> str:
    """RTO003: the log-loss must not exceed the champion's beyond chance, on orders new to both."""
    contest = evidence.contest
    if contest is None or not contest.gap.low > 0.0:
        return ""
    return f"log-loss is worse than that of {contest.champion} by {contest.gap}"


def no_column_separates(evidence: Evidence) -> str:
    """RTO004: no input may tell the outcomes apart by itself; it was written after them."""
    used = [trap.column for trap in evidence.traps if trap.used]
    return f"{', '.join(used)} alone separates the outcomes" if used else ""


def no_overlap(evidence: Evidence) -> str:
    """RTO005: what the exam's model learnt was known before the first order it was judged on."""
    exam = evidence.exam
    if exam is None or exam.last_learnt_known_us < exam.first_judged_us:
        return ""
    return "the exam's model learnt outcomes known only after its first judged order"


def parity(evidence: Evidence) -> str:
    """RTO006: what serving reads from the bundle's files must score as training did."""
    if evidence.parity_gap <= LARGEST_PARITY_GAP:
        return ""
    return f"serving's probabilities differ from training's by up to {evidence.parity_gap:.2g}"


def enough_outcomes(evidence: Evidence) -> str:
    """RTO007: a released model rests on at least 50 returns, its exam on at least 20."""
    if evidence.rto < FEWEST_RTO:
        return f"learnt from {evidence.rto} returned orders; at least {FEWEST_RTO} are needed"
    if evidence.exam is not None and evidence.exam.rto < FEWEST_EXAM_RTO:
        return f"judged on {evidence.exam.rto} returns; at least {FEWEST_EXAM_RTO} are needed"
    return ""


def steady_scores(evidence: Evidence) -> str:
    """RTO008: the exam's scores must be spread as those the calibration was fitted on (PSI)."""
    if evidence.exam is None or not evidence.exam.score_psi > LARGEST_PSI:
        return ""
    return (
        f"scores of the exam's orders have moved from those of the folds: PSI"
        f" {evidence.exam.score_psi:.2f} is above {LARGEST_PSI}; a sale, or another kind of order?"
    )


def small_enough(evidence: Evidence) -> str:
    """RTO009: trees must fit serving's budget, by count and leaves, not by anyone's clock."""
    size = evidence.size
    if size.largest > MOST_LEAVES_OF_A_TREE:
        return f"a tree has {size.largest} leaves; serving reads at most {MOST_LEAVES_OF_A_TREE}"
    if size.leaves > MOST_LEAVES:
        return f"{size.trees} trees with {size.leaves:,} leaves; at most {MOST_LEAVES:,} are served"
    return ""


def no_segment_left_behind(evidence: Evidence) -> str:
    """RTO010: no merchant or payment mode may be served much worse than by the champion."""
    if evidence.contest is None:
        return ""
    behind = [
        f"{lag.segment} ({lag.orders:,} orders): log-loss worse by {lag.gap:.4f}"
        for lag in evidence.contest.segments
        if lag.gap > MUCH * lag.champion and lag.gap > FAR * lag.error
    ]
    return f"{'; '.join(behind)} than by {evidence.contest.champion}" if behind else ""


GATES: Mapping[str, Callable[[Evidence], str]] = {
    "RTO001": better_than_pincode,
    "RTO002": calibrated,
    "RTO003": not_worse_than_the_champion,
    "RTO004": no_column_separates,
    "RTO005": no_overlap,
    "RTO006": parity,
    "RTO007": enough_outcomes,
    "RTO008": steady_scores,
    "RTO009": small_enough,
    "RTO010": no_segment_left_behind,
}


def verdicts(evidence: Evidence, *, mute: Sequence[str] = ()) -> tuple[Verdict, ...]:
    """Ask every gate. Mutes are by name and stay visible.

    Raises
    ------
    RefusedError
        For a mute that names no gate.
    """
    unknown = [name for name in mute if name not in GATES]
    if unknown:
        raise RefusedError(f"mute: {unknown[0]} is no gate; the gates are {', '.join(GATES)}")
    found = []
    for name, gate in GATES.items():
        fault = gate(evidence)
        found.append(Verdict(name, not fault, fault, muted=bool(fault) and name in mute))
    return tuple(found)


def failed_of(recorded: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The verdicts of a manifest that stop a release."""
    return [v for v in recorded if not v.get("passed") and not v.get("muted")]


def refuse_unless_passed(recorded: Sequence[Mapping[str, object]]) -> None:
    """Stop a release whose manifest records a gate that failed and was not muted.

    Raises
    ------
    RefusedError
        Naming the gates and what they said, or that no gate was ever asked.
    """
    if not recorded:
        raise RefusedError("this model passed no gates; train it with rto train")
    if failed := failed_of(recorded):
        said = "; ".join(f"{v.get('gate')}: {v.get('says')}" for v in failed)
        raise RefusedError(
            f"{said} (mute a gate by name in the training configuration to overrule it)"
        )

"""The gates between a trained model and its release: each a function with a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from features.errors import RefusedError
from training.exam import Exam
from training.traps import Trap

FEWEST_RTO = 50
FEWEST_EXAM_RTO = 20
LARGEST_CALIBRATION_ERROR = 0.03
SLOPES = (0.7, 1.4)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the gates look at. ``exam`` is None where the data did not allow one."""

    exam: Exam | None
    rto: int
    traps: Sequence[Trap]


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
    """RTO002: promises must hold: small error over 15 bins, and a slope not clearly off 1."""
    if evidence.exam is None:
        return "no exam could be sat, so its calibration is not known"
    error, slope = evidence.exam.model["calibration_error"], evidence.exam.slope
    if error > LARGEST_CALIBRATION_ERROR:
        return f"calibration error {error:.3f} is above {LARGEST_CALIBRATION_ERROR}"
    if slope.high < SLOPES[0] or slope.low > SLOPES[1]:
        return f"calibration slope {slope} lies outside {SLOPES[0]} to {SLOPES[1]}"
    return ""


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


def enough_outcomes(evidence: Evidence) -> str:
    """RTO007: a released model rests on at least 50 returns, its exam on at least 20."""
    if evidence.rto < FEWEST_RTO:
        return f"learnt from {evidence.rto} returned orders; at least {FEWEST_RTO} are needed"
    if evidence.exam is not None and evidence.exam.rto < FEWEST_EXAM_RTO:
        return f"judged on {evidence.exam.rto} returns; at least {FEWEST_EXAM_RTO} are needed"
    return ""


GATES: Mapping[str, Callable[[Evidence], str]] = {
    "RTO001": better_than_pincode,
    "RTO002": calibrated,
    "RTO004": no_column_separates,
    "RTO005": no_overlap,
    "RTO007": enough_outcomes,
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


def refuse_unless_passed(recorded: Sequence[Mapping[str, object]]) -> None:
    """Stop a release whose manifest records a gate that failed and was not muted.

    Raises
    ------
    RefusedError
        Naming the gates and what they said, or that no gate was ever asked.
    """
    if not recorded:
        raise RefusedError("this model passed no gates; train it with rto train")
    failed = [v for v in recorded if not v.get("passed") and not v.get("muted")]
    if failed:
        said = "; ".join(f"{v.get('gate')}: {v.get('says')}" for v in failed)
        raise RefusedError(
            f"{said} (mute a gate by name in the training configuration to overrule it)"
        )

"""Each gate opens for a sound model and closes for the fault it is named after."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.errors import RefusedError
from training.contest import Contest, Lag
from training.evaluate import Estimate
from training.exam import Exam
from training.gates import GATES, Evidence, Size, refuse_unless_passed, verdicts
from training.plain import plain
from training.traps import Trap

SOUND = Exam(
    learnt_until="2026-01-01",
    last_learnt_known_us=10,
    first_judged_us=11,
    orders=1_000,
    rto=200,
    model={"log_loss": 0.4, "calibration_error": 0.01},
    predicted=0.2,
    slope=Estimate(1.0, 0.9, 1.1),
    baselines={},
    differences={"pincode": Estimate(-0.02, -0.03, -0.01)},
    calibration_chance=0.4,
    score_psi=0.03,
)
LAG = Lag("merchant a", 900, gap=0.01, error=0.002, champion=0.4)
BEATEN = Contest("rto-1", 1_000, Estimate(0.0, -0.01, 0.01), (LAG,))
TRAP = Trap("fee", 0.99, 1.0, used=True)


def evidence(**changed: object) -> Evidence:
    return replace(Evidence(SOUND, 900, ()), **changed)  # type: ignore[arg-type]


def failed(given: Evidence) -> set[str]:
    return {v.gate for v in verdicts(given) if not v.passed}


def test_a_sound_model_passes_every_gate() -> None:
    assert failed(evidence()) == set()


@pytest.mark.parametrize(
    ("gate", "given"),
    [
        ("RTO001", evidence(exam=replace(SOUND, differences={"pincode": Estimate(0.001, 0, 1)}))),
        (
            "RTO002",
            evidence(
                exam=replace(SOUND, model={"calibration_error": 0.05}, calibration_chance=0.001)
            ),
        ),
        ("RTO002", evidence(exam=replace(SOUND, slope=Estimate(0.5, 0.4, 0.6)))),
        ("RTO003", evidence(contest=replace(BEATEN, gap=Estimate(0.02, 0.01, 0.03)))),
        ("RTO004", evidence(traps=(TRAP,))),
        ("RTO005", evidence(exam=replace(SOUND, last_learnt_known_us=11))),
        ("RTO007", evidence(rto=49)),
        ("RTO007", evidence(exam=replace(SOUND, rto=19))),
        ("RTO006", evidence(parity_gap=1e-6)),
        ("RTO008", evidence(exam=replace(SOUND, score_psi=0.4))),
        ("RTO009", evidence(size=Size(600, 24_000, 40))),
        ("RTO009", evidence(size=Size(2, 160, 80))),
        ("RTO010", evidence(contest=replace(BEATEN, segments=(replace(LAG, gap=0.03),)))),
    ],
)
def test_a_gate_closes_for_its_fault_and_no_other_does(gate: str, given: Evidence) -> None:
    assert failed(given) == {gate}


def test_an_honest_model_on_few_orders_is_not_stopped_by_chance() -> None:
    unlucky = replace(SOUND, model={"calibration_error": 0.05}, calibration_chance=0.2)
    assert failed(evidence(exam=unlucky)) == set()


def test_a_champion_that_is_about_as_good_closes_nothing() -> None:
    assert failed(evidence(contest=BEATEN)) == set()
    noisy = replace(LAG, gap=0.03, error=0.02)
    assert failed(evidence(contest=replace(BEATEN, segments=(noisy,)))) == set()


def test_a_trap_that_is_no_input_closes_nothing() -> None:
    assert failed(evidence(traps=(replace(TRAP, used=False),))) == set()


def test_without_an_exam_nothing_is_shown_to_be_better() -> None:
    assert failed(evidence(exam=None)) == {"RTO001", "RTO002"}


def test_an_interval_that_cannot_be_known_does_not_pass_as_better() -> None:
    unknown = Estimate(np.nan, np.nan, np.nan)
    assert failed(evidence(exam=replace(SOUND, differences={"pincode": unknown}))) == {"RTO001"}


def test_a_mute_is_by_name_stays_visible_and_lets_a_release_pass() -> None:
    asked = verdicts(evidence(rto=49), mute=["RTO007"])
    muted = [v for v in asked if v.muted]
    assert [v.gate for v in muted] == ["RTO007"]
    assert not muted[0].passed
    refuse_unless_passed([plain(v) for v in asked])  # type: ignore[misc]
    with pytest.raises(RefusedError, match="RTO999 is no gate"):
        verdicts(evidence(), mute=["RTO999"])


def test_a_failed_gate_or_a_model_that_was_never_asked_is_not_released() -> None:
    asked = [plain(v) for v in verdicts(evidence(rto=49))]
    with pytest.raises(RefusedError, match="RTO007: learnt from 49 returned orders"):
        refuse_unless_passed(asked)  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match="passed no gates"):
        refuse_unless_passed([])


def test_every_gate_says_its_name_first() -> None:
    for name, gate in GATES.items():
        assert (gate.__doc__ or "").startswith(f"{name}: ")

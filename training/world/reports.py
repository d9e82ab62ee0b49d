"""What couriers and customers give as the reason; an attempt never made is mostly *unreachable*."""

from __future__ import annotations

import numpy as np

from training.world.chance import Ints
from training.world.course import Course
from training.world.door import FAULTY, NO_CASH, REFUSED, UNREACHABLE, WRONG_ADDRESS

REASONS = (
    "", "refused", "unreachable", "wrong_address", "not_attempted", "damaged", "wrong_item",
    "not_as_described", "changed_mind", "no_cash", "late", "packaging", "other",
    "confirmed", "corrected", "paid", "silent",
)  # fmt: skip
_Words = tuple[tuple[str, float], ...]
_SAYS: dict[int, _Words] = {
    REFUSED: (("refused", 0.93), ("other", 0.07)),
    FAULTY: (("damaged", 0.5), ("wrong_item", 0.35), ("packaging", 0.15)),
    NO_CASH: (("no_cash", 0.8), ("refused", 0.2)),
    UNREACHABLE: (("unreachable", 1.0),),
    WRONG_ADDRESS: (("wrong_address", 0.75), ("unreachable", 0.25)),
}
_NO_ATTEMPT: _Words = (("unreachable", 0.72), ("refused", 0.14), ("not_attempted", 0.14))
_REFUSAL: _Words = (("refused", 0.53), ("changed_mind", 0.4), ("not_as_described", 0.07))
_RETURN: _Words = (
    ("not_as_described", 0.4), ("changed_mind", 0.2), ("damaged", 0.14), ("wrong_item", 0.12),
    ("other", 0.14),
)  # fmt: skip


def reason_code(name: str) -> int:
    """A reason's number."""
    return REASONS.index(name)


def reported(rng: np.random.Generator, code: Ints) -> Ints:
    """The courier's word for what happened at an attempt (codes of ``door``)."""
    said = _one_of(rng, _NO_ATTEMPT, len(code))
    for happened, words in _SAYS.items():
        said = np.where(code == happened, _one_of(rng, words, len(code)), said)
    return said


def reason_of_return(rng: np.random.Generator, course: Course) -> Ints:
    """The reason that goes with an RTO; refusals are told apart now and then."""
    n = len(course.ending)
    reason = reported(rng, course.ending)
    refusal = np.where(
        course.late & (rng.random(n) < 0.25), reason_code("late"), _one_of(rng, _REFUSAL, n)
    )
    return np.where(course.ending == REFUSED, refusal, reason)


def reason_sent_back(rng: np.random.Generator, n: int) -> Ints:
    """Why goods come back after delivery."""
    return _one_of(rng, _RETURN, n)


def _one_of(rng: np.random.Generator, words: _Words, n: int) -> Ints:
    codes = np.array([reason_code(word) for word, _ in words], dtype=np.int64)
    bounds = np.cumsum([share for _, share in words])[:-1]
    picked: Ints = codes[np.searchsorted(bounds, rng.random(n), side="right")]
    return picked

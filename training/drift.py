"""Whether the world has moved since a bundle learnt: features, scores, returns and promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from features.days import DAY_US
from features.errors import TrainingError
from training.bootstrap import Clusters, Intervals, clusters, intervals
from training.evaluate import Estimate, Scoreboard
from training.histogram import psi
from training.labels import Floats, Ints, mature
from training.matrix import Matrix
from training.reference import KINDS, Reference, on_sale

Kind = Literal["feature", "features", "score", "label", "calibration", "ranking"]
State = Literal["steady", "moved", "alert", "not judged"]

FEATURE_PSI, SCORE_PSI = 0.25, 0.2
STABLE_PSI = 0.1
NOISE_TIMES = 3.0
LEAST_IMPORTANCE, MOST_MOVED = 0.02, 0.25
FEWEST_ORDERS, FEWEST_RTO = 200, 30
RELATIVE, POINTS = 0.15, 0.02
SLOPES = (0.75, 1.3)
LOST_AUC = 0.05
REPLICATES = 100


@dataclass(frozen=True, slots=True)
class Sign:
    """One measure of drift.

    Parameters
    ----------
    value, limit : float
        What was measured, and what would be too much; NaN where it was not judged.
    weight : float
        A feature's share of the model's weight; NaN otherwise.
    state : str
        ``moved`` is worth knowing and stops nothing; ``alert`` does.
    says : str
        In words.
    """

    kind: Kind
    name: str
    value: float
    limit: float
    weight: float
    state: State
    says: str


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """What is watched: the newest orders, and older ones whose outcomes are in.

    Parameters
    ----------
    rows : int64 array
        Orders of the newest days.
    matured, y : arrays of shape (n_matured,)
        Lawful labels placed since the model had learnt, old enough that late returns are in.
    probability : ndarray of shape (n_orders,)
        The model's, NaN for orders that are not watched.
    """

    matrix: Matrix
    rows: Ints
    matured: Ints
    y: Floats
    probability: Floats


def watched(
    matrix: Matrix, *, until_us: int, learnt_us: int, days: float, outcome_days: float
) -> tuple[Ints, Ints, Floats]:
    """The newest orders, and the newest orders with matured outcomes, as known at an instant.

    Parameters
    ----------
    until_us : int
        Nothing known at or after it is looked at (µs since 1970, UTC).
    learnt_us : int
        Until when the model had learnt; it is judged on no outcome from before.
    days, outcome_days : float
        How many days of orders, up to the last one placed, and of matured outcomes.

    Returns
    -------
    tuple
        Newest rows, matured rows, and whether these came back (1.0 or 0.0).
    """
    created = matrix.orders["created_us"].to_numpy(np.int64)
    placed_us = created[created < until_us]
    first = int(placed_us.max(initial=0)) - round(days * DAY_US)
    newest = np.flatnonzero((created < until_us) & (created > first))
    try:
        labels = mature(matrix.orders, cutoff_us=until_us, method="wait")
    except TrainingError:
        return newest.astype(np.int64), np.empty(0, np.int64), np.empty(0)
    placed = created[labels.rows]
    since = max(learnt_us, int(placed.max(initial=0)) - round(outcome_days * DAY_US))
    keep = placed >= since
    return newest.astype(np.int64), labels.rows[keep], labels.y[keep]


def signs(watch: Watch, reference: Reference, *, exam_auc: float | None) -> tuple[Sign, ...]:
    """Every measure of drift, alerts first within each kind.

    Parameters
    ----------
    exam_auc : float, optional
        The ROC-AUC of the model's exam, which its ranking should keep.
    """
    return (
        *_score(watch, reference),
        *_outcomes(watch, reference, exam_auc),
        *_features(watch, reference),
    )


def _compared(
    watch: Watch, reference: Reference
) -> tuple[list[tuple[str, Ints]], int]:  # fmt: skip
    """The newest orders by kind of day, where training had such days; how many are left out."""
    sale = on_sale(watch.matrix)[watch.rows]
    found, left = [], 0
    for kind in KINDS:
        rows = watch.rows[sale == (kind == "sale")]
        if kind in reference.score:
            found.append((kind, rows))
        else:
            left += len(rows)
    return [(kind, rows) for kind, rows in found if len(rows)], left


def _features(watch: Watch, reference: Reference) -> Iterator[Sign]:
    at = {feature.name: i for i, feature in enumerate(watch.matrix.features)}
    parts, left = _compared(watch, reference)
    if _too_few(parts, left) is not None:
        return
    found = []
    for name in next(iter(reference.features.values())):
        measured = [
            (*psi(known, known.over(watch.matrix.values[rows, at[name]].astype(np.float64))), rows)
            for kind, rows in parts
            if name in at and (known := reference.features[kind].get(name)) is not None
        ]
        if not measured:
            continue
        size = np.array([len(rows) for _, _, rows in measured], np.float64)
        index, noise = (
            float(np.average([one[k] for one in measured], weights=size)) for k in (0, 1)
        )
        weight = reference.importance.get(name, 0.0)
        limit = max(FEATURE_PSI, NOISE_TIMES * noise)
        state: State = "steady"
        if index > limit:
            state = "alert" if weight >= LEAST_IMPORTANCE else "moved"
        elif index > max(STABLE_PSI, NOISE_TIMES * noise):
            state = "moved"
        found.append(
            Sign("feature", name, index, limit, weight, state, f"PSI against training, weight"
                 f" {weight:.1%} of the model")
        )  # fmt: skip
    yield _weight_moved(found)
    order = {"alert": 0, "moved": 1, "steady": 2, "not judged": 3}
    yield from sorted(found, key=lambda sign: (order[sign.state], -sign.weight, sign.name))


def _weight_moved(found: list[Sign]) -> Sign:
    """How much of what the model weighs has moved, over all features together."""
    moved = sum(sign.weight for sign in found if sign.value > sign.limit)
    state: State = (
        "alert" if moved > MOST_MOVED else "moved" if moved > MOST_MOVED / 2 else "steady"
    )
    count = sum(sign.value > sign.limit for sign in found)
    says = f"of the model's weight lies on the {count} features beyond their limit"
    return Sign("features", "all together", moved, MOST_MOVED, np.nan, state, says)


def _too_few(parts: list[tuple[str, Ints]], left: int) -> str | None:
    orders = sum(len(rows) for _, rows in parts)
    if orders >= FEWEST_ORDERS:
        return None
    if left:
        return (
            f"{left:,} of the newest orders are of a sale, and the model has learnt from no sale to"
            " compare them with"
        )
    return f"only {orders:,} of the newest orders; {FEWEST_ORDERS} are needed"


def _score(watch: Watch, reference: Reference) -> Iterator[Sign]:
    parts, left = _compared(watch, reference)
    why = _too_few(parts, left)
    if why is not None:
        yield _unjudged("score", "scores", why)
        return
    measured = [
        psi(reference.score[kind], reference.score[kind].over(watch.probability[rows]))
        for kind, rows in parts
    ]
    size = [len(rows) for _, rows in parts]
    index, noise = (float(np.average([one[k] for one in measured], weights=size)) for k in (0, 1))
    limit = max(SCORE_PSI, NOISE_TIMES * noise)
    kinds = " and ".join(f"{len(rows):,} {kind}" for kind, rows in parts)
    aside = f"; {left:,} of a sale set aside, training had none" if left else ""
    state: State = "alert" if index > limit else "moved" if index > STABLE_PSI else "steady"
    says = f"PSI of the probabilities against training, {kinds} orders{aside}"
    yield Sign("score", "scores", index, limit, np.nan, state, says)


def _outcomes(watch: Watch, reference: Reference, exam_auc: float | None) -> Iterator[Sign]:
    rto = int(watch.y.sum())
    if len(watch.y) < FEWEST_ORDERS or min(rto, len(watch.y) - rto) < FEWEST_RTO:
        why = (
            f"{len(watch.y):,} outcomes have matured since the model learnt, {rto:,} of them"
            f" returns; {FEWEST_ORDERS} and {FEWEST_RTO} are needed"
        )
        for kind, name in (("label", "returns"), ("calibration", "promises"), ("ranking", "order")):
            yield _unjudged(kind, name, why)  # type: ignore[arg-type]
        return
    p = watch.probability[watch.matured]
    frame = watch.matrix.orders.iloc[watch.matured]
    groups = clusters(frame["person"].to_numpy(np.int64), frame["created_us"].to_numpy(np.int64))
    yield _label(watch.y, reference.rate, groups)
    yield from _promises(watch.y, p, groups)
    yield _ranking(watch.y, p, groups, exam_auc)


def _label(y: Floats, rate: float, groups: Clusters) -> Sign:
    found = _one(intervals(lambda w: np.array([np.average(y, weights=w)]), groups,
                           replicates=REPLICATES), 0)  # fmt: skip
    limit = max(POINTS, RELATIVE * rate)
    gap = found.value - rate
    sure = found.low > rate or found.high < rate
    state: State = "alert" if sure and abs(gap) > limit else "moved" if sure else "steady"
    says = f"{found.value:.1%} came back ({found.low:.1%} to {found.high:.1%}); training {rate:.1%}"
    return Sign("label", "returns", gap, limit, np.nan, state, says)


def _promises(y: Floats, p: Floats, groups: Clusters) -> Iterator[Sign]:
    board = Scoreboard(y, p)

    def both(weight: Floats | None) -> Floats:
        return np.array([np.average(y - p, weights=weight), board(weight)[4]])

    found = intervals(both, groups, replicates=REPLICATES)
    gap, slope = _one(found, 0), _one(found, 1)
    limit = max(POINTS / 2, RELATIVE * float(p.mean()))
    sure = gap.low > 0 or gap.high < 0
    state: State = "alert" if sure and abs(gap.value) > limit else "moved" if sure else "steady"
    word = "more" if gap.value > 0 else "less"
    says = f"{word} came back than promised, {gap.low:+.1%} to {gap.high:+.1%}"
    yield Sign("calibration", "level", gap.value, limit, np.nan, state, says)
    outside = slope.high < SLOPES[0] or slope.low > SLOPES[1]
    sure = slope.high < 1.0 or slope.low > 1.0
    state = "alert" if outside else "moved" if sure else "steady"
    says = f"slope {slope.low:.2f} to {slope.high:.2f}; below 1 the risks are exaggerated"
    yield Sign("calibration", "slope", slope.value, 1.0, np.nan, state, says)


def _ranking(y: Floats, p: Floats, groups: Clusters, exam_auc: float | None) -> Sign:
    board = Scoreboard(y, p)
    found = _one(intervals(lambda w: board(w)[:1], groups, replicates=REPLICATES), 0)
    if exam_auc is None:
        return _unjudged("ranking", "order", "the model sat no exam to compare with")
    limit = exam_auc - LOST_AUC
    state: State = "alert" if found.high < limit else "moved" if found.high < exam_auc else "steady"
    says = f"ROC-AUC {found.low:.3f} to {found.high:.3f}; {exam_auc:.3f} in the exam"
    return Sign("ranking", "order", found.value, limit, np.nan, state, says)


def _one(found: Intervals, at: int) -> Estimate:
    return Estimate(float(found.estimate[at]), float(found.low[at]), float(found.high[at]))


def _unjudged(kind: Kind, name: str, why: str) -> Sign:
    return Sign(kind, name, np.nan, np.nan, np.nan, "not judged", why)

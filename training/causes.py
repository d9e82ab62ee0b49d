"""Why orders came back, and which causes the predictions saw coming."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.metrics import roc_auc
from training.predictions import Judged

FEWEST = 5


@dataclass(frozen=True, slots=True)
class Cause:
    """The returned orders of one recorded cause.

    Parameters
    ----------
    predicted : float
        Their mean promised probability.
    caught : float
        Share of them at or above the acting threshold.
    roc_auc : float
        Chance that one of them outranks a delivered order.
    """

    cause: str
    orders: int
    share: float
    predicted: float
    caught: float
    roc_auc: float


def causes(judged: Judged, *, threshold: float) -> tuple[Cause, ...]:
    """Every recorded cause of at least five returns, most frequent first; none where none is known.

    One probability is given for all causes together, so a cause that customers do not decide (a
    parcel damaged or never attempted) should be hard to foresee from the order.
    """
    y, p = judged.y, judged.column("probability")
    cause = judged.frame["cause"].to_numpy(dtype=object)
    returned, delivered = y > 0, y == 0
    names, counts = np.unique(cause[returned].astype(str), return_counts=True)
    if set(names) <= {"unknown"}:
        return ()
    found = []
    for at in np.argsort(-counts, kind="stable"):
        if counts[at] < FEWEST:
            continue
        mine = returned & (cause == names[at])
        both = mine | delivered
        found.append(
            Cause(
                cause=str(names[at]),
                orders=int(counts[at]),
                share=float(counts[at] / returned.sum()),
                predicted=float(p[mine].mean()),
                caught=float((p[mine] >= threshold).mean()),
                roc_auc=roc_auc(y[both], p[both]),
            )
        )
    return tuple(found)

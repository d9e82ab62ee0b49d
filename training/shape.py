"""The shape of an ensemble: how large its trees, how fast it learns, what each of them sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

MOST_LEAVES = 9_300
"""Of a whole ensemble (300 trees of 31): what serving scores and explains within its budget."""

FIXED: Mapping[str, object] = {
    "objective": "binary",
    "metric": "binary_logloss",
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
    "feature_pre_filter": False,
    "bagging_freq": 1,
    "boost_from_average": True,
    # Bins are found on so many orders; twice as many take a gigabyte more and find the same.
    "bin_construct_sample_cnt": 100_000,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How large one tree may grow, how fast the ensemble learns, and how much of it each sees.

    Many of our columns are nearly copies of each other (one key over many windows); a tree that
    sees a fifth of them averages over the copies instead of following the luckiest, and is grown in
    a third of the time. With ``extra_trees`` one random cut per column is tried at each node in
    place of the best of all (Geurts, Ernst and Wehenkel 2006), which is worth more the less there
    is to learn from.
    """

    num_leaves: int
    min_data_in_leaf: int
    learning_rate: float = 0.04
    feature_fraction: float = 0.2
    bagging_fraction: float = 0.8
    lambda_l2: float = 10.0
    extra_trees: bool = False
    monotone: bool = False

    @property
    def most_rounds(self) -> int:
        """As many trees as serving's budget holds."""
        return MOST_LEAVES // self.num_leaves

    def parameters(
        self,
        replaced: Mapping[str, float | int],
        *,
        seed: int,
        threads: int,
        directions: Sequence[int] = (),
    ) -> dict[str, object]:
        """LightGBM's parameter table, with a user's own values in place of these."""
        own = {name: getattr(self, name) for name in self.__slots__ if name != "monotone"}
        if self.monotone and any(directions):
            own["monotone_constraints"] = list(directions)
        return {**FIXED, **own, **replaced, "seed": seed, "num_threads": threads}


def shapes(orders: int, rto: int) -> tuple[Shape, ...]:
    """The shapes worth trying for this much evidence; few returns feed only small trees."""
    leaf = int(np.clip(orders // 200, 20, 200))
    if rto < 5_000:
        small = Shape(8, max(leaf, 50), 0.06, 0.3, extra_trees=True)
        return replace(small, num_leaves=4), small
    if rto < 20_000:
        return (Shape(16, leaf),)
    return (Shape(31, leaf, 0.06),)


def settings_of(parameters: Mapping[str, object]) -> dict[str, object]:
    """LightGBM's parameters without what a manifest names elsewhere."""
    elsewhere = ("seed", "num_threads", "monotone_constraints")
    kept = {k: v for k, v in parameters.items() if k not in elsewhere}
    return {**kept, "monotone": "monotone_constraints" in parameters}

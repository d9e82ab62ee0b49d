"""What a capable person would train instead, each retrained on the same days as ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import lightgbm as lgb
import numpy as np
import pandas as pd
from catboost import CatBoostClassifier
from scipy import sparse

from features.days import DAY_US, HOUR_US, IST_SHIFT_US
from features.tables import Folder
from training.backtest import retrainings
from training.inputs import Table
from training.labels import Floats, Ints, Labels, mature
from training.metrics import chance, log_loss
from training.ridge import Design
from training.ridge import fit as ridge_fit

NUMBERS = (
    "amount", "amount_due", "discount", "shipping_fee", "cod_fee", "quantity", "item_count",
)  # fmt: skip
WORDS = (
    "merchant_id", "payment_mode", "sku", "category", "coupons", "city", "state", "pincode",
    "channel", "utm_source", "utm_campaign", "courier", "origin_pincode", "package_type",
)  # fmt: skip
HELD_SHARE = 0.15
MOST_ROUNDS = 1_000
STRENGTHS = (100.0, 30.0, 10.0, 3.0)
SEED = 7


@dataclass(frozen=True, slots=True)
class Stretch:
    """A retraining: the labels known at its start, and the orders it scores."""

    labels: Labels
    rows: Ints


class Contest:
    """One folder, cut into the same stretches for everybody."""

    def __init__(
        self, folder: Folder, table: Table, *, start_us: int, every_us: int, threads: int
    ) -> None:
        self.folder, self.table, self.threads = folder, table, threads
        created = table.orders["created_us"].to_numpy(np.int64)
        self.stretches = [
            Stretch(
                mature(table.orders, cutoff_us=begin),
                np.flatnonzero((created >= begin) & (created < end)).astype(np.int64),
            )
            for begin, end in retrainings(start_us, int(created.max()), every_us)
        ]

    @cached_property
    def raw(self) -> pd.DataFrame:
        """The order as it came: numbers, words, hour and weekday; nothing of the past."""
        orders = self.folder.orders
        frame = pd.DataFrame(
            {c: orders.column(c).to_pandas().astype(np.float64) for c in NUMBERS}
            | {c: orders.column(c).to_pandas().fillna("").astype(str) for c in WORDS}
        )
        local = self.table.orders["created_us"].to_numpy(np.int64) + IST_SHIFT_US
        frame["hour"] = (local % DAY_US) // HOUR_US
        frame["weekday"] = (local // DAY_US) % 7
        return frame

    def play(self, learner: Learner) -> Floats:
        """Probabilities of all stretches' orders, in placement order."""
        return np.concatenate([learner(self, stretch) for stretch in self.stretches])


Learner = Callable[[Contest, Stretch], Floats]


def held_out(labels: Labels) -> tuple[Ints, Ints]:
    """Positions of the earlier labels, and of the latest 15 %, on which a length is chosen."""
    cut = round((1.0 - HELD_SHARE) * len(labels.rows))
    return np.arange(cut), np.arange(cut, len(labels.rows))


def lightgbm_raw(contest: Contest, stretch: Stretch) -> Floats:
    """LightGBM on raw columns with its own categories; length by the latest 15 %, then refitted."""
    frame = contest.raw.copy()
    for column in WORDS:
        frame[column] = frame[column].astype("category")
    labels = stretch.labels
    learn, held = held_out(labels)
    settings = {
        "objective": "binary", "learning_rate": 0.05, "num_leaves": 31, "verbosity": -1,
        "num_threads": contest.threads, "seed": SEED, "min_data_in_leaf": 50, "lambda_l2": 5.0,
        "cat_smooth": 20.0, "feature_fraction": 0.7,
    }  # fmt: skip

    def data(at: Ints) -> lgb.Dataset:
        return lgb.Dataset(frame.iloc[labels.rows[at]], label=labels.y[at])

    first = data(learn)
    stop = lgb.early_stopping(40, verbose=False)
    tried = lgb.train(
        settings, first, MOST_ROUNDS, valid_sets=[data(held).set_reference(first)], callbacks=[stop]
    )
    final = lgb.train(settings, data(np.arange(len(labels.y))), max(tried.best_iteration, 20))
    return np.asarray(final.predict(frame.iloc[stretch.rows]), dtype=np.float64)


def catboost_raw(contest: Contest, stretch: Stretch) -> Floats:
    """CatBoost on raw columns with its ordered target statistics."""
    return _catboost(contest, stretch, contest.raw, list(WORDS))


def catboost_same(contest: Contest, stretch: Stretch) -> Floats:
    """CatBoost on every feature that our model reads, and the raw words as its categories."""
    table = contest.table
    values = table.numbers(table.inputs(stretch.labels.rows), np.arange(len(table.orders)))
    frame = pd.DataFrame(values, columns=[f"f{j}" for j in range(values.shape[1])])
    words = contest.raw[list(WORDS)]
    return _catboost(contest, stretch, pd.concat([frame, words], axis=1), list(WORDS))


def _catboost(contest: Contest, stretch: Stretch, frame: pd.DataFrame, words: list[str]) -> Floats:
    labels = stretch.labels
    learn, held = held_out(labels)
    settings: Mapping[str, object] = {
        "learning_rate": 0.06, "depth": 6, "random_seed": SEED, "thread_count": contest.threads,
        "verbose": False, "allow_writing_files": False, "cat_features": words, "has_time": True,
    }  # fmt: skip
    past = frame.iloc[labels.rows]
    tried = CatBoostClassifier(iterations=MOST_ROUNDS, early_stopping_rounds=40, **settings)
    tried.fit(past.iloc[learn], labels.y[learn], eval_set=(past.iloc[held], labels.y[held]))
    final = CatBoostClassifier(iterations=max(tried.tree_count_, 20), **settings)
    final.fit(past, labels.y)
    return np.asarray(final.predict_proba(frame.iloc[stretch.rows])[:, 1], dtype=np.float64)


def ridge_keys(contest: Contest, stretch: Stretch) -> Floats:
    """A ridge over one-hot keys and amounts; penalty by the latest 15 %, then refitted."""
    table, labels = contest.table, stretch.labels
    learn, held = held_out(labels)
    inputs = table.inputs(labels.rows)
    amount = np.log1p(np.maximum(contest.raw["amount"].fillna(0.0).to_numpy(), 0.0))
    scores = (amount - amount[labels.rows].mean()) / amount[labels.rows].std()

    def design(rows: Ints) -> Design:
        return Design(scores[rows, None], sparse.csr_matrix(table.tokens(inputs.tokens, rows)))

    known = design(labels.rows)
    width = np.ones(known.width)
    part, rest = known.take(learn), known.take(held)

    def loss(strength: float) -> float:
        line = ridge_fit(part, labels.y[learn], labels.weight[learn], strength * width)
        return log_loss(labels.y[held], chance(line.score(rest)))

    line = ridge_fit(known, labels.y, labels.weight, min(STRENGTHS, key=loss) * width)
    return chance(line.score(design(stretch.rows)))


RIVALS: Mapping[str, Learner] = {
    "LightGBM, raw columns": lightgbm_raw,
    "CatBoost, raw columns": catboost_raw,
    "CatBoost, same features": catboost_same,
    "ridge over one-hot keys": ridge_keys,
}

"""Real bookings with exact outcome dates: neither weights nor wait falls into the maturity trap."""

from __future__ import annotations

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from training.labels import Floats, Ints, Labels, mature
from training.metrics import chance, log_loss

BOOKINGS = Path(__file__).parents[3] / "shared" / "data" / "hotel_bookings" / "bookings.parquet"
CUTOFF = pd.Timestamp("2016-09-01")
JUDGED = pd.Timedelta(days=60)
NUMBERS = [
    "lead_time", "stays_in_weekend_nights", "stays_in_week_nights", "adults", "children", "babies",
    "is_repeated_guest", "previous_cancellations", "previous_bookings_not_canceled", "agent",
    "company", "adr", "total_of_special_requests",
]  # fmt: skip
WORDS = [
    "hotel", "meal", "market_segment", "distribution_channel", "reserved_room_type",
    "customer_type", "arrival_date_month",
]  # fmt: skip


@pytest.fixture(scope="module")
def bookings() -> pd.DataFrame:
    if not BOOKINGS.exists():
        pytest.skip(f"{BOOKINGS} is not here: the maturity trap is not measured")
    frame = pd.read_parquet(BOOKINGS).sort_values("booking_date", kind="stable", ignore_index=True)
    frame["created_us"] = frame["booking_date"].astype("datetime64[us]").astype(np.int64)
    learned = frame["outcome_date"].astype("datetime64[us]").astype(np.int64)
    frame["outcome_us"] = np.maximum(learned, frame["created_us"])
    frame["outcome"] = np.where(frame["is_canceled"] == 1, "rto", "delivered").astype(object)
    frame["treated"] = False
    return frame


def later_loss(bookings: pd.DataFrame, rows: Ints, weight: Floats) -> float:
    """Log-loss on the bookings of the next two months of a model of some rows."""
    columns = pd.concat(
        [bookings[NUMBERS], bookings[WORDS].apply(lambda c: c.astype("category").cat.codes)], axis=1
    ).to_numpy(np.float64)
    y = bookings["is_canceled"].to_numpy(np.float64)
    settings = {
        "objective": "binary", "num_leaves": 15, "learning_rate": 0.1, "verbosity": -1,
        "num_threads": 1, "seed": 7, "deterministic": True, "min_data_in_leaf": 50,
    }  # fmt: skip
    table = lgb.Dataset(columns[rows], label=y[rows], weight=weight)
    model = lgb.train(settings, table, 60)
    placed = bookings["booking_date"]
    judged = np.flatnonzero((placed >= CUTOFF) & (placed < CUTOFF + JUDGED))
    z = np.asarray(model.predict(columns[judged], raw_score=True), np.float64)
    return log_loss(y[judged], chance(z))


def labels_of(bookings: pd.DataFrame, method: str) -> Labels:
    cutoff_us = int(CUTOFF.value // 1_000)
    return mature(bookings, cutoff_us=cutoff_us, method=method)  # type: ignore[arg-type]


def test_weights_and_wait_stay_near_full_knowledge_where_the_resolved_mislead(
    bookings: pd.DataFrame,
) -> None:
    placed = bookings["booking_date"].to_numpy()
    past = np.flatnonzero(placed < CUTOFF.to_datetime64())
    known = past[bookings["outcome_date"].to_numpy()[past] < CUTOFF.to_datetime64()]
    young = known[placed[known] >= (CUTOFF - pd.Timedelta(days=120)).to_datetime64()]
    weights, wait = labels_of(bookings, "weights"), labels_of(bookings, "wait")
    found = {
        "everything, as if all were known": later_loss(bookings, past, np.ones(len(past))),
        "the resolved of the last 120 days": later_loss(bookings, young, np.ones(len(young))),
        "all resolved": later_loss(bookings, known, np.ones(len(known))),
        "weights": later_loss(bookings, weights.rows, weights.weight),
        "wait": later_loss(bookings, wait.rows, wait.weight),
    }
    best = found["everything, as if all were known"]
    assert found["the resolved of the last 120 days"] > best + 1.0
    assert found["weights"] < best + 0.01
    assert found["wait"] < best + 0.1

"""The counts of five keys in pandas: running sums of what comes and goes, joined as of each order.

What anyone who knows pandas would write; every key is grouped once and joined once.
"""

from __future__ import annotations

import pandas as pd

from features.days import DAY_US, IST_SHIFT_US
from features.history.states import DELIVERED, RTO
from tests.bench.log import KINDS, Plain

WINDOWS = {"30d": 30, "365d": 365, "ever": None}
CLASSES = {"pending": None, "rto": RTO, "delivered": DELIVERED}


def count(log: Plain) -> dict[str, pd.DataFrame]:
    """For each kind of key a row per order: orders, pending, rto, delivered in each window."""
    turns = _turns(log)
    asks = pd.DataFrame({"at": log.placed_us, **log.keys})
    return {kind: _as_of(asks[["at", kind]], turns, kind) for kind in KINDS}


def _turns(log: Plain) -> pd.DataFrame:
    """All instants at which an order enters or leaves a count, in order of time."""
    keys = pd.DataFrame(log.keys)
    placed = keys.assign(at=log.placed_us)
    told = keys.assign(at=log.outcome_us)
    parts = [placed, told]
    for window, days in WINDOWS.items():
        for name in ("orders", *CLASSES):
            placed[f"{name}_{window}"] = int(name in ("orders", "pending"))
        if days is not None:
            parts.append(_leaving(log, keys, window, days, told))
        else:
            for name, outcome in CLASSES.items():
                told[f"{name}_{window}"] = _change(log, outcome)
    turns = pd.concat(parts, ignore_index=True).fillna(0)
    return turns.astype("int64").sort_values("at", ignore_index=True)


def _change(log: Plain, outcome: int | None) -> pd.Series[int]:
    """What an outcome does to the count of one class; None is pending."""
    return pd.Series(-1, range(len(log.outcome))) if outcome is None else _is(log, outcome)


def _is(log: Plain, outcome: int) -> pd.Series[int]:
    return pd.Series((log.outcome == outcome).astype(int))


def _leaving(
    log: Plain, keys: pd.DataFrame, window: str, days: int, told: pd.DataFrame
) -> pd.DataFrame:
    """The midnights at which orders grow too old for a window, in the state they are in then."""
    # A microsecond early, since an order sees what was known before its own instant.
    at = (log.day + days) * DAY_US - IST_SHIFT_US - 1
    known = pd.Series(log.outcome_us <= at)
    leaving = keys.assign(at=at)
    leaving[f"orders_{window}"] = -1
    for name, outcome in CLASSES.items():
        told[f"{name}_{window}"] = _change(log, outcome).where(known, 0)
        here = (~known).astype(int) if outcome is None else _is(log, outcome).where(known, 0)
        leaving[f"{name}_{window}"] = -here
    return leaving


def _as_of(asks: pd.DataFrame, turns: pd.DataFrame, kind: str) -> pd.DataFrame:
    counts = [f"{name}_{window}" for window in WINDOWS for name in ("orders", *CLASSES)]
    sums = turns.groupby(kind)[counts].cumsum().assign(**{"at": turns["at"], kind: turns[kind]})
    found = pd.merge_asof(asks, sums, on="at", by=kind, allow_exact_matches=False)
    return found[counts].fillna(0).astype("int64")

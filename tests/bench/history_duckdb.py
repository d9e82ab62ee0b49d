"""The counts of five keys in DuckDB: window sums of what comes and goes, and an ASOF join."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd

from features.days import DAY_US, IST_SHIFT_US
from features.history.states import DELIVERED, RTO
from tests.bench.log import KINDS, Plain

_DAYS = {"30d": 30, "365d": 365}
COUNTS = [
    f"{name}_{window}"
    for window in (*_DAYS, "ever")
    for name in ("orders", "pending", "rto", "delivered")
]

# An order enters the counts when placed, changes its class when its outcome is known, and leaves
# a window at midnight (a microsecond early: an order sees what was known before its own instant).
_TURNS = """
CREATE TABLE turns AS
WITH orders AS (
    SELECT *, outcome = {rto} AS is_rto, outcome = {delivered} AS is_delivered, {leaves}
    FROM log
)
SELECT {keys}, placed_us AS at_us, {placed} FROM orders
UNION ALL
SELECT {keys}, outcome_us AS at_us, {told} FROM orders
{leaving}
"""
_LEAVING = "UNION ALL SELECT {keys}, leaves_{window} AS at_us, {left} FROM orders"
_AS_OF = """
WITH sums AS (
    SELECT {kind} AS key, at_us, {sums} FROM turns
    WINDOW earlier AS (PARTITION BY {kind} ORDER BY at_us)
)
SELECT {counts} FROM log a ASOF LEFT JOIN sums s ON a.{kind} = s.key AND a.placed_us > s.at_us
ORDER BY a.i
"""


def count(log: Plain, threads: int = 2) -> dict[str, pd.DataFrame]:
    """For each kind of key a row per order: orders, pending, rto, delivered in each window."""
    columns = {
        "i": np.arange(len(log.day)),
        "placed_us": log.placed_us,
        "day": log.day,
        "outcome": log.outcome,
        "outcome_us": log.outcome_us,
        **log.keys,
    }
    with duckdb.connect(config={"threads": threads}) as sql:
        sql.execute("SET enable_progress_bar = false")
        sql.register("given", pd.DataFrame(columns))
        sql.execute("CREATE TABLE log AS SELECT * FROM given")
        sql.execute(_turns())
        return {kind: sql.execute(_as_of(kind)).df() for kind in KINDS}


def _turns() -> str:
    leaves = ", ".join(
        f"(day + {days}) * {DAY_US} - {IST_SHIFT_US} - 1 AS leaves_{window}"
        for window, days in _DAYS.items()
    )
    keys = ", ".join(KINDS)
    told = {name: sql for window in (*_DAYS, "ever") for name, sql in _told(window).items()}
    leaving = "\n".join(
        _LEAVING.format(keys=keys, window=window, left=_listed(_left(window))) for window in _DAYS
    )
    return _TURNS.format(
        rto=RTO,
        delivered=DELIVERED,
        leaves=leaves,
        keys=keys,
        placed=_listed({name: "1" for name in COUNTS if name.startswith(("orders", "pending"))}),
        told=_listed(told),
        leaving=leaving,
    )


def _told(window: str) -> dict[str, str]:
    """What an outcome changes in a window that the order is still in."""
    inside = "true" if window == "ever" else f"outcome_us <= leaves_{window}"
    return {
        f"pending_{window}": f"-({inside})::INT",
        f"rto_{window}": f"({inside} AND is_rto)::INT",
        f"delivered_{window}": f"({inside} AND is_delivered)::INT",
    }


def _left(window: str) -> dict[str, str]:
    """What leaves a window with an order, by the state it is in then."""
    known = f"outcome_us <= leaves_{window}"
    return {
        f"orders_{window}": "-1",
        f"pending_{window}": f"-(NOT {known})::INT",
        f"rto_{window}": f"-({known} AND is_rto)::INT",
        f"delivered_{window}": f"-({known} AND is_delivered)::INT",
    }


def _listed(values: dict[str, str]) -> str:
    return ", ".join(f"{values.get(name, '0')} AS {name}" for name in COUNTS)


def _as_of(kind: str) -> str:
    sums = ", ".join(f"sum({name}) OVER earlier AS {name}" for name in COUNTS)
    counts = ", ".join(f"coalesce({name}, 0)::BIGINT AS {name}" for name in COUNTS)
    return _AS_OF.format(kind=kind, sums=sums, counts=counts)

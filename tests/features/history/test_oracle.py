"""The same features written a second time, as plain SQL over the log."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from features.days import DAY_US, HOUR_US, IST_SHIFT_US
from features.history.fact import AMOUNT_PAISE, COD, FIRST_WHERE, FIRST_WHO, MERCHANT, PLACED_US
from features.history.layout import HISTORY_FEATURES, N_HISTORY
from features.history.replay import replay
from features.keys import WHERE_KINDS, WHO_SLOTS
from tests.features.history.streams import Stream, random_stream

NAMES = [feature.name for feature in HISTORY_FEATURES]
SLOTS = [slot.name for slot in WHO_SLOTS]

# One row per asker and order it may know of under the key: placed_us, amount, cod, state.
KNOWN = """
WITH ask AS (SELECT * FROM asks),
last AS (
    SELECT a.i, c.ord, arg_max(c.after, c.pos) AS state
    FROM ask a JOIN changes c ON c.pos < a.{position} GROUP BY a.i, c.ord
),
known AS (
    SELECT a.i, a.as_of, o.placed_us, o.amount, o.cod, o.merchant,
           o.k3 = me.k3 AS same_device, o.k7 = me.k7 AS same_address, o.k9 = me.k9 AS same_article,
           l.state % 7 AS class, l.state >= 7 AS treated,
           (o.placed_us + {ist}) // {day} AS day, (a.as_of + {ist}) // {day} AS today
    FROM ask a JOIN orders me ON me.ord = a.ord
    JOIN last l ON l.i = a.i AND l.state >= 0 JOIN orders o ON o.ord = l.ord
    WHERE {same_key}
)
SELECT a.i, {values}
FROM ask a LEFT JOIN known k ON k.i = a.i GROUP BY a.i ORDER BY a.i
"""

WHO_SQL = {
    "orders_1h": f"count(*) FILTER (placed_us > k.as_of - {HOUR_US})",
    "orders_1d": f"count(*) FILTER (placed_us > k.as_of - {DAY_US})",
    "orders_30d": "count(*) FILTER (day > today - 30)",
    "orders_365d": "count(*) FILTER (day > today - 365)",
    "orders_ever": "count(placed_us)",
    "amount_1d": "coalesce(sum(amount) FILTER (amount >= 0 AND placed_us > k.as_of - "
    f"{DAY_US}), 0) / 100.0",
    "pending": "count(*) FILTER (class = 0)",
    "delivered_365d": "count(*) FILTER (class = 1 AND day > today - 365)",
    "rto_90d": "count(*) FILTER (class = 2 AND day > today - 90)",
    "rto_ever": "count(*) FILTER (class = 2)",
    "cancelled_ever": "count(*) FILTER (class = 4)",
    "returned_ever": "count(*) FILTER (class = 6)",
    "treated_ever": "count(*) FILTER (treated)",
    "cod_share_ever": "avg(cod)",
    "returned_share_ever": "avg((class = 6)::INT) FILTER (class IN (1, 6))",
    "days_since_order": f"(any_value(k.as_of) - max(placed_us)) / {DAY_US}.0",
    "days_since_rto": f"(any_value(k.as_of) - max(placed_us) FILTER (class = 2)) / {DAY_US}.0",
}  # fmt: skip
WHERE_SQL = {
    "orders_90d": "count(*) FILTER (day > today - 90)",
    "cod_share_90d": "avg(cod) FILTER (day > today - 90)",
    "returned_share_365d": "avg((class = 6)::INT) FILTER (class IN (1, 6) AND day > today - 365)",
}
RATE_SQL = """
count(*) FILTER (class IN (2, 3) AND NOT treated AND day > today - {days}) AS rto,
count(*) FILTER (class IN (1, 6) AND NOT treated AND day > today - {days}) AS kept,
count(*) FILTER (class = 0 AND NOT treated AND day > today - {days}) AS pending,
count(*) FILTER (class IN (2, 3) AND NOT treated) AS rto_ever,
count(*) FILTER (class IN (1, 2, 3, 6) AND NOT treated) AS ever
"""


@pytest.fixture(scope="module", params=[5, 6])
def stream(request: pytest.FixtureRequest) -> Stream:
    return random_stream(request.param, 160, keys=9)


@pytest.fixture(scope="module")
def read(stream: Stream) -> NDArray[np.float32]:
    out = np.empty((len(stream.asks.order), N_HISTORY), np.float32)
    replay(stream.log, stream.asks, out)
    return out


def ask_sql(stream: Stream, same_key: str, position: str, values: str) -> pd.DataFrame:
    log, asks = stream.log, stream.asks
    orders = pd.DataFrame(log.facts[:, FIRST_WHO:]).add_prefix("k")
    orders = orders.assign(ord=np.arange(len(log.facts)), merchant=log.facts[:, MERCHANT],
                           placed_us=log.facts[:, PLACED_US],
                           amount=log.facts[:, AMOUNT_PAISE], cod=log.facts[:, COD])  # fmt: skip
    with duckdb.connect(config={"threads": 1}) as sql:
        sql.register("orders", orders)
        changes = {"pos": np.arange(len(log.order)), "ord": log.order, "after": log.after}
        sql.register("changes", pd.DataFrame(changes))
        sql.register("asks", pd.DataFrame({
            "i": np.arange(len(asks.order)), "ord": asks.order, "read": asks.read,
            "fold": asks.fold, "as_of": asks.as_of_us}))  # fmt: skip
        query = KNOWN.format(
            same_key=same_key, position=position, values=values, ist=IST_SHIFT_US, day=DAY_US
        )
        return sql.execute(query).df()


def who_keys(slot: str) -> str:
    """Orders that carry my key in any slot of its space."""
    mine = SLOTS.index(slot)
    space = WHO_SLOTS[mine].space
    others = " OR ".join(
        f"o.k{i} = me.k{mine}" for i, s in enumerate(WHO_SLOTS) if s.space == space
    )
    return f"me.k{mine} != 0 AND ({others})"


def assert_equal(read: NDArray[np.float32], name: str, expected: NDArray[np.float64]) -> None:
    have = read[:, NAMES.index(name)]
    present = ~np.isnan(have)
    assert present.sum() > 20, name
    np.testing.assert_array_equal(have[present], expected[present].astype(np.float32), name)


@pytest.mark.parametrize("slot", ["phone", "receiver", "email", "device", "address", "customer"])
def test_who_features_are_what_sql_counts(
    slot: str, stream: Stream, read: NDArray[np.float32]
) -> None:
    values = ", ".join(f"{sql} AS {name}" for name, sql in WHO_SQL.items())
    found = ask_sql(stream, who_keys(slot), "read", values)
    checked = [name for name in WHO_SQL if f"{slot}_{name}" in NAMES]
    assert checked
    for name in checked:
        assert_equal(read, f"{slot}_{name}", found[name].to_numpy(float))


@pytest.mark.parametrize("kind", ["state", "district", "city", "category"])
def test_where_features_are_what_sql_counts_at_the_fold(
    kind: str, stream: Stream, read: NDArray[np.float32]
) -> None:
    at = len(WHO_SLOTS) + WHERE_KINDS.index(kind)
    values = ", ".join(f"{sql} AS {name}" for name, sql in WHERE_SQL.items())
    found = ask_sql(stream, f"me.k{at} != 0 AND o.k{at} = me.k{at}", "fold", values)
    for name in WHERE_SQL:
        if f"{kind}_{name}" in NAMES:
            assert_equal(read, f"{kind}_{name}", found[name].to_numpy(float))


def test_what_a_phone_came_with_before_is_recognised(
    stream: Stream, read: NDArray[np.float32]
) -> None:
    wanted = {"phone_knows_device": "device", "phone_knows_address": "address",
              "phone_bought_before": "article"}  # fmt: skip
    values = ", ".join(f"max(same_{what}::INT) AS {what}" for what in wanted.values())
    found = ask_sql(stream, who_keys("phone"), "read", values)
    for name, what in wanted.items():
        assert_equal(read, name, found[what].to_numpy(float))


def bits(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([float(int(count).bit_length()) for count in counts])


NETWORK_SQL = """
count(DISTINCT merchant) AS merchants, count(placed_us) AS orders_ever,
count(DISTINCT merchant) FILTER (placed_us > k.as_of - 86400000000) AS merchants_1d,
count(*) FILTER (day > today - 90) AS orders_90d, count(*) FILTER (class = 2) AS rto_ever
"""


@pytest.mark.parametrize(
    ("kind", "position", "values"),
    [
        ("net_phone", "read", ("merchants", "orders_ever", "merchants_1d", "rto_ever")),
        ("net_address", "read", ("merchants", "orders_ever")),
        ("net_pincode", "fold", ("orders_90d",)),
    ],
)
def test_the_network_tells_bands_of_what_three_merchants_know(
    kind: str, position: str, values: tuple[str, ...]
) -> None:
    stream = random_stream(9, 160, keys=5)
    read = np.empty((len(stream.asks.order), N_HISTORY), np.float32)
    replay(stream.log, stream.asks, read)
    names = [*SLOTS, *WHERE_KINDS]
    at = names.index(kind)
    found = ask_sql(stream, f"me.k{at} != 0 AND o.k{at} = me.k{at}", position, NETWORK_SQL)
    told = found["merchants"].to_numpy(float) >= 3
    assert 20 < told.sum() < len(told) - 20
    for value in values:
        have = read[:, NAMES.index(f"{kind}_{value}")]
        np.testing.assert_array_equal(~np.isnan(have), told)
        np.testing.assert_array_equal(have[told], bits(found[value].to_numpy(float))[told])


def sql_rate(
    stream: Stream, kind: str, days: int, above: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The documented formula over the counts of one where-kind."""
    at = FIRST_WHERE - FIRST_WHO + WHERE_KINDS.index(kind)
    found = ask_sql(
        stream, f"me.k{at} != 0 AND o.k{at} = me.k{at}", "fold", RATE_SQL.format(days=days)
    )
    rto, kept, pending, ever = (
        found[c].to_numpy(float) for c in ("rto", "kept", "pending", "ever")
    )
    present = stream.log.facts[stream.asks.order][:, FIRST_WHERE + WHERE_KINDS.index(kind)] != 0
    if kind == "merchant":
        base = (found["rto_ever"].to_numpy(float) + 25 * above) / (ever + 25)
        rate = np.where(ever > 0, (rto + 25 * base) / (rto + kept + 25), np.nan)
    else:
        rate = (rto + (pending + 25) * above) / (rto + kept + pending + 25)
    return np.where(present, rate, above)


def test_a_district_rate_shrinks_through_state_and_merchant(
    stream: Stream, read: NDArray[np.float32]
) -> None:
    rate = np.full(len(stream.asks.order), 0.2)
    for kind in ("merchant", "state", "district"):
        rate = sql_rate(stream, kind, 365, rate)
    have = read[:, NAMES.index("district_rto_rate_365d")]
    present = ~np.isnan(have)
    assert present.sum() > 20
    np.testing.assert_allclose(have[present], rate[present], rtol=1e-6)

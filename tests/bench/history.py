"""History of many orders beside pandas and DuckDB: ``python -m tests.bench history``.

Three things are timed, each in a process of its own with two threads: the whole history; the same
on five keys alone; and the counts of these five keys in pandas and in DuckDB, which are far less
than ours on the same keys (no rates, last outcomes, partners) and must agree with them on a sample.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.history.layout import HISTORY_FEATURES, N_HISTORY, PLACE_STRENGTH
from features.history.replay import replay
from features.history.values import PRIOR_RATE
from features.keys import WHERE_KINDS, WHO_SLOTS
from tests.bench import history_duckdb, history_pandas
from tests.bench.cost import Cost, apart
from tests.bench.log import KINDS, Given, Plain, five_keys, invented_log, plain
from tests.bench.report import machine, say, table

SAMPLE = 20_000
GB = 1e9

# Features that are one of the counts; a name without a window in the catalogue means ever.
_SAME = {
    "phone": ("orders_30d", "orders_365d", "orders_ever", "pending", "delivered_365d", "rto_365d",
              "rto_ever"),
    "address": ("orders_ever", "pending", "delivered_365d", "rto_365d"),
    "merchant_pincode": ("orders_30d", "orders_ever", "pending"),
}  # fmt: skip
_AT = {feature.name: at for at, feature in enumerate(HISTORY_FEATURES)}

Counts = dict[str, pd.DataFrame]


def history(sizes: tuple[int, ...] = (100_000, 1_000_000)) -> None:
    """Print what history costs at each size, beside the others, and by how much it grows."""
    keys = len(WHO_SLOTS) + len(WHERE_KINDS)
    say(
        f"history: {N_HISTORY} features of {keys} keys; 12 counts of {len(KINDS)} keys; {machine()}"
    )
    whole = {n: _beside_others(n) for n in sizes}
    least, most = min(whole), max(whole)
    if least != most:
        growth = (whole[most].cpu_s / most) / (whole[least].cpu_s / least)
        say(f"  an order among {most:,} takes {growth:.2f} times one among {least:,} (CPU)")


def whole_history(n: int) -> None:
    """Print what the whole history of ``n`` orders costs, beside 100,000."""
    for size in (100_000, n):
        cost, _ = apart(_whole, _replayed, size)
        say(f"history of {size:,} orders: {_told(cost, size)}; {machine()}")


def _beside_others(n: int) -> Cost:
    whole, _ = apart(_whole, _replayed, n)
    five, ours = apart(_five, _replayed, n)
    costs = {"ours, all keys": whole, "ours, five keys": five}
    checked = {}
    for name, work in (("pandas", _pandas), ("DuckDB", _duckdb)):
        costs[name], theirs = apart(_columns, work, n)
        checked[name] = _agreement(ours, theirs)
    table(
        (f"{n:,} orders", "CPU s", "wall s", "µs CPU an order", "peak GB", "CPU to five keys"),
        [
            (name, f"{cost.cpu_s:.2f}", f"{cost.wall_s:.2f}", f"{cost.cpu_s / n * 1e6:.2f}",
             f"{cost.peak / GB:.2f}", f"{cost.cpu_s / five.cpu_s:.2f}")
            for name, cost in costs.items()
        ],
    )  # fmt: skip
    for name, values in checked.items():
        say(f"  {name} agrees with ours in {values:,} values of {min(SAMPLE, n):,} orders")
    return whole


def _told(cost: Cost, n: int) -> str:
    each = cost.cpu_s / n * 1e6
    return (
        f"{cost.cpu_s:.1f} s CPU, {cost.wall_s:.1f} s wall, {each:.2f} µs CPU an order, "
        f"peak {cost.peak / GB:.2f} GB ({cost.before / GB:.2f} GB of it the log)"
    )


def _whole(n: int) -> Given:
    _replayed(invented_log(1_000))  # loads the machine code
    return invented_log(n)


def _five(n: int) -> Given:
    return five_keys(_whole(n))


def _columns(n: int) -> Plain:
    return plain(five_keys(invented_log(n)))


def _replayed(given: Given) -> NDArray[np.float32]:
    out = np.empty((len(given.asks.order), N_HISTORY), np.float32)
    replay(given.log, given.asks, out, threads=2)
    return out[_sample(len(out))]


def _pandas(log: Plain) -> Counts:
    return _sampled(history_pandas.count(log))


def _duckdb(log: Plain) -> Counts:
    return _sampled(history_duckdb.count(log, threads=2))


def _sample(n: int) -> NDArray[np.int64]:
    return np.random.default_rng(2).permutation(n)[:SAMPLE]


def _sampled(counts: Counts) -> Counts:
    return {kind: found.iloc[_sample(len(found))] for kind, found in counts.items()}


def _agreement(ours: NDArray[np.float32], counts: Counts) -> int:
    """How many values were compared; fails where one differs."""
    checked = 0
    for kind, names in _SAME.items():
        for name in names:
            count = counts[kind]["pending_ever" if name == "pending" else name]
            np.testing.assert_array_equal(ours[:, _AT[f"{kind}_{name}"]], count, f"{kind}_{name}")
            checked += len(count)
    for window in ("30d", "365d"):
        for kind, rate in _rates(counts, window).items():
            have = ours[:, _AT[f"{kind}_rto_rate_{window}"]]
            np.testing.assert_allclose(have, rate, rtol=1e-6, err_msg=kind)
            checked += len(rate)
    return checked


def _rates(counts: Counts, window: str) -> dict[str, NDArray[np.float64]]:
    """Shrunk rates from the counts: the merchant's, and the district's, which shrinks to it."""
    merchant, district = counts["merchant"], counts["district"]
    ever = _shrunk(merchant, "ever", PRIOR_RATE)
    ever[(merchant["rto_ever"] + merchant["delivered_ever"]).to_numpy() == 0] = np.nan
    top = _shrunk(merchant, window, ever)
    return {
        "merchant": top,
        "district": _shrunk(district, window, top, district[f"pending_{window}"].to_numpy()),
    }


def _shrunk(
    counts: pd.DataFrame,
    window: str,
    above: NDArray[np.float64] | float,
    pending: NDArray[np.int64] | int = 0,
) -> NDArray[np.float64]:
    rto, kept = (counts[f"{name}_{window}"].to_numpy() for name in ("rto", "delivered"))
    thin = pending + PLACE_STRENGTH
    return np.asarray((rto + thin * above) / (rto + kept + thin), float)

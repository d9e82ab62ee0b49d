"""A log cut into shares gives each of its orders the history that the whole log gives it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from features.history.fact import FACT_SIZE, MERCHANT, NETWORK_KEY
from features.history.layout import N_HISTORY
from features.history.replay import Asks, Log, replay
from features.tables import Folder
from training import matrix
from training.executor import Local
from training.history_shares import cut, replayed, shares_of


class Seen(Local):
    """Keeps what it was given."""

    log: Log
    asks: Asks

    def replay(self, log: Log, asks: Asks, out: np.ndarray) -> None:
        type(self).log, type(self).asks = log, asks
        super().replay(log, asks, out)


def everybodys(world: Folder) -> pa.Table:
    """Consents by which every merchant shares from the beginning, so that the network speaks."""
    merchants = sorted(set(world.orders.column("merchant_id").to_pylist()))
    at = pa.array([0] * len(merchants), pa.timestamp("us", tz="UTC"))
    return pa.table({"merchant_id": merchants, "shares": [True] * len(merchants), "known_at": at})


@pytest.mark.parametrize(("most", "all_share"), [(2, False), (7, False), (7, True)])
def test_shares_read_what_the_whole_log_reads(
    small_world: Folder, most: int, all_share: bool
) -> None:
    world = replace(small_world, consents=everybodys(small_world)) if all_share else small_world
    matrix.build(world, threads=1, executor=Seen(1))
    log, asks = Seen.log, Seen.asks
    whole = np.empty((len(asks.order), N_HISTORY), np.float32)
    replay(log, asks, whole, threads=1)
    together = np.full_like(whole, -1.0)
    shares = shares_of(log.facts, most=most)
    assert len(shares) == (1 if all_share else 2)
    assert (np.sum(shares, axis=0) == 1).all()
    for share in shares:
        together[share[asks.order]] = replayed(*cut(log, asks, share))
    np.testing.assert_array_equal(together, whole)


def test_merchants_stay_whole_and_those_of_the_network_stay_together() -> None:
    facts = np.zeros((12, FACT_SIZE), np.int64)
    facts[:, MERCHANT] = np.repeat([7, 8, 9, 10], 3)
    facts[[1, 4], NETWORK_KEY] = 5
    shares = shares_of(facts, most=3)
    places = np.argmax(shares, axis=0)
    assert len({*places[:6]}) == 1
    assert len({places[0], places[6], places[9]}) == 3


def test_a_single_merchant_is_one_share() -> None:
    facts = np.zeros((5, FACT_SIZE), np.int64)
    assert [share.tolist() for share in shares_of(facts, most=8)] == [[True] * 5]

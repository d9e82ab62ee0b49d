"""Linked identities: whom an order's phone and device came with before, but for its own."""

from __future__ import annotations

import numpy as np

from features.history.fact import DAY, FACT_SIZE, FIRST_WHO, MERCHANT, NUMBER, PLACED_US
from features.history.layout import HISTORY_FEATURES, N_HISTORY
from features.history.replay import Asks, Log, replay
from features.history.states import ABSENT, DELIVERED, PENDING
from features.keys import DEVICE, PHONE
from tests.features.history.streams import START_US

NAMES = [feature.name for feature in HISTORY_FEATURES]
MINE, OTHER_DEVICE, MY_DEVICE = 1, 10, 11


def test_the_own_phone_and_device_are_no_strangers() -> None:
    facts = np.zeros((3, FACT_SIZE), np.int64)
    facts[:, NUMBER] = facts[:, PLACED_US] = np.arange(3)
    facts[:, PLACED_US] += START_US
    facts[:, DAY], facts[:, MERCHANT] = START_US // 86_400_000_000, 1
    facts[:, FIRST_WHO + PHONE] = MINE
    facts[:, FIRST_WHO + DEVICE] = OTHER_DEVICE, MY_DEVICE, MY_DEVICE
    order, before, after = np.array(
        [(0, ABSENT, PENDING), (1, ABSENT, PENDING), (0, PENDING, DELIVERED)]
    ).T
    log = Log(facts, order, before, after)
    ask = Asks(np.array([2]), np.array([3]), np.array([3]), facts[2:, PLACED_US])
    out = np.empty((1, N_HISTORY), np.float32)
    replay(log, ask, out)
    read = {name: out[0, NAMES.index(name)] for name in NAMES if name.startswith("linked")}
    assert read == {"linked": 1, "linked_orders": 1, "linked_delivered": 1, "linked_rto": 0}

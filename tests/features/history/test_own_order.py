"""An order that is scored again is not among the earlier orders of its own keys."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.history.fact import FIRST_WHO, NUMBER, PLACED_US
from features.history.layout import HISTORY_FEATURES
from features.history.reader import Reader
from features.history.where import WindowTable
from features.keys import WHO_SLOTS
from tests.features.history.streams import random_stream
from tests.features.history.test_replay import LiveLog

AT = {feature.name: i for i, feature in enumerate(HISTORY_FEATURES)}


def test_its_own_phone_counts_one_order_less_than_for_a_stranger() -> None:
    stream = random_stream(4, 40, keys=2)
    service = LiveLog(stream.log)
    service.advance(len(stream.log.order))
    fact = next(fact for fact in stream.log.facts[::-1] if fact[FIRST_WHO] != 0)
    records = [service.record(s.space, int(fact[FIRST_WHO + i])) for i, s in enumerate(WHO_SLOTS)]

    def read(number: int) -> NDArray[np.float64]:
        asking = fact.copy()
        asking[NUMBER] = number
        reader = Reader()
        reader.linked(asking, records, WindowTable.empty(), int(fact[PLACED_US]) + 1)
        return reader.read([])

    itself, stranger = read(int(fact[NUMBER])), read(-1)
    for name in ("phone_orders_1h", "phone_orders_365d", "phone_orders_ever"):
        assert stranger[AT[name]] == itself[AT[name]] + 1

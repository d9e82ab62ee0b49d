"""Batch and live read the same history; the future changes neither."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.history import who
from features.history.fact import DAY, FIRST_WHO, NUMBER
from features.history.layout import HISTORY_FEATURES, N_HISTORY
from features.history.reader import NO_RECORD, Reader
from features.history.replay import Asks, Log, replay
from features.history.states import ABSENT
from features.history.take import take_who
from features.history.where import WindowTable
from features.keys import WHO_SLOTS
from tests.features.history.streams import random_stream

slow = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def batch(log: Log, asks: Asks) -> NDArray[np.float32]:
    out = np.full((len(asks.order), N_HISTORY), -7, np.float32)
    replay(log, asks, out)
    return out


class LiveLog:
    """The log applied one change at a time, as the service does it."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.applied = 0
        self.records: dict[tuple[str, int], NDArray[np.int64]] = {}

    def record(self, space: str, key: int) -> NDArray[np.int64]:
        return self.records.get((space, key), NO_RECORD)

    def advance(self, position: int) -> None:
        scratch = who.blank()
        for at in range(self.applied, position):
            fact = self.log.facts[self.log.order[at]]
            for slot, (_, space) in enumerate(WHO_SLOTS):
                key = int(fact[FIRST_WHO + slot])
                if key == ABSENT or key == 0:
                    continue
                who.unpack(self.record(space, key), scratch)
                take_who(scratch, fact, int(self.log.before[at]), int(self.log.after[at]))
                self.records[space, key] = who.pack(scratch)
        self.applied = max(self.applied, position)

    def windows(self, position: int) -> WindowTable:
        states = np.full(len(self.log.facts), ABSENT)
        states[self.log.order[:position]] = self.log.after[:position]
        placed = states != ABSENT
        return WindowTable.build(self.log.facts[placed], states[placed], position)


def live(log: Log, asks: Asks) -> NDArray[np.float32]:
    out = np.empty((len(asks.order), N_HISTORY), np.float32)
    service, reader = LiveLog(log), Reader()
    folds: dict[int, WindowTable] = {}
    for i in np.argsort(asks.read, kind="stable"):
        service.advance(int(asks.read[i]))
        fold = int(asks.fold[i])
        windows = folds.setdefault(fold, service.windows(fold))
        fact = log.facts[asks.order[i]]
        records = [
            service.record(space, int(fact[FIRST_WHO + slot]))
            if fact[FIRST_WHO + slot]
            else NO_RECORD
            for slot, (_, space) in enumerate(WHO_SLOTS)
        ]
        near = [service.record(*key) for key in reader.linked(fact, records)]
        out[i] = reader.read(fact, windows, int(asks.as_of_us[i]), near)
    return out


def assert_same(left: NDArray[np.float32], right: NDArray[np.float32]) -> None:
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    wrong = sorted({HISTORY_FEATURES[column].name for column in np.flatnonzero(~same.all(axis=0))})
    assert not wrong, wrong


@slow
@given(seed=st.integers(0, 10_000), n=st.integers(1, 160), keys=st.integers(2, 30))
def test_batch_equals_live_bit_for_bit(seed: int, n: int, keys: int) -> None:
    stream = random_stream(seed, n, keys=keys)
    assert_same(batch(stream.log, stream.asks), live(stream.log, stream.asks))


def test_batch_equals_live_where_records_are_full() -> None:
    stream = random_stream(1, 500, keys=3, days=700)
    read = batch(stream.log, stream.asks)
    names = [feature.name for feature in HISTORY_FEATURES]
    assert np.nanmax(read[:, names.index("phone_capped")]) == 1
    assert_same(read, live(stream.log, stream.asks))


@slow
@given(seed=st.integers(0, 10_000), n=st.integers(2, 200), share=st.floats(0.05, 0.95))
def test_what_is_known_later_changes_nothing_before(seed: int, n: int, share: float) -> None:
    stream = random_stream(seed, n)
    log, asks, known = stream.log, stream.asks, stream.known_us
    instant = int(np.quantile(known, share))
    later = known >= instant
    nonsense = np.random.default_rng(seed + 1).integers(0, 14, int(later.sum()))
    after = log.after.copy()
    after[later & (log.before != ABSENT)] = nonsense[: int((later & (log.before != ABSENT)).sum())]
    before = log.before.copy()
    for at in np.flatnonzero(later):
        # A nonsense change starts from whatever the nonsense before it had made of the order.
        earlier = np.flatnonzero(log.order[:at] == log.order[at])
        if len(earlier):
            before[at] = after[earlier[-1]]
    early = np.flatnonzero(asks.as_of_us <= instant)
    only = Asks(asks.order[early], asks.read[early], asks.fold[early], asks.as_of_us[early])
    assert_same(batch(log, only), batch(replace(log, before=before, after=after), only))


def test_threads_and_the_order_of_askers_change_nothing() -> None:
    stream = random_stream(3, 300)
    whole = batch(stream.log, stream.asks)
    turned = np.random.default_rng(0).permutation(len(stream.asks.order))
    asks = Asks(*(getattr(stream.asks, name)[turned] for name in Asks.__slots__))
    out = np.empty_like(whole)
    replay(stream.log, asks, out, threads=1)
    assert_same(out, whole[turned])


def test_a_matrix_of_another_shape_is_refused() -> None:
    stream = random_stream(3, 5)
    with pytest.raises(ValueError, match="shape"):
        replay(stream.log, stream.asks, np.empty((5, 3), np.float32))


def test_an_order_does_not_see_itself_when_it_is_scored_again() -> None:
    stream = random_stream(4, 40, keys=2)
    fact = stream.log.facts[-1]
    service, reader = LiveLog(stream.log), Reader()
    service.advance(len(stream.log.order))
    records = [service.record(s.space, int(fact[FIRST_WHO + i])) for i, s in enumerate(WHO_SLOTS)]
    reader.linked(fact, records)
    stranger = fact.copy()
    stranger[NUMBER] = -1
    mine = reader.evidence(fact, WindowTable.empty(), int(fact[DAY]))
    other = Reader()
    other.linked(stranger, records)
    assert other.evidence(stranger, WindowTable.empty(), int(fact[DAY])).phone_orders == (
        mine.phone_orders + int(fact[FIRST_WHO] != 0)
    )

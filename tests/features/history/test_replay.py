"""Batch and live read the same history; the future changes neither."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.history import who
from features.history.counts import COUNTS, WINDOWS
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
    """The log applied one change at a time, as the service does it.

    An erasure is a position and the keys that give way there, with the facts as they are from then
    on.
    """

    def __init__(self, log: Log, erasure: Erasure | None = None) -> None:
        self.log = log
        self.erasure = erasure
        self.applied = 0
        self.records: dict[tuple[str, int], NDArray[np.int64]] = {}

    def record(self, space: str, key: int) -> NDArray[np.int64]:
        return self.records.get((space, key), NO_RECORD)

    def advance(self, position: int) -> None:
        if self.erasure is not None and position >= self.erasure.position:
            self._take_in(self.erasure.position)
            self._erase(self.erasure)
            self.log, self.erasure = replace(self.log, facts=self.erasure.facts), None
        self._take_in(position)

    def _erase(self, erasure: Erasure) -> None:
        olds, news = (np.array([key], np.int64) for key in (erasure.old, erasure.new))
        scratch = who.blank()
        for name, packed in list(self.records.items()):
            who.unpack(packed, scratch)
            who.rename_partners(scratch, olds, news)
            self.records[name] = who.pack(scratch)
        gone = self.records.pop(("phone", erasure.old), None)
        if gone is not None:
            self.records["phone", erasure.new] = gone

    def _take_in(self, position: int) -> None:
        scratch = who.blank()
        for at in range(self.applied, position):
            fact = self.log.facts[self.log.order[at]]
            for slot, (_, space) in enumerate(WHO_SLOTS):
                key = int(fact[FIRST_WHO + slot])
                if key == ABSENT or key == 0:
                    continue
                who.unpack(self.record(space, key), scratch)
                before, after = int(self.log.before[at]), int(self.log.after[at])
                take_who(scratch, who.OPEN, fact, before, after)
                self.records[space, key] = who.pack(scratch)
        self.applied = max(self.applied, position)

    def windows(self, position: int) -> WindowTable:
        states = np.full(len(self.log.facts), ABSENT)
        states[self.log.order[:position]] = self.log.after[:position]
        placed = states != ABSENT
        return WindowTable.build(self.log.facts[placed], states[placed], position)


def live(log: Log, asks: Asks, erasure: Erasure | None = None) -> NDArray[np.float32]:
    out = np.empty((len(asks.order), N_HISTORY), np.float32)
    service, reader = LiveLog(log, erasure), Reader()
    folds: dict[int, WindowTable] = {}
    for i in np.argsort(asks.read, kind="stable"):
        service.advance(int(asks.read[i]))
        fold = int(asks.fold[i])
        if fold not in folds:
            folds[fold] = service.windows(fold)
        windows = folds[fold]
        fact = service.log.facts[asks.order[i]]
        records = [
            service.record(space, int(fact[FIRST_WHO + slot]))
            if fact[FIRST_WHO + slot]
            else NO_RECORD
            for slot, (_, space) in enumerate(WHO_SLOTS)
        ]
        links = reader.linked(fact, records, windows, int(asks.as_of_us[i]))
        out[i] = reader.read([service.record(*key) for key in links])
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


def some(asks: Asks, most: int, seed: int) -> Asks:
    """A few of the askers, so that a long log is read in a short time."""
    n = len(asks.order)
    return of(asks, np.sort(np.random.default_rng(seed).permutation(n)[:most]))


def of(asks: Asks, at: NDArray[np.int64]) -> Asks:
    """The askers at these places."""
    return Asks(*(getattr(asks, name)[at] for name in Asks.__slots__))


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000), keys=st.sampled_from((20, 150, 2_000)))
def test_batch_equals_live_over_ten_thousand_events(seed: int, keys: int) -> None:
    stream = random_stream(seed, 3_300, keys=keys, days=900)
    assert len(stream.log.order) > 8_000
    asks = some(stream.asks, 60, seed)
    assert_same(batch(stream.log, asks), live(stream.log, asks))


@dataclass(frozen=True)
class Erasure:
    """A phone that becomes a tombstone at a position of the log, and the facts from then on."""

    position: int
    old: int
    new: int
    facts: NDArray[np.int64]


def erased(log: Log, position: int, old: int) -> Erasure:
    new, facts = 10**15 + old, log.facts.copy()
    before = np.unique(log.order[:position])
    for column in PHONES:
        facts[before[facts[before, column] == old], column] = new
    return Erasure(position, old, new, facts)


PHONES = [FIRST_WHO + i for i, (_, space) in enumerate(WHO_SLOTS) if space == "phone"]


def with_phones_apart(log: Log) -> Log:
    """Phones that are no other kind's keys, as hashes never are."""
    facts = log.facts.copy()
    facts[:, PHONES] += np.where(facts[:, PHONES] > 0, 10**9, 0)
    return replace(log, facts=facts)


@slow
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(20, 300),
    keys=st.integers(3, 20),
    share=st.floats(0.1, 0.9),
)
def test_an_erasure_changes_no_feature_before_or_after(
    seed: int, n: int, keys: int, share: float
) -> None:
    stream = random_stream(seed, n, keys=keys)
    log = with_phones_apart(stream.log)
    erasure = erased(log, int(len(log.order) * share), 10**9 + 1 + seed % (keys - 1))
    after = replace(log, facts=erasure.facts)
    # An order that has read but is not yet placed when the erasure comes is of neither side.
    placed = np.full(len(stream.log.facts), len(stream.log.order))
    np.minimum.at(placed, stream.log.order, np.arange(len(stream.log.order)))
    between = (stream.asks.read < erasure.position) & (
        placed[stream.asks.order] >= erasure.position
    )
    asks = some(of(stream.asks, np.flatnonzero(~between)), 120, seed)
    assert_same(batch(after, asks), live(log, asks, erasure))


def test_folding_in_any_order_and_partition_gives_the_same_counts() -> None:
    stream = random_stream(11, 400, keys=6)
    service = LiveLog(stream.log)
    end = len(stream.log.order)
    states = np.full(len(stream.log.facts), ABSENT)
    states[stream.log.order] = stream.log.after
    rows = np.flatnonzero(states != ABSENT)
    turned = np.random.default_rng(1).permutation(rows)
    whole, other = (
        service.windows(end),
        WindowTable.build(stream.log.facts[turned], states[turned], end),
    )
    for name in ("keys", "starts", "days", "sums", "merchants"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(other, name))
    parts = [
        WindowTable.build(stream.log.facts[some_rows], states[some_rows], end)
        for some_rows in (turned[:150], turned[150:151], turned[151:])
    ]
    today = int(stream.log.facts[:, DAY].max())
    for key in whole.keys.tolist():
        expected, total = np.zeros((2, WINDOWS, COUNTS), np.int64)
        whole.read(key, today, expected)
        for part in parts:
            counted = np.zeros_like(total)
            part.read(key, today, counted)
            total += counted
        np.testing.assert_array_equal(total, expected)


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
    only = of(asks, early)
    assert_same(batch(log, only), batch(replace(log, before=before, after=after), only))


def test_threads_and_the_order_of_askers_change_nothing() -> None:
    stream = random_stream(3, 300)
    whole = batch(stream.log, stream.asks)
    turned = np.random.default_rng(0).permutation(len(stream.asks.order))
    asks = of(stream.asks, turned)
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
    reader.linked(fact, records, WindowTable.empty(), int(fact[DAY]))
    stranger = fact.copy()
    stranger[NUMBER] = -1
    mine = reader.evidence()
    other = Reader()
    other.linked(stranger, records, WindowTable.empty(), int(fact[DAY]))
    assert other.evidence().phone_orders == mine.phone_orders + int(fact[FIRST_WHO] != 0)

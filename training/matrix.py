"""The feature matrix of a data folder: every order as it looked at the moment it was placed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, overload

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.catalogue import CATALOGUE, N_SIGNALS, SIGNAL_FEATURES, signals_of
from features.consents import Consents
from features.directory import Directory
from features.feature import Feature
from features.history.carried import Carried
from features.history.fact import FACT_SIZE, fact_of
from features.keys import Hasher, Keys, keys_of, person_of
from features.tables import Folder, orders_of
from features.tokens import tokens_of
from training.carried import carried_of, history_only, joined
from training.executor import Executor, Local
from training.fates import fates
from training.memory import give_back
from training.pastlog import Events, changes_of, events_of, imported_asks, live_asks
from training.revisions import order_rows, with_revisions

Integers = NDArray[np.int64]

CHUNK = 8_192
# Columns of the orders that signals, keys and tokens are read from and nothing else is.
_ONLY_READ = frozenset({
    "customer_name", "phone", "alt_phone", "email", "ship_name", "ship_phone", "address_line1",
    "address_line2", "landmark", "ip", "device_id", "user_agent", "channel", "utm_source",
    "utm_campaign", "coupons",
})  # fmt: skip
# Keys of a batch live in memory only, so any secret will do.
_BATCH_SECRET = b"keys of one batch, never stored"


class Words(Sequence[tuple[str, ...]]):
    """The tokens of many orders, each distinct token held once.

    Parameters
    ----------
    vocabulary : list of str
    codes : ndarray of int32, shape (n_tokens,)
    starts : ndarray of int64, shape (n_orders + 1,)
        The tokens of order ``i`` are ``codes[starts[i]:starts[i + 1]]``.
    """

    def __init__(self, vocabulary: list[str], codes: NDArray[np.int32], starts: Integers) -> None:
        self.vocabulary, self.codes, self.starts = vocabulary, codes, starts

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, at: int) -> tuple[str, ...]: ...
    @overload
    def __getitem__(self, at: slice) -> list[tuple[str, ...]]: ...
    def __getitem__(self, at: int | slice) -> tuple[str, ...] | list[tuple[str, ...]]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        return tuple(self.vocabulary[c] for c in self.codes[self.starts[at] : self.starts[at + 1]])

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return (self[i] for i in range(len(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Features of every order of a folder, none of which looks ahead.

    Parameters
    ----------
    values : ndarray of float32, shape (n_orders, n_catalogue)
        In the order of ``features``; NaN is unknown.
    tokens : Words
        Plain words per order.
    extras : dict of str to ndarray, shape (n_orders,)
        Columns beyond the contract's, but for those known only after the outcome.
    orders : DataFrame of shape (n_orders, …)
        ``merchant_id, order_id, created_us, payment_mode, amount_paise, outcome, outcome_us,
        outcome_reason, cancelled_by, treated, treated_us, arm, propensity, person`` as finally
        known; times in microseconds, -1 unknown.
    features : tuple of Feature
    invented : bool
        Whether the orders are simulated.
    history_only : int
        Orders without a label because what they had read has been pruned from the log since.
    sampled_from : int
        Orders of the folder, where these are a sample of them; else 0.
    """

    values: NDArray[np.float32]
    tokens: Words
    extras: dict[str, NDArray[np.generic]]
    orders: pd.DataFrame
    features: tuple[Feature, ...] = CATALOGUE
    invented: bool = False
    history_only: int = 0
    sampled_from: int = 0


class _Read(NamedTuple):
    """What one chunk of orders says by itself."""

    facts: Integers
    values: NDArray[np.float32]
    vocabulary: list[str]
    codes: NDArray[np.int32]
    lengths: NDArray[np.int64]
    persons: Integers


def build(
    folder: Folder,
    *,
    threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
    executor: Executor | None = None,
) -> Matrix:
    """Compute the as-of features of every order of ``folder``.

    Parameters
    ----------
    folder : Folder
    threads : int
        Processes that read the orders' text; threads that count history.
    progress : callable, optional
        Told how many orders of how many have been read.
    executor : Executor, optional
        Who does it, where that is not this machine.
    """
    executor = executor or Local(threads)
    values = np.empty((folder.orders.num_rows, len(CATALOGUE)), np.float32)
    facts, words, persons = _read_orders(folder, values, executor, progress)
    facts = with_revisions(folder, facts, values, persons)
    folder = _without_text(folder)
    give_back()
    events, carried = events_of(folder), carried_of(folder)
    _read_history(folder, events, facts, carried, values[:, N_SIGNALS:], executor)
    frame = fates(folder, events, persons)
    early = history_only(folder, carried, frame["created_us"].to_numpy())
    frame.loc[early, "outcome"], frame.loc[early, "outcome_us"] = "", -1
    return Matrix(
        values=values,
        tokens=words,
        extras=_extras(folder),
        orders=frame,
        invented=folder.about.invented,
        history_only=int(early.sum()),
    )


def _without_text(folder: Folder) -> Folder:
    """What history and fates need of a folder; the text has been read."""
    kept = [c for c in folder.orders.column_names if c not in _ONLY_READ]
    return replace(folder, orders=folder.orders.select(kept), items=None)


def _read_history(
    folder: Folder,
    events: Events,
    facts: Integers,
    carried: Carried,
    out: NDArray[np.float32],
    executor: Executor,
) -> None:
    """Read history as an import does, and for live decisions as they recorded it."""
    n = folder.orders.num_rows
    log, at = changes_of(events, n)
    log = replace(log, facts=facts)
    log, known_us = joined(log, events.known_us[at], carried, carried.known_us)
    by_seq = events.take(np.argsort(events.seq, kind="stable")[(events.seq < 0).sum() :])
    live_log, at = changes_of(by_seq, n)
    live_log = replace(live_log, facts=facts)
    live_log, seqs = joined(live_log, by_seq.seq[at], carried, carried.seqs)
    live, is_live = live_asks(folder, seqs)
    created = folder.orders.column("created_at").cast(pa.int64()).to_numpy()
    imported = np.flatnonzero(~is_live)
    asks = imported_asks(imported, created[imported], known_us)
    if not is_live.any():
        executor.replay(log, asks, out)
        return
    for these, source in ((asks, log), (live, live_log)):
        rows = np.empty((len(these.order), out.shape[1]), np.float32)
        executor.replay(source, these, rows)
        out[these.order] = rows


def _read_orders(
    folder: Folder,
    values: NDArray[np.float32],
    executor: Executor,
    progress: Callable[[int, int], None] | None,
) -> tuple[Integers, Words, Integers]:
    n = folder.orders.num_rows
    facts, persons = np.empty((n, FACT_SIZE), np.int64), np.empty(n, np.int64)
    at_word: dict[str, int] = {}
    codes: list[NDArray[np.int32]] = []
    lengths: list[Integers] = []
    usable = _without(folder.orders, folder.about.after_outcome)
    starts = range(0, n, CHUNK)
    lines = _lines_by_chunk(folder, starts)
    consents = Consents(folder.consents)
    calls = (
        (_part(usable, s, CHUNK), of, consents, s) for s, of in zip(starts, lines, strict=True)
    )
    done = executor.map(_read_chunk, calls, count=len(starts))
    for start, read in zip(starts, done, strict=True):
        end = start + len(read.facts)
        facts[start:end], persons[start:end] = read.facts, read.persons
        values[start:end, :N_SIGNALS] = read.values
        shift = [at_word.setdefault(word, len(at_word)) for word in read.vocabulary]
        codes.append(np.array(shift, np.int32)[read.codes])
        lengths.append(read.lengths)
        if progress is not None:
            progress(end, n)
    ends = np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]))
    return (
        facts,
        Words(list(at_word), np.concatenate([*codes, np.empty(0, np.int32)]), ends),
        persons,
    )


def _lines_by_chunk(folder: Folder, starts: range) -> Iterator[pa.Table | None]:
    """The lines of each chunk's orders."""
    if folder.items is None:
        yield from (None for _ in starts)
        return
    rows = order_rows(folder.orders, folder.items, file="items")
    by_order = np.argsort(rows, kind="stable")
    items, rows = folder.items.take(by_order), rows[by_order]
    for start in starts:
        begin, end = np.searchsorted(rows, (start, start + CHUNK))
        yield _part(items, begin, end - begin)


def _part(table: pa.Table, first: int, rows: int) -> pa.Table:
    """Some rows, copied: a slice would take the whole table along to another process."""
    return table.take(pa.array(np.arange(first, min(first + rows, table.num_rows))))


def _read_chunk(orders: pa.Table, items: pa.Table | None, consents: Consents, first: int) -> _Read:
    directory = _directory()
    hasher = Hasher([_BATCH_SECRET])
    n = orders.num_rows
    facts = np.empty((n, FACT_SIZE), np.int64)
    values = np.empty((n, len(SIGNAL_FEATURES)), np.float32)
    persons, lengths = np.empty(n, np.int64), np.empty(n, np.int64)
    at_word: dict[str, int] = {}
    codes: list[int] = []
    for i, order in enumerate(orders_of(orders, items)):
        place = directory.place(order.pincode)
        shares = consents.shares(order.merchant_id, order.created_us)
        keys = keys_of(order, place, hasher, shares=shares)
        facts[i] = fact_of(order, keys, first + i)
        values[i] = signals_of(order, place, directory)
        persons[i] = _person(keys, hasher, order.merchant_id, order.order_id)
        words = tokens_of(order, place)
        codes += [at_word.setdefault(word, len(at_word)) for word in words]
        lengths[i] = len(words)
    return _Read(facts, values, list(at_word), np.array(codes, np.int32), lengths, persons)


def _person(keys: Keys, hasher: Hasher, merchant_id: str, order_id: str) -> int:
    return person_of(keys, hasher("order", merchant_id, order_id))


_OPENED: list[Directory] = []


def _directory() -> Directory:
    if not _OPENED:
        _OPENED.append(Directory.open())
    return _OPENED[0]


def _without(orders: pa.Table, columns: Sequence[str]) -> pa.Table:
    """The orders without what was known only afterwards."""
    gone = [c for c in columns if c in orders.column_names]
    for column in gone:
        at = orders.schema.get_field_index(column)
        field = orders.schema.field(at)
        orders = orders.set_column(at, column, pa.nulls(orders.num_rows, field.type))
    return orders


def _extras(folder: Folder) -> dict[str, NDArray[np.generic]]:
    usable = [c for c in folder.extras if c not in folder.about.after_outcome]
    return {c: folder.orders.column(c).to_pandas().to_numpy() for c in usable}

"""What became of an order, from what became of its rows.

An order counts as ``rto`` as soon as one of its lines does: a parcel is on its way back. While any
other line is still open, the order is. Otherwise it is ``lost`` if a line was, then ``returned``
(delivered and later sent back), then ``delivered``, and ``cancelled`` only if every line was.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.days import DAY_US
from training.importing.groups import Groups

# Weakest claim on the order first; of an order's lines the strongest word counts.
STRENGTH = ("cancelled", "delivered", "returned", "lost", "unreported", "open", "rto")
FINAL = ("cancelled", "delivered", "returned", "lost", "rto")
_LABEL = {"returned": "delivered", "unreported": None, "open": None}


def strongest(words: pa.ChunkedArray, groups: Groups) -> pa.Array:
    """Each order's word; a line without one is open."""
    words = pc.fill_null(words, "open")
    strength = pc.index_in(words, pa.array(STRENGTH)).combine_chunks()
    best = np.zeros(len(groups), np.int64)
    np.maximum.at(best, groups.code, strength.to_numpy(zero_copy_only=False).astype(np.int64))
    return pa.array(STRENGTH).take(pa.array(best))


def first_known(
    words: pa.ChunkedArray, times: pa.ChunkedArray, groups: Groups, order_words: pa.Array
) -> pa.Array:
    """When each order's outcome was learned: an rto with its first line, the rest with their last.

    Null where no line of that outcome has a time, or the order has no outcome.
    """
    words = pc.fill_null(words, "open").combine_chunks()
    mine = pc.equal(words, order_words.take(pa.array(groups.code)))
    final = pc.is_in(words, pa.array(FINAL))
    is_rto = pc.equal(order_words, "rto").to_numpy(zero_copy_only=False)[groups.code]
    counts = pc.if_else(pa.array(is_rto), mine, final).to_numpy(zero_copy_only=False)
    known = counts & pc.is_valid(times).combine_chunks().to_numpy(zero_copy_only=False)
    instants = pc.fill_null(times, 0).combine_chunks().to_numpy(zero_copy_only=False)
    earliest = np.full(len(groups), np.iinfo(np.int64).max)
    latest = np.full(len(groups), np.iinfo(np.int64).min)
    np.minimum.at(earliest, groups.code[known], instants[known])
    np.maximum.at(latest, groups.code[known], instants[known])
    rto_orders = pc.equal(order_words, "rto").to_numpy(zero_copy_only=False)
    when = np.where(rto_orders, earliest, latest)
    has_time = np.bincount(groups.code[known], minlength=len(groups)) > 0
    has_time &= pc.is_in(order_words, pa.array(FINAL)).to_numpy(zero_copy_only=False)
    return pa.array(np.where(has_time, when, 0), pa.int64(), mask=~has_time)


def labels(words: pa.Array) -> pa.Array:
    """The contract's outcome of each word; null where there is none yet."""
    known = {word: _LABEL.get(word, word) for word in STRENGTH}
    encoded = words.dictionary_encode()
    texts = [None if word is None else known[word] for word in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def with_delay(
    labelled: pa.Array, learned: pa.Array, created: pa.Array, delay_us: pa.Array
) -> tuple[pa.Array, dict[str, int]]:
    """The time each outcome was learned: as reported, not before the order, else assumed.

    Returns
    -------
    pa.Array, dict of str to int
        Microseconds, null where there is no outcome; and how many were ``assumed`` or ``raised``
        to the order's own time.
    """
    assumed = pc.and_(pc.is_valid(labelled), pc.is_null(learned))
    times = pc.if_else(assumed, pc.add(created, delay_us), learned)
    early = pc.fill_null(pc.less(times, created), False)
    times = pc.if_else(early, created, times)
    times = pc.if_else(pc.is_valid(labelled), times, pa.scalar(None, pa.int64()))
    early = pc.and_(early, pc.is_valid(labelled))
    return times, {"assumed": _count(assumed), "raised": _count(early)}


def tally(words: pa.Array) -> dict[str, int]:
    """How many orders came to each word."""
    counts = Counter(words.to_pylist())
    return {word: counts[word] for word in STRENGTH[::-1] if counts[word]}


def _count(flags: pa.Array) -> int:
    return int(pc.sum(pc.cast(flags, pa.int64())).as_py() or 0)


def median_days(labelled: pa.Array, learned: pa.Array, created: pa.Array) -> dict[str, float]:
    """The median days from order to outcome, by outcome, where the outcome had a time."""
    took = pc.subtract(learned, created)
    found: dict[str, float] = {}
    for word in ("delivered", "rto"):
        mine = took.filter(pc.equal(labelled, word)).drop_null()
        if len(mine):
            found[word] = round(float(np.median(mine.to_numpy(zero_copy_only=False))) / DAY_US, 1)
    return found

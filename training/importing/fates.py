"""Each order's fate: the export's own word on it, or the courier's where a report was joined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.days import DAY_US
from training.importing.gather import Gathered
from training.importing.joining import Joined
from training.importing.outcomes import (
    FINAL,
    first_known,
    labels,
    median_days,
    strongest,
    with_delay,
)
from training.importing.reading import Reading
from training.mapping import ExportMapping

_REASONED = ("rto", "cancelled", "lost")


@dataclass(frozen=True)
class Fates:
    """One entry per order.

    ``words`` are as :mod:`training.importing.outcomes` ranks them; ``columns`` are the contract's
    columns of the outcome, and the courier's extras. ``timed`` counts the outcome times that were
    ``assumed`` or ``raised`` to the order's own; ``median_days`` is of those that were reported.
    """

    words: pa.Array
    columns: dict[str, pa.Array]
    timed: dict[str, int]
    median_days: dict[str, float]


def fates_of(
    gathered: Gathered,
    reading: Reading,
    mapping: ExportMapping,
    courier: tuple[Joined, ExportMapping] | None = None,
) -> Fates:
    """What became of every order, and when that was learned.

    Where a courier's report knows an order's final state, that counts: shops close and cancel
    orders for reasons of their own.
    """
    words, learned = _own(gathered, reading, mapping)
    told = pa.array(np.zeros(len(words), bool))
    delays = np.full(len(words), _us(mapping))
    joined = None
    if courier is not None:
        joined, report_mapping = courier
        courier_words = joined.column("word")
        told = pc.fill_null(pc.is_in(courier_words, pa.array(FINAL)), False)
        own_is_final = pc.is_in(words, pa.array(FINAL))
        otherwise = pc.if_else(own_is_final, words, pc.coalesce(courier_words, words))
        words = pc.if_else(told, courier_words, otherwise)
        learned = pc.if_else(told, joined.column("learned"), learned)
        delays[np.asarray(told)] = _us(report_mapping)
    outcome = labels(words)
    created = gathered.orders.column("created_at").combine_chunks()
    times, timed = with_delay(outcome, learned, created, pa.array(delays, pa.int64()))
    columns = {"outcome": outcome, "outcome_at": times}
    columns |= _details(gathered, outcome, told, joined)
    return Fates(words, columns, timed, median_days(outcome, learned, created))


def _own(gathered: Gathered, reading: Reading, mapping: ExportMapping) -> tuple[pa.Array, pa.Array]:
    groups, table = gathered.groups, reading.table
    unknown = pa.nulls(len(groups), pa.int64())
    if "outcome" not in mapping.columns:
        return pa.array(np.repeat("open", len(groups)), pa.string()), unknown
    timed = "outcome_at" in mapping.columns
    if mapping.columns["outcome"].gather == "first":
        words = pc.fill_null(groups.first_filled(table.column("outcome")), "open")
        return words, groups.first_filled(table.column("outcome_at")) if timed else unknown
    words = strongest(table.column("outcome"), groups)
    if not timed:
        return words, unknown
    return words, first_known(table.column("outcome"), table.column("outcome_at"), groups, words)


def _details(
    gathered: Gathered, outcome: pa.Array, told: pa.Array, joined: Joined | None
) -> dict[str, pa.Array]:
    """Reason and canceller where there is something to explain, and the courier's extras."""
    columns: dict[str, pa.Array] = {}
    applies = {
        "outcome_reason": pc.is_in(outcome, pa.array(_REASONED)),
        "cancelled_by": pc.fill_null(pc.equal(outcome, "cancelled"), False),
    }
    for name, where in applies.items():
        values = pa.nulls(len(outcome), pa.string())
        if name in gathered.orders.column_names:
            values = gathered.orders.column(name).combine_chunks()
        if joined is not None and name in joined.reported.column_names:
            values = pc.if_else(told, joined.column(name), values)
        columns[name] = pc.if_else(where, values, pa.scalar(None, pa.string()))
    if joined is not None:
        extras = [name for name in joined.reported.column_names if name.startswith("extra.")]
        columns |= {name: joined.column(name) for name in extras}
    return columns


def _us(mapping: ExportMapping) -> int:
    return round((mapping.outcome_delay_days or 0.0) * DAY_US)

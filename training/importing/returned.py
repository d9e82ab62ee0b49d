"""Events for an export that knows of parcels sent back after delivery.

The contract has no outcome for them: such an order is delivered and has an event ``returned``. So
an export with any of them gets an events table that says for every order what its columns say.
Its ``seq`` is empty: these events stood in no log.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.schema import EVENT_COLUMNS, TIME

_EVENT = {
    "delivered": "delivered",
    "rto": "rto_initiated",
    "cancelled": "cancelled",
    "lost": "lost",
}


def events_with_returns(orders: pa.Table, returned: pa.Array) -> pa.Table:
    """Placed, outcome and return of every order, in the order they were known.

    Parameters
    ----------
    orders : pa.Table
        Canonical orders.
    returned : bool array of shape (n_orders,)
        Whether the order was sent back after delivery; its time is that of the delivery, the
        earliest it can have been.
    """
    outcome = orders.column("outcome").combine_chunks()
    names = pa.array([_EVENT.get(word) for word in outcome.to_pylist()], pa.string())
    final = pc.is_valid(names)
    placed = pa.array(np.repeat("placed", orders.num_rows), pa.string())
    sent_back = pa.array(np.repeat("returned", orders.num_rows), pa.string())
    contacted = pa.array(np.repeat("contacted", orders.num_rows), pa.string())
    rows = [
        _rows(orders, placed, "created_at", 0),
        _rows(orders, names, "outcome_at", 1).filter(final),
        _rows(orders, sent_back, "outcome_at", 2).filter(returned),
        _rows(orders, contacted, "intervention_at", 3).filter(_treated(orders)),
    ]
    order = [(name, "ascending") for name in ("known_at", "rank", "merchant_id", "order_id")]
    table = pa.concat_tables(rows).sort_by(order)
    held = set(table.column_names)
    return pa.table(
        {
            name: table.column(name) if name in held else pa.nulls(table.num_rows, kind)
            for name, kind in EVENT_COLUMNS.items()
        }
    )


def _treated(orders: pa.Table) -> pa.Array:
    """The orders in which somebody intervened at a known time."""
    done = pc.fill_null(pc.not_equal(orders.column("intervention"), "none"), False)
    return pc.and_(done, pc.is_valid(orders.column("intervention_at"))).combine_chunks()


def _rows(orders: pa.Table, event: pa.Array, time: str, rank: int) -> pa.Table:
    when = orders.column(time).cast(TIME)
    zero = pa.array(np.zeros(orders.num_rows, np.int32))
    reason = pa.nulls(orders.num_rows, pa.string())
    if rank == 1:
        reason = orders.column("outcome_reason").combine_chunks()
    return pa.table(
        {
            "merchant_id": orders.column("merchant_id"), "order_id": orders.column("order_id"),
            "revision": zero, "event": event, "at": when, "known_at": when, "reason": reason,
            "rank": pa.array(np.full(orders.num_rows, rank, np.int32)),
        }
    )  # fmt: skip

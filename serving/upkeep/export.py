"""The live log as the tables of a data folder; raw contacts only when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from features.catalogue import CATALOGUE
from features.history.carried import CARRIED_COLUMNS, SETTLED_COLUMNS, Carried
from features.history.fact import FACT_COLUMNS
from features.history.states import (
    CANCELLED,
    CLASSES,
    DELIVERED,
    LOST,
    RETURNED,
    RTO,
    RTO_NOT_CUSTOMER,
)
from features.order import Order
from features.schema import EVENT_COLUMNS, ITEM_COLUMNS, ORDER_COLUMNS
from features.tables import About, write_folder
from serving.conversation.responses import reason_of, response_of
from serving.intake import Content, order_of
from serving.moments import from_us_or_none
from serving.store.carried import carried_in
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.log import body_of
from serving.store.merchants import merchants

Row = dict[str, Any]

_PERSONAL = (
    "customer_id", "customer_name", "phone", "alt_phone", "email", "ship_name", "ship_phone",
    "address_line1", "address_line2", "landmark", "ip", "device_id", "user_agent",
)  # fmt: skip
_OUTCOMES = {
    DELIVERED: "delivered",
    RTO: "rto",
    RTO_NOT_CUSTOMER: "rto",
    CANCELLED: "cancelled",
    LOST: "lost",
    RETURNED: "delivered",
}
_DECIDED = ("decision_id", "read_seq", "fold", "policy", "list_version", "model", "arm",
            "propensity", "probability", "action")  # fmt: skip
# What is read from text; recomputing it needs the text, so it is exported with the hashed keys.
_TEXT_FEATURES = tuple((i, f.name) for i, f in enumerate(CATALOGUE) if f.text)


@dataclass(slots=True)
class _Tables:
    orders: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    revisions: list[Row] = field(default_factory=list)


def export_log(
    connection: Connection, contacts: Contacts, out: Path, *, with_contacts: bool
) -> int:
    """Write all orders that count, with everything that happened to them.

    Parameters
    ----------
    connection : Connection
        For reading; the export is one instant of the log.
    out : Path
        The data folder.
    with_contacts : bool
        Also names, phones, emails, addresses, devices and the merchant's own text columns.

    Returns
    -------
    int
        Orders written.
    """
    tables = _Tables()
    with connection.snapshot():
        for events in _stories(connection):
            _add_order(connection, contacts, events, tables, with_contacts=with_contacts)
        carried = carried_in(connection)
        invented = any(merchant.invented for merchant in merchants(connection))
    orders = _table(tables.orders, ORDER_COLUMNS, extras=True)
    by = [("created_at", "ascending"), ("merchant_id", "ascending"), ("order_id", "ascending")]
    write_folder(
        out,
        orders.sort_by(by),
        events=_table(tables.events, EVENT_COLUMNS).sort_by("seq"),
        items=_table(tables.items, ITEM_COLUMNS) if tables.items else None,
        revisions=pa.Table.from_pylist(tables.revisions) if tables.revisions else None,
        carried=_carried_table(carried) if len(carried.rows) else None,
        about=About(invented=invented, source="rto export"),
    )
    return len(tables.orders)


@dataclass(frozen=True, slots=True)
class _Event:
    """One event of an order, as stored."""

    body: Mapping[str, Any]
    data: bytes | None
    seq: int
    number: int
    merchant_id: str
    order_id: str
    kind: str
    revision: int
    at_us: int
    known_us: int
    becomes: int | None


def _stories(connection: Connection) -> Iterator[list[_Event]]:
    """The events of one order after another."""
    found: Iterable[tuple[Any, ...]] = connection.stream(
        """SELECT e.body, e.data, e.seq, e.number, o.merchant_id, o.order_id, e.kind, e.revision,
                  e.at_us, e.known_us, e.becomes
           FROM event e JOIN orders o ON o.number = e.number
           WHERE o.test = 0 ORDER BY e.number, e.seq"""
    )
    story: list[_Event] = []
    for body, data, *rest in found:
        event = _Event(body_of(body), data, *rest)
        if story and story[-1].number != event.number:
            yield story
            story = []
        story.append(event)
    if story:
        yield story


def _add_order(
    connection: Connection,
    contacts: Contacts,
    events: list[_Event],
    tables: _Tables,
    *,
    with_contacts: bool,
) -> None:
    placed = events[0]
    personal = contacts.of(connection, placed.number) or {}
    order = order_of(placed.merchant_id, placed.order_id, Content(placed.body, personal))
    row = _order_row(order, with_contacts=with_contacts) | _fate(events)
    tables.orders.append(row)
    tables.items += [_item_row(order, item) for item in placed.body.get("items", [])]
    tables.events += [_event_row(event) for event in events]
    tables.revisions += _revision_rows(events)


def _order_row(order: Order, *, with_contacts: bool) -> Row:
    row: Row = {
        name: getattr(order, name)
        for name in ORDER_COLUMNS
        if hasattr(order, name) and (with_contacts or name not in _PERSONAL)
    }
    row |= {
        name: _rupees(getattr(order, f"{name}_paise"))
        for name in ORDER_COLUMNS
        if hasattr(order, f"{name}_paise")
    }
    row["created_at"] = from_us_or_none(order.created_us)
    row["promised_at"] = from_us_or_none(order.promised_us)
    row["coupons"] = None if order.coupons is None else "|".join(order.coupons)
    row |= {
        name: value
        for name, value in order.extra.items()
        if with_contacts or not isinstance(value, str)
    }
    return row


def _fate(events: list[_Event]) -> Row:
    """What became of the order and what was decided, as columns."""
    row: Row = dict(events[0].body.get("past", {}))
    if "intervention_us" in row:
        row["intervention_at"] = from_us_or_none(row.pop("intervention_us"))
    for event in events:
        if event.kind == "decided" and "probability" in event.body:
            body = event.body
            row |= {name: body[name] for name in ("arm", "propensity", "model")}
            row |= {"policy": str(body["policy"]), "scored_probability": body["probability"]}
        if event.becomes is not None and event.kind != "placed":
            row |= _moved(event, row)
    if (response := response_of((e.kind, e.body) for e in events)) is not None:
        row["response"] = response
    if row.get("outcome") in ("delivered", "rto"):
        told = reason_of(row.get("outcome_reason"), ((e.kind, e.body) for e in events))
        row["outcome_reason"] = told
    return row


def _moved(event: _Event, row: Row) -> Row:
    """What one change of state says about the order."""
    assert event.becomes is not None
    if event.kind in ("decided", "contacted", "message_sent"):
        if "intervention" in row:
            return {}
        done = event.body.get("intervention") or event.body.get("action") or "verify"
        return {"intervention": done, "intervention_at": from_us_or_none(event.known_us)}
    outcome = _OUTCOMES.get(event.becomes % CLASSES)
    if outcome == row.get("outcome"):
        return {}
    return {
        "outcome": outcome,
        "outcome_at": from_us_or_none(event.known_us) if outcome else None,
        "outcome_reason": event.body.get("reason"),
        "cancelled_by": (
            event.body.get("cancelled_by", row.get("cancelled_by"))
            if outcome == "cancelled"
            else None
        ),
    }


def _event_row(event: _Event) -> Row:
    body = event.body
    row: Row = {
        "seq": event.seq,
        "merchant_id": event.merchant_id,
        "order_id": event.order_id,
        "revision": event.revision,
        "event": event.kind,
        "at": from_us_or_none(event.at_us),
        "known_at": from_us_or_none(event.known_us),
    }
    if event.kind == "decided":
        row |= {name: body.get(name) for name in _DECIDED}
        row["policy"] = None if row["policy"] is None else str(row["policy"])
        row["as_of"] = from_us_or_none(body.get("as_of_us"))
    elif event.kind != "placed":
        row |= {name: body.get(name) for name in ("reason", "outcome", "awb")}
    return row


def _revision_rows(events: list[_Event]) -> Iterator[Row]:
    """What history counts of each revision and what its text came to, without the text."""
    for said in events:
        if said.kind not in ("placed", "revised"):
            continue
        assert said.data is not None
        fact = np.frombuffer(said.data, np.int64).tolist()
        row: Row = {
            "merchant_id": said.merchant_id,
            "order_id": said.order_id,
            "revision": said.revision,
            "seq": said.seq,
        }
        yield row | dict(zip(FACT_COLUMNS, fact, strict=True)) | _text_features(events, said)


def _text_features(events: list[_Event], said: _Event) -> Row:
    """As they were logged with the revision's decision; null where there is none."""
    of_revision = (e.data for e in events if e.kind == "decided" and e.revision == said.revision)
    logged = next((data for data in of_revision if data is not None), b"")
    values = np.frombuffer(logged)
    whole = len(values) == len(CATALOGUE)
    return {name: float(values[i]) if whole else None for i, name in _TEXT_FEATURES}


def _item_row(order: Order, item: Mapping[str, Any]) -> Row:
    row: Row = {name: item.get(name) for name in ITEM_COLUMNS}
    row |= {name: _rupees(item.get(f"{name}_paise")) for name in ("price", "unit_cost")}
    return row | {"merchant_id": order.merchant_id, "order_id": order.order_id}


def _carried_table(carried: Carried) -> pa.Table:
    """What pruned orders still count; the same two positions stand in every row."""
    columns = dict(zip(CARRIED_COLUMNS, carried.rows.T, strict=True))
    settled = {name: np.full(len(carried.rows), getattr(carried, name)) for name in SETTLED_COLUMNS}
    return pa.table(columns | settled)


def _rupees(paise: int | None) -> Decimal | None:
    return None if paise is None else Decimal(paise).scaleb(-2)


def _table(
    rows: list[Row], columns: Mapping[str, pa.DataType], *, extras: bool = False
) -> pa.Table:
    """Rows as a table of canonical types; a further column is numbers, or text where it must be."""
    found = {
        name: pa.array([row.get(name) for row in rows], kind) for name, kind in columns.items()
    }
    if extras:
        names = dict.fromkeys(name for row in rows for name in row if name not in columns)
        for name in sorted(names):
            values = [row.get(name) for row in rows]
            text = any(isinstance(value, str) for value in values)
            plain = [None if v is None else str(v) for v in values] if text else values
            found[name] = pa.array(plain, pa.string() if text else pa.float64())
    return pa.table(found)

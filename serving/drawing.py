"""Whose comparison arm an order is in: its first revision's person, in that quarter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.history.fact import FIRST_WHERE, FIRST_WHO
from features.keys import Keys, order_key, person_of
from serving.apart import set_apart, space_of
from serving.intake import Content, order_of
from serving.rows import Rows
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.decisions import first_decided
from serving.store.orders import Held
from serving.store.stories import body_at, data_at


@dataclass(frozen=True, slots=True)
class Draw:
    """What the arm is drawn from."""

    person: int
    as_of_us: int


def first_draw(connection: Connection, held: Held, contacts: Contacts, rows: Rows) -> Draw:
    """The draw of an order that was decided before, whatever it says by now."""
    as_of_us = first_decided(connection, held.number)["as_of_us"]
    return Draw(_first_person(connection, held, contacts, rows), as_of_us)


def _first_person(connection: Connection, held: Held, contacts: Contacts, rows: Rows) -> int:
    """Whom the first revision names.

    Once the hash key was rotated the log has newer keys of them than the one that drew; then what
    the order said tells, and of an order that was erased the tombstone.
    """
    sealed = contacts.of(connection, held.number) if rows.rotated else None
    if sealed is not None:
        content = Content(body_at(connection, held.number), dict(sealed))
        order = order_of(held.merchant_id, held.order_id, content)
        return rows.identity(set_apart(order) if held.test else order).person
    fact = np.frombuffer(data_at(connection, held.number), np.int64)
    keys = Keys(fact[FIRST_WHO:FIRST_WHERE], fact[FIRST_WHERE:])
    merchant_id = space_of(held.merchant_id, held.order_id) if held.test else held.merchant_id
    return person_of(keys, order_key(merchant_id, held.order_id))

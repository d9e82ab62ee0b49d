"""Whose comparison arm an order is in: its first revision's person, in that quarter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.history.fact import FIRST_WHERE, FIRST_WHO
from features.keys import Keys, order_key, person_of
from serving.apart import space_of
from serving.store.connection import Connection
from serving.store.log import Held
from serving.store.stories import data_at, first_decided


@dataclass(frozen=True, slots=True)
class Draw:
    """What the arm is drawn from."""

    person: int
    as_of_us: int


def first_draw(connection: Connection, held: Held) -> Draw:
    """The draw of an order that was decided before, whatever it says by now."""
    fact = np.frombuffer(data_at(connection, held.number), np.int64)
    keys = Keys(fact[FIRST_WHO:FIRST_WHERE], fact[FIRST_WHERE:])
    merchant_id = held.merchant_id
    if held.test:
        merchant_id = space_of(merchant_id, held.order_id)
    as_of_us = first_decided(connection, held.number)["as_of_us"]
    return Draw(person_of(keys, order_key(merchant_id, held.order_id)), as_of_us)

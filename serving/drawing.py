"""Whose comparison arm an order is in: its first revision's person, in that quarter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from features.history.fact import FIRST_WHERE, FIRST_WHO
from features.keys import Keys, order_key, person_of
from serving.apart import space_of
from serving.store.connection import Connection
from serving.store.log import Held, body_of


@dataclass(frozen=True, slots=True)
class Draw:
    """What the arm is drawn from."""

    person: int
    as_of_us: int


def first_draw(connection: Connection, held: Held) -> Draw:
    """The draw of an order that was decided before, whatever it says by now."""
    found = connection.execute("SELECT data FROM event WHERE seq=?", (held.number,)).fetchone()
    fact = np.frombuffer(found[0], np.int64)
    keys = Keys(fact[FIRST_WHO:FIRST_WHERE], fact[FIRST_WHERE:])
    merchant_id = held.merchant_id
    if held.test:
        merchant_id = space_of(merchant_id, held.order_id)
    decided: dict[str, Any] = body_of(
        connection.execute(
            "SELECT body FROM event WHERE number=? AND kind='decided' ORDER BY seq LIMIT 1",
            (held.number,),
        ).fetchone()[0]
    )
    return Draw(person_of(keys, order_key(merchant_id, held.order_id)), decided["as_of_us"])

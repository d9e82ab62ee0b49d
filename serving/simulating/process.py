"""The simulation process: one JSON line in, one out, so that no simulation delays a score."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import Any

from pydantic_core import from_json, to_json

from features.errors import RtoError, StoreError
from models.policy import Policy
from models.replay import asked as asked_by
from serving.policy.policies import revisions
from serving.simulating.effects import effects
from serving.simulating.others import Others
from serving.simulating.past import Past
from serving.simulating.simulation import simulate
from serving.simulating.suggestion import suggestion
from serving.store.connection import Connection, connect
from serving.store.meta import arm_secret

_NICE = 10
MOST_EVENTS = 1_000_000
"""Read for one question; a longer log takes several, or none would be answered in time."""


class Room:
    """The pasts that are held in memory, one merchant's after the other."""

    def __init__(self) -> None:
        self._pasts: dict[tuple[str, str], Past] = {}
        self._others: dict[str, Others] = {}

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Simulate what is asked; ``refused`` or ``failed`` say why there is no answer."""
        try:
            with closing(connect(asked["store_url"], readonly=True)) as connection:
                return {"found": self._simulate(connection, asked)}
        except StoreError as error:
            return {"failed": str(error)}
        except RtoError as error:
            return {"refused": str(error)}

    def _simulate(self, connection: Connection, asked: dict[str, Any]) -> dict[str, Any]:
        merchant_id = asked["merchant_id"]
        name = asked["store_url"], merchant_id
        past = self._pasts.get(name) or Past(merchant_id, arm_secret(connection))
        self._pasts = {name: past}
        draft = Policy.from_json(asked["policy"]) if asked["policy"] else None
        with connection.snapshot():
            policies = revisions(connection, merchant_id)
            for policy in (*policies.values(), *([draft] if draft else ())):
                past.ask(asked_by(policy))
            if not past.follow(connection, MOST_EVENTS):
                so_far = f"the log is being read for the first time, {len(past)} orders so far"
                raise StoreError(f"{so_far}; ask again")
        now_us = asked["now_us"]
        others = self._others.setdefault(asked["store_url"], Others())
        prior = others.known(connection, merchant_id, policies[max(policies)], now_us)
        if asked["what"] == "suggestion":
            return suggestion(past, policies, now_us=now_us, prior=prior)
        if asked["what"] == "effects":
            return effects(past, policies, days=asked["days"], now_us=now_us, prior=prior)
        return simulate(past, draft, policies, days=asked["days"], now_us=now_us, prior=prior)


def main() -> None:
    """Answer until nobody asks any more."""
    os.nice(_NICE)
    room = Room()
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(to_json(room.answer(from_json(line))) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

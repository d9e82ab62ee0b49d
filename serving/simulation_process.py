"""The simulation process: one JSON line in, one out, so that no simulation delays a score."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import Any

from pydantic_core import from_json, to_json

from features.errors import RtoError, StoreError
from models.policy import Policy, default_policy
from models.replay import asked as asked_by
from serving.past import Past
from serving.simulation import simulate
from serving.store.connection import Connection, connect
from serving.store.log import body_of

_NICE = 10


class Room:
    """The pasts that are held in memory, one merchant's after the other."""

    def __init__(self) -> None:
        self._pasts: dict[tuple[str, str], Past] = {}

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
            past.follow(connection)
        return simulate(past, draft, policies, days=asked["days"], now_us=asked["now_us"])


def arm_secret(connection: Connection) -> bytes:
    """The secret that draws the comparison arms."""
    found = connection.execute("SELECT value FROM meta WHERE name='arm_secret'").fetchone()
    return bytes(found[0])


def revisions(connection: Connection, merchant_id: str) -> dict[int, Policy]:
    """Every policy a merchant has had, the shipped default as 0."""
    found = connection.execute(
        "SELECT revision, body FROM policy WHERE merchant_id=?", (merchant_id,)
    )
    saved = {int(number): Policy.from_json(body_of(body)) for number, body in found.fetchall()}
    return {0: default_policy()} | saved


def main() -> None:
    """Answer until nobody asks any more."""
    os.nice(_NICE)
    room = Room()
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(to_json(room.answer(from_json(line))) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

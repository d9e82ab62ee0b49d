"""The simulation process: one JSON line in, one out, so that no simulation delays a score."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import Any, TypeAlias

from pydantic_core import from_json, to_json

from features.days import ist_day
from features.errors import RtoError, StoreError
from models.evidence import Evidence
from models.policy import Policy, default_policy
from models.pooling import Prior
from models.replay import asked as asked_by
from serving.effects import effects
from serving.simulating.past import Past
from serving.simulating.simulation import settled_of, simulate
from serving.store.connection import Connection, connect
from serving.store.meta import arm_secret
from serving.store.policies import newest_policies, policy_bodies
from serving.suggestion import DAYS as SUGGESTED_DAYS
from serving.suggestion import measured_of, prior_of, suggestion

_NICE = 10
# Others whose logs are read for what they have measured, once a day.
_MOST_OTHERS = 12
MOST_EVENTS = 1_000_000
"""Read for one question; a longer log takes several, or none would be answered in time."""

Measured: TypeAlias = Evidence | None


class Room:
    """The pasts that are held in memory, one merchant's after the other."""

    def __init__(self) -> None:
        self._pasts: dict[tuple[str, str], Past] = {}
        self._measured: dict[tuple[str, str], tuple[int, Measured]] = {}

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
        prior = self._known(connection, asked, policies)
        if asked["what"] == "suggestion":
            return suggestion(past, policies, now_us=now_us, prior=prior)
        if asked["what"] == "effects":
            return effects(past, policies, days=asked["days"], now_us=now_us, prior=prior)
        return simulate(past, draft, policies, days=asked["days"], now_us=now_us, prior=prior)

    def _known(
        self, connection: Connection, asked: dict[str, Any], own: dict[int, Policy]
    ) -> Prior | None:
        """What merchants who share have measured, where this one shares too; a day old at most."""
        if not own[max(own)].share_with_network:
            return None
        found, day = [], ist_day(asked["now_us"])
        for merchant_id in sharing_merchants(connection, _MOST_OTHERS + 1):
            if merchant_id == asked["merchant_id"]:
                continue
            name = asked["store_url"], merchant_id
            known = self._measured.get(name)
            if known is None or known[0] != day:
                measured = self._measure(connection, merchant_id, asked["now_us"])
                known = self._measured[name] = day, measured
            if known[1] is not None:
                found.append(known[1])
        return prior_of(found)

    @staticmethod
    def _measure(connection: Connection, merchant_id: str, now_us: int) -> Measured:
        past, policies = (
            Past(merchant_id, arm_secret(connection)),
            revisions(connection, merchant_id),
        )
        for policy in policies.values():
            past.ask(asked_by(policy))
        with connection.snapshot():
            past.follow(connection)
        settled = settled_of(past, policies, days=SUGGESTED_DAYS, now_us=now_us)
        return measured_of(settled, policies[max(policies)])


def sharing_merchants(connection: Connection, most: int) -> list[str]:
    """Merchants who share into the network by the policy in force, by name."""
    newest = newest_policies(connection)
    return [name for name, policy in newest if policy.get("share_with_network")][:most]


def revisions(connection: Connection, merchant_id: str) -> dict[int, Policy]:
    """Every policy a merchant has had, the shipped default as 0."""
    saved = policy_bodies(connection, merchant_id)
    return {0: default_policy()} | {n: Policy.from_json(body) for n, body in saved.items()}


def main() -> None:
    """Answer until nobody asks any more."""
    os.nice(_NICE)
    room = Room()
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(to_json(room.answer(from_json(line))) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

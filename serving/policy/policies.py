"""The policies in force, read anew every few seconds and after each change."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from models.policy import OnFailure, Policy, default_policy
from serving.store.connection import Connection
from serving.store.faults import LogDownError
from serving.store.policies import newest_revision, policy_bodies, policy_body

# A policy saved through another process is in force here after this long at most.
REMEMBERED_S = 5.0


class Policies:
    """Newest revisions by merchant; a change made through this process counts at once.

    While the log is out of reach the last one read stays in force, however old; a merchant whose
    policy was never read has the shipped default.

    Parameters
    ----------
    connection : Connection
        For reading.
    clock : callable
        Seconds that only rise.
    """

    def __init__(self, connection: Connection, clock: Callable[[], float] = monotonic) -> None:
        self._connection = connection
        self._clock = clock
        self._known: dict[str, tuple[float, Policy]] = {}
        self._default = default_policy()

    def now(self, merchant_id: str) -> Policy:
        """The policy in force; the shipped default for a merchant that saved none."""
        now = self._clock()
        until, known = self._known.get(merchant_id, (0.0, None))
        if known is not None and now < until:
            return known
        try:
            known = self._read(merchant_id, known)
        except LogDownError:
            if known is None:
                return self._default
        self._known[merchant_id] = now + REMEMBERED_S, known
        return known

    def on_failure(self, merchant_id: str) -> OnFailure:
        """What is done with an order that gets no decision of ours."""
        policy = self.now(merchant_id)
        return policy.on_failure if policy.mode == "act" else "ship"

    def forget(self, merchant_id: str) -> None:
        """Read this merchant's policy again next time."""
        self._known.pop(merchant_id, None)

    def _read(self, merchant_id: str, known: Policy | None) -> Policy:
        newest = newest_revision(self._connection, merchant_id)
        if known is not None and known.revision == newest:
            return known
        body = policy_body(self._connection, merchant_id, newest)
        return self._default if body is None else Policy.from_json(body)


def revisions(connection: Connection, merchant_id: str) -> dict[int, Policy]:
    """Every policy a merchant has had, the shipped default as 0."""
    saved = policy_bodies(connection, merchant_id)
    return {0: default_policy()} | {n: Policy.from_json(body) for n, body in saved.items()}

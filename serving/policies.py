"""The policies in force, read once per merchant and after each change."""

from __future__ import annotations

from models.policy import Policy, default_policy
from serving.store.connection import Connection
from serving.store.policies import policy_body


class Policies:
    """Newest revisions by merchant; a change made through this process counts at once.

    Parameters
    ----------
    connection : Connection
        For reading.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, Policy] = {}
        self._default = default_policy()

    def now(self, merchant_id: str) -> Policy:
        """The policy in force; the shipped default for a merchant that saved none."""
        known = self._known.get(merchant_id)
        if known is None:
            body = policy_body(self._connection, merchant_id)
            known = self._default if body is None else Policy.from_json(body)
            self._known[merchant_id] = known
        return known

    def forget(self, merchant_id: str) -> None:
        """Read this merchant's policy again next time."""
        self._known.pop(merchant_id, None)

"""What other merchants have measured of actions, for one who shares with them."""

from __future__ import annotations

from features.days import ist_day
from models.evidence import Evidence
from models.policy import Policy
from models.pooling import Prior
from models.replay import asked
from serving.policy.policies import revisions
from serving.simulating.past import Past
from serving.simulating.simulation import settled_of
from serving.simulating.suggestion import DAYS, measured_of, prior_of
from serving.store.connection import Connection
from serving.store.meta import arm_secret
from serving.store.policies import newest_policies

# Others whose logs are read for what they have measured, once a day.
_MOST = 12


class Others:
    """Remembers for a day what the merchants of one store have measured."""

    def __init__(self) -> None:
        self._measured: dict[str, tuple[int, Evidence | None]] = {}

    def known(
        self, connection: Connection, merchant_id: str, policy: Policy, now_us: int
    ) -> Prior | None:
        """What merchants who share have measured, where this one shares too; a day old at most.

        Parameters
        ----------
        policy : Policy
            The merchant's, in force.
        """
        if not policy.share_with_network:
            return None
        found, day = [], int(ist_day(now_us))
        for other in sharing_merchants(connection, _MOST + 1):
            if other == merchant_id:
                continue
            measured_day, measured = self._measured.get(other, (None, None))
            if measured_day != day:
                measured = self._measure(connection, other, now_us)
                self._measured[other] = day, measured
            if measured is not None:
                found.append(measured)
        return prior_of(found)

    @staticmethod
    def _measure(connection: Connection, merchant_id: str, now_us: int) -> Evidence | None:
        policies = revisions(connection, merchant_id)
        past = Past(merchant_id, arm_secret(connection))
        for policy in policies.values():
            past.ask(asked(policy))
        with connection.snapshot():
            past.follow(connection)
        settled = settled_of(past, policies, days=DAYS, now_us=now_us)
        return measured_of(settled, policies[max(policies)])


def sharing_merchants(connection: Connection, most: int) -> list[str]:
    """Merchants who share into the network by the policy in force, by name."""
    newest = newest_policies(connection)
    return [name for name, policy in newest if policy.get("share_with_network")][:most]

"""The state of a scoring process as numbers: what operators look at and alerts are set on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from features.history.states import ABSENT, CLASSES, PENDING
from serving.folds import NO_FOLD
from serving.shops.troubles import Trouble, troubles
from serving.store.changes import Change, newest_outcome_us, newest_placed_us
from serving.store.channels import stopped_channels
from serving.store.connection import Connection
from serving.store.couriers import stopped_couriers
from serving.store.log import last_seq
from serving.store.outbox import longest_due_us
from serving.store.renames import Renamed
from serving.store.subscriptions import stopped_subscriptions
from serving.upkeep.backup import backups

if TYPE_CHECKING:
    from serving.service import Service

_UNKNOWN = float("nan")
# How far back a start looks for the newest order and outcome.
_LOOKED_BACK = 200_000


class Vitals:
    """When orders, outcomes and backups last came: a silence is a fault that nothing reports.

    Parameters
    ----------
    connection : Connection
        For reading.
    clock : callable
        Microseconds since 1970.
    """

    def __init__(self, connection: Connection, clock: Callable[[], int]) -> None:
        self._connection = connection
        self._clock = clock
        self._order_us: int | None = None
        self._outcome_us: int | None = None
        self._backup_us: int | None = None
        self._due_us: int | None = None
        self.stopped: list[tuple[str, str]] = []
        self.webhooks_off = 0
        self.couriers_off: list[tuple[str, str, str]] = []
        self.shops: list[Trouble] = []

    def begin(self) -> None:
        """Look back into the log."""
        after = last_seq(self._connection) - _LOOKED_BACK
        self._order_us = newest_placed_us(self._connection, after)
        self._outcome_us = newest_outcome_us(self._connection, after)
        self.look()

    def look(self) -> None:
        """See when the newest backup was made, and whether messages go out."""
        made = backups(self._connection)
        self._backup_us = made[-1].made_us if made else None
        self._due_us = longest_due_us(self._connection)
        self.stopped = stopped_channels(self._connection)
        self.webhooks_off = stopped_subscriptions(self._connection)
        self.couriers_off = stopped_couriers(self._connection)
        self.shops = troubles(self._connection, self._clock())

    def landed(self, changes: Sequence[Change | Renamed]) -> None:
        """See what a commit brought."""
        now = self._clock()
        for change in changes:
            if isinstance(change, Renamed):
                continue
            if change.was == ABSENT:
                self._order_us = now
            elif change.becomes != ABSENT and change.becomes % CLASSES != PENDING:
                self._outcome_us = now

    def ages(self) -> dict[str, float]:
        """Seconds since the newest of each; NaN before the first."""
        return {
            "order_age_seconds": self._age(self._order_us),
            "outcome_age_seconds": self._age(self._outcome_us),
            "backup_age_seconds": self._age(self._backup_us),
            "message_late_seconds": max(
                0.0, 0.0 if self._due_us is None else self._age(self._due_us)
            ),
        }

    def _age(self, instant: int | None) -> float:
        return _UNKNOWN if instant is None else (self._clock() - instant) / 1e6


def gauges(service: Service) -> dict[str, float]:
    """Every value of the moment, by the name that ``/metrics`` shows behind ``rto_``."""
    fold, standby = service.history.fold, service.standby
    return {
        "log_seq": service.history.seq,
        "log_up": service.reach.up,
        "log_down_seconds": service.reach.down_s,
        "spool_up": standby.spool_fault is None,
        "spooled_decisions": standby.spooled,
        "writes_waiting": service.writer.waiting,
        "write_stuck_seconds": service.writer.stuck_s,
        "who_records_changed": service.history.ledger.dirty,
        "fold_boundary": fold.boundary,
        "fold_age_seconds": _UNKNOWN if fold == NO_FOLD else (service.clock() - fold.at_us) / 1e6,
        "model_refused": service.champion.refused is not None,
        "channels_stopped": len(service.vitals.stopped),
        "webhooks_off": service.vitals.webhooks_off,
        "couriers_off": len(service.vitals.couriers_off),
        "shops_in_trouble": len(service.vitals.shops),
        **service.vitals.ages(),
    }

"""What the worker does each hour: publishes a fold, and retrains when it is time."""

from __future__ import annotations

import logging
import threading

from features.errors import StoreError
from features.settings import Settings
from serving.folds import FOLD_EVERY_S, newest_fold, publish_fold
from serving.home import Home
from serving.moments import now_us
from serving.store.orders import any_order
from serving.upkeep.pruning import forget_repeats
from serving.upkeep.retraining import Retraining

_log = logging.getLogger("rto.worker")

_LOOK_EVERY_S = 10.0


def keep_folding(settings: Settings, stop: threading.Event) -> None:
    """Publish a fold whenever the last one is an hour old, and retrain, until ``stop`` is set."""
    retraining = Retraining(settings)
    with Home.open(settings) as home:
        while True:
            for job in (fold_if_due, retraining.look):
                try:
                    home.connection.revive()
                    job(home, now_us())
                except (StoreError, OSError):
                    _log.exception("the worker failed; trying again")
            if stop.wait(_LOOK_EVERY_S):
                retraining.end()
                return


def fold_if_due(home: Home, now: int) -> bool:
    """Publish a fold if the last one is an hour old and there are orders; True if so."""
    connection = home.connection
    if now - newest_fold(connection).at_us < FOLD_EVERY_S * 1_000_000:
        return False
    if not any_order(connection):
        return False
    publish_fold(connection, home.settings.folds_dir, now_us=now)
    forget_repeats(home, now)
    return True

"""What became of every order of a data folder, as finally known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.history.states import CLASSES
from features.tables import Folder
from training.pastlog import Events, changes_of

Integers = NDArray[np.int64]

_OUTCOMES = ("", "delivered", "rto", "rto", "cancelled", "lost", "delivered")


def fates(folder: Folder, events: Events, persons: Integers) -> pd.DataFrame:
    """The orders as finally known, for labels and reports; never read as features."""
    orders = folder.orders
    state, outcome_us, treated_us = _final(events, orders.num_rows)
    plain = {c: orders.column(c).to_pandas() for c in (
        "merchant_id", "order_id", "payment_mode", "outcome_reason", "cancelled_by", "arm",
        "propensity", "state", "city", "pincode",
    )}  # fmt: skip
    amounts = orders.column("amount").cast(pa.float64()).to_numpy()
    return pd.DataFrame(
        {
            **plain,
            "created_us": orders.column("created_at").cast(pa.int64()).to_numpy(),
            "amount_paise": np.where(np.isnan(amounts), -1, np.round(amounts * 100)).astype(
                np.int64
            ),
            "outcome": np.array(_OUTCOMES, dtype=object)[state % CLASSES],
            "outcome_us": outcome_us,
            "treated": state >= CLASSES,
            "treated_us": treated_us,
            "person": persons,
        }
    )


def _final(events: Events, n: int) -> tuple[Integers, Integers, Integers]:
    """Last state of each order, when its class was last set, and when it was treated.

    A corrected outcome counts as learned when it was corrected, so that a cutoff in between never
    sees it.
    """
    state, outcome_us, treated_us = (np.full(n, fill, np.int64) for fill in (0, -1, -1))
    log, at = changes_of(events.without_revisions(), n)
    known_us = events.known_us[at]
    state[log.order] = log.after
    turned = (log.before >= 0) & (log.before % CLASSES != log.after % CLASSES)
    outcome_us[log.order[turned]] = known_us[turned]
    treated = (log.before >= 0) & (log.before < CLASSES) & (log.after >= CLASSES)
    treated_us[log.order[treated]] = known_us[treated]
    outcome_us[state % CLASSES == 0] = -1
    return state, outcome_us, treated_us

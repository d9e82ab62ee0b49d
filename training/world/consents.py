"""Which of the invented shops share into the network, and from when on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from features.days import DAY_US
from features.schema import CONSENT_COLUMNS
from training.world.moments import end_us
from training.world.year import Year

_LATEST = 0.5  # of the period: until then every shop that shares has said so


def consents_table(year: Year) -> pa.Table:
    """One row for every shop that shares, known on some day of the first half."""
    rng, shops = year.dice.stream("consents"), year.merchants.id
    says = rng.random(len(shops)) < year.spec.sharing_merchants
    day = rng.integers(0, max(1, int(year.spec.days * _LATEST)), len(shops))
    day[rng.random(len(shops)) < 0.5] = 0
    known = end_us(year.spec) - (year.spec.days - day) * DAY_US
    rows = np.flatnonzero(says)
    columns = {
        "merchant_id": [shops[i] for i in rows],
        "shares": [True] * len(rows),
        "known_at": known[rows],
    }
    return pa.table({n: pa.array(columns[n], kind) for n, kind in CONSENT_COLUMNS.items()})

"""Which merchants share into the network, and from when on that is known."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict

import pyarrow as pa

from features.errors import DataError


class Consents:
    """The consents of a data folder's ``consents`` table; without one nobody shares.

    Parameters
    ----------
    table : pyarrow.Table, optional
        ``merchant_id, shares, known_at``: one row for every time a merchant chose.
    """

    def __init__(self, table: pa.Table | None = None) -> None:
        self._known: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        if table is not None:
            known = table.column("known_at").cast(pa.int64()).to_pylist()
            names, shares = (table.column(c).to_pylist() for c in ("merchant_id", "shares"))
            for row, (name, yes, us) in enumerate(zip(names, shares, known, strict=True)):
                _refuse_unknown(row, merchant_id=name, shares=yes, known_at=us)
                self._known[name].append((us, yes))
        for choices in self._known.values():
            choices.sort()

    def shares(self, merchant_id: str, placed_us: int) -> bool:
        """Whether an order placed then goes into the network: by what was known strictly before."""
        choices = self._known.get(merchant_id)
        if not choices:
            return False
        at = bisect_left(choices, (placed_us, False))
        return at > 0 and choices[at - 1][1]


def _refuse_unknown(row: int, **values: object) -> None:
    for column, value in values.items():
        if value is None:
            raise DataError("is empty; say it", file="consents", row=row + 1, column=column)

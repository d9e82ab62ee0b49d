"""The feature row of one order: what it says by itself, and what the log knows of its keys."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from features.address_findings import suggested_pincode
from features.catalogue import CATALOGUE, signals_of
from features.directory import Directory
from features.history.fact import FIRST_WHERE, FIRST_WHO, Fact, fact_of
from features.history.reader import Evidence, Reader
from features.history.where import WindowTable
from features.keys import ABSENT, Hasher, Keys, first_person_of, keys_of, order_key, person_of
from features.order import Order
from features.place import Place
from features.row import Row, row_values
from features.tokens import tokens_of
from serving.ledger import Ledger

# An order that is being decided has no number yet, and no order of the log has this one.
UNNUMBERED = 0
_SLIPPED = [
    i for i, f in enumerate(CATALOGUE) if f.name in ("pincode_slip", "address_other_pincode")
]


class Identity(NamedTuple):
    """Who and where an order is, as history counts it.

    ``person`` is whose comparison arm it is in: a key that no rotation of the hash key changes.
    """

    place: Place
    fact: Fact
    person: int


class Alone(NamedTuple):
    """What an order says by itself."""

    signals: tuple[float, ...]
    tokens: tuple[str, ...]


class Past(NamedTuple):
    """What the log knew of an order's keys."""

    values: np.ndarray[tuple[int], np.dtype[np.float64]]
    evidence: Evidence


class Rows:
    """Makes rows; one per thread, since the reading of history keeps buffers.

    Parameters
    ----------
    directory : Directory
    hasher : Hasher
        Of the installation's secret.
    """

    def __init__(self, directory: Directory, hasher: Hasher) -> None:
        self.directory = directory
        self._hasher = hasher
        self._reader = Reader()

    def suggested_pincode(self, order: Order, identity: Identity, row: Row) -> str | None:
        """The pincode that the customer may have meant, where the row hints at one."""
        if any(row.values[i] == 1.0 for i in _SLIPPED):
            return suggested_pincode(order, self.directory, identity.place)
        return None

    def identity(self, order: Order, number: int = UNNUMBERED, *, shares: bool = False) -> Identity:
        """The keys of an order as a fact.

        Parameters
        ----------
        number : int
            That of an order scored again, which must not see its earlier revision among the
            orders of its own keys.
        shares : bool
            Whether its merchant shares into the network.
        """
        place = self.directory.place(order.pincode)
        keys = keys_of(order, place, self._hasher, shares=shares)
        return Identity(place, fact_of(order, keys, number), self._person(order, keys))

    @property
    def rotated(self) -> bool:
        """Whether a person's key is another one than it was at first."""
        return self._hasher.rotated

    def _person(self, order: Order, keys: Keys) -> int:
        if self.rotated:
            return first_person_of(order, self._hasher)
        return person_of(keys, ABSENT) or order_key(order.merchant_id, order.order_id)

    def want(self, identity: Identity, ledger: Ledger) -> None:
        """Soon the past of these keys will be read."""
        ledger.want(identity.fact[FIRST_WHO:FIRST_WHERE])

    def past(self, identity: Identity, ledger: Ledger, windows: WindowTable, as_of_us: int) -> Past:
        """Read history as the ledger and the fold have it."""
        fact, reader = identity.fact, self._reader
        records = ledger.read(fact[FIRST_WHO:FIRST_WHERE].tolist())
        near = reader.linked(fact, records, windows, as_of_us)
        values = reader.read(ledger.read([link.key for link in near]))
        return Past(values, reader.evidence())

    def alone(self, order: Order, identity: Identity) -> Alone:
        """What the order says by itself; no past is needed for it."""
        signals = signals_of(order, identity.place, self.directory)
        return Alone(signals, tokens_of(order, identity.place))

    def row(self, order: Order, identity: Identity, past: Past) -> Row:
        """The row a model reads."""
        return joined(self.alone(order, identity), past)


def joined(alone: Alone, past: Past) -> Row:
    """What an order says by itself and what its keys' past says, as one row."""
    return Row(row_values(alone.signals, past.values), alone.tokens)

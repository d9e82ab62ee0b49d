"""What reaches the log only after its person was erased: the order counts, and names nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.history.fact import FIRST_WHERE, FIRST_WHO
from features.keys import ABSENT
from serving.store.contacts import Contacts
from serving.store.erased import REMEMBERED_US, erased_after, erased_since, order_erased_since
from serving.store.log import Log
from serving.store.orders import Held
from serving.upkeep.tombstones import buried


@dataclass(frozen=True, slots=True)
class Latecomer:
    """An order's keys and what is sealed of it, as they may come into the log now.

    Parameters
    ----------
    fact : ndarray of int64
    personal : bytes or None
        None where the person has been erased since the decision read the log.
    """

    fact: NDArray[np.int64]
    personal: bytes | None

    def keep(self, log: Log, held: Held, contacts: Contacts, now_us: int) -> None:
        """Seal the personal part beside the order, or say that it was erased."""
        if self.personal is None:
            log.append("erased", {}, at_us=now_us, known_us=now_us, order=held)
        else:
            contacts.keep(log.connection, held.fact_seq, self.personal)


def latecomer(
    log: Log,
    fact: NDArray[np.int64],
    personal: bytes,
    *,
    read_seq: int,
    test: bool,
    number: int | None = None,
    waited_us: int = 0,
) -> Latecomer:
    """See whether an erasure came between a decision and its transaction.

    Parameters
    ----------
    read_seq : int
        How far the decision had read the log.
    test : bool
        A test order's keys are its own alone: any erasure in between takes its details along.
    number : int, optional
        Of the order, where it is a revision.
    waited_us : int
        How long it has been on its way: past what is remembered, it is taken for erased.
    """
    gone = waited_us > REMEMBERED_US
    if log.erased_seq > read_seq:
        keys, connection = _keys(fact), log.connection
        gone = gone or test or erased_since(connection, keys, read_seq)
        if number is not None:
            gone = gone or order_erased_since(connection, number, read_seq)
    return Latecomer(buried(fact), None) if gone else Latecomer(fact, personal)


def past_comer(log: Log, fact: NDArray[np.int64], personal: bytes, placed_us: int) -> Latecomer:
    """A past order that is imported: whoever was erased since it was placed is not brought back.

    An erasure is remembered for ninety days, under the hash key in force; an import after that
    names people anew, and so does an order that was placed after the erasure.
    """
    gone = log.erased_seq > 0 and erased_after(log.connection, _keys(fact), placed_us)
    return Latecomer(buried(fact), None) if gone else Latecomer(fact, personal)


def _keys(fact: NDArray[np.int64]) -> set[int]:
    return set(fact[FIRST_WHO:FIRST_WHERE].tolist()) - {ABSENT}

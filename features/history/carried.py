"""The facts of orders taken out of a log, each still counting from the position where it stood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.history.fact import FACT_COLUMNS, FACT_SIZE, NUMBER
from features.history.states import ABSENT

Integers = NDArray[np.int64]

CARRIED_COLUMNS = (*FACT_COLUMNS, "state", "seq", "known_us")
SETTLED_COLUMNS = ("settled_seq", "settled_us")
CARRIED_SIZE = len(CARRIED_COLUMNS)
_STATE, _SEQ, _KNOWN_US = range(FACT_SIZE, CARRIED_SIZE)


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """Facts of orders whose events are gone, revised ones included, with their last state.

    A reader who knows everything up to ``settled_seq`` (or all that was known at ``settled_us``)
    counts them exactly as before; what an earlier reader saw of them cannot be told any more.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_facts, CARRIED_SIZE)
        Under the names of ``CARRIED_COLUMNS``; ``seq`` and ``known_us`` are those of the
        ``placed`` or ``revised`` that brought the fact, ``state`` is the order's last.
    settled_seq, settled_us : int
        Last position and last known time of any event of these orders; -1 where there are none.
    """

    rows: Integers
    settled_seq: int = -1
    settled_us: int = -1

    @classmethod
    def nothing(cls) -> Carried:
        """No order has been taken out."""
        return cls(np.empty((0, CARRIED_SIZE), np.int64))

    @property
    def facts(self) -> Integers:
        """The facts, shape (n_facts, FACT_SIZE)."""
        return self.rows[:, :FACT_SIZE]

    @property
    def states(self) -> Integers:
        """The last state of each fact's order."""
        return self.rows[:, _STATE]

    @property
    def seqs(self) -> Integers:
        """Where each fact stood in the log."""
        return self.rows[:, _SEQ]

    @property
    def known_us(self) -> Integers:
        """When each fact was known."""
        return self.rows[:, _KNOWN_US]

    def newest(self, until: int | None = None) -> tuple[Integers, Integers]:
        """The fact in force of every order (at a position), and the states."""
        rows = self.rows if until is None else self.rows[self.seqs <= until]
        rows = rows[np.argsort(rows[:, _SEQ], kind="stable")[::-1]]
        _, last = np.unique(rows[:, NUMBER], return_index=True)
        return rows[last, :FACT_SIZE], rows[last, _STATE]

    def changes(self, at: Integers) -> tuple[Integers, Integers, Integers, Integers]:
        """What the facts do to history, in the order of ``at``.

        A revised order is taken away from its earlier fact, as it was when it was revised: which
        64 orders a who-record holds depends on that.

        Parameters
        ----------
        at : ndarray of int64, shape (n_facts,)
            ``seqs`` or ``known_us``.

        Returns
        -------
        row, before, after, at : ndarray of int64, shape (n_changes,)
            As in ``features.history.replay.Log``, and where each change stands.
        """
        by = np.argsort(at, kind="stable")
        earlier = _earlier_of_same(self.rows[by, NUMBER])
        state, absent = self.states[by], np.full(len(by), ABSENT)
        keep = np.stack([earlier >= 0, np.ones(len(by), bool)], axis=1)
        row = np.stack([by[earlier] if len(by) else by, by], axis=1)
        before, after = np.stack([state, absent], axis=1), np.stack([absent, state], axis=1)
        return row[keep], before[keep], after[keep], np.repeat(at[by], keep.sum(axis=1))


def _earlier_of_same(numbers: Integers) -> Integers:
    """The last place before each one that holds the same number; -1 where there is none."""
    order = np.argsort(numbers, kind="stable")
    same = numbers[order[1:]] == numbers[order[:-1]]
    earlier = np.full(len(numbers), -1)
    earlier[order[1:][same]] = order[:-1][same]
    return earlier

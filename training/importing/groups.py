"""Which rows belong to which order, and what a column of rows says of each order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Numbers = np.ndarray


@dataclass
class Groups:
    """Which rows of a table belong to which order, orders in the order of their first row.

    Attributes
    ----------
    code : int array of shape (n_rows,)
        The order of each row.
    first : int array of shape (n_orders,)
        The first row of each order.
    main : int array of shape (n_orders,)
        The row of each order's main line: the largest line total, the first on a tie.
    """

    code: Numbers
    first: Numbers
    main: Numbers

    @classmethod
    def of(cls, keys: pa.Array, totals: Numbers | None = None) -> Groups:
        """Group rows by key; ``totals`` (paise, −1 unknown) says which line is the main one."""
        code = keys.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
        _, first = np.unique(code, return_index=True)
        main = first
        if totals is not None and len(code):
            by_total = np.lexsort((np.arange(len(code)), -totals, code))
            starts = np.flatnonzero(np.diff(code[by_total], prepend=-1))
            main = by_total[starts]
        return cls(code, first, main)

    def __len__(self) -> int:
        return len(self.first)

    def sizes(self) -> Numbers:
        """Rows per order."""
        return np.bincount(self.code, minlength=len(self))

    def first_filled(self, values: pa.ChunkedArray) -> pa.Array:
        """Each order's first value that is not null."""
        filled = np.flatnonzero(pc.is_valid(values).combine_chunks().to_numpy(zero_copy_only=False))
        at = np.full(len(self), -1, np.int64)
        at[self.code[filled[::-1]]] = filled[::-1]
        return values.take(pa.array(at, pa.int64(), mask=at < 0)).combine_chunks()

    def of_main(self, values: pa.ChunkedArray) -> pa.Array:
        """The value of each order's main line."""
        return values.take(pa.array(self.main, pa.int64())).combine_chunks()

    def total(self, values: pa.ChunkedArray) -> pa.Array:
        """Each order's sum; unknown where one line's value is: a part is no sum."""
        valid = pc.is_valid(values).combine_chunks().to_numpy(zero_copy_only=False)
        numbers = pc.fill_null(values, 0).combine_chunks().to_numpy(zero_copy_only=False)
        sums = np.zeros(len(self), numbers.dtype)
        np.add.at(sums, self.code, numbers)
        unknown = np.zeros(len(self), bool)
        unknown[self.code[~valid]] = True
        return pa.array(sums, values.type, mask=unknown)

    def joined(self, values: pa.ChunkedArray) -> pa.Array:
        """Each order's distinct parts of ``|``-separated texts, in the order of its rows."""
        first = self.first_filled(values)
        mixed = self.differing(values)
        if not len(mixed):
            return first
        texts = first.to_pylist()
        wanted = np.flatnonzero(np.isin(self.code, mixed))
        parts: dict[int, dict[str, None]] = {}
        for row, text in zip(wanted, values.take(pa.array(wanted)).to_pylist(), strict=True):
            found = parts.setdefault(int(self.code[row]), {})
            found.update(dict.fromkeys((text or "").split("|") if text else ()))
        for order, found in parts.items():
            texts[order] = "|".join(found)
        return pa.array(texts, pa.string()).dictionary_encode()

    def differing(self, values: pa.ChunkedArray) -> Numbers:
        """The orders whose filled values are not all the same."""
        values = comparable(values)
        firsts = self.first_filled(values).take(pa.array(self.code))
        other = pc.fill_null(pc.not_equal(values, firsts), False)
        return np.unique(
            self.code[np.flatnonzero(other.combine_chunks().to_numpy(zero_copy_only=False))]
        )


def comparable(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Values that can be tested for equality: of texts kept once each, their numbers."""
    if not pa.types.is_dictionary(values.type):
        return values
    return pa.chunked_array([values.combine_chunks().indices])

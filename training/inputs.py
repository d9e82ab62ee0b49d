"""Which columns and tokens a model may read, chosen without looking at any outcome."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from features.errors import SettingsError
from features.tokens import TOKEN_REASONS
from models.uncertainty import ORDERS, PENDING
from training.labels import Floats, Ints

if TYPE_CHECKING:
    from training.matrix import Matrix, Words

MOST_FLAGS = 96
FLAG_SHARE = 0.01
FEWEST_FLAG_ROWS = 50
FEWEST_TOKEN_ROWS = 5
IDENTITIES = frozenset({"phone", "email", "device", "ip", "address", "customer"})
CHUNK = 8_192
LINKING = frozenset({"phone", "device", "address"})


@dataclass(frozen=True, slots=True)
class Inputs:
    """The names a model reads, in the order of its columns.

    Parameters
    ----------
    features : tuple of str
        Catalogue features, in catalogue order.
    flags : tuple of str
        Frequent tokens that the trees see as 0/1 columns after the features.
    extras : tuple of str
        Numeric extra columns, after the flags.
    tokens : tuple of str
        Tokens that the linear part has a coefficient for.
    """

    features: tuple[str, ...]
    flags: tuple[str, ...]
    extras: tuple[str, ...]
    tokens: tuple[str, ...]


class Table:
    """A matrix with its tokens indexed, from which models take their columns.

    Parameters
    ----------
    matrix : Matrix
        Every order of the folder, with as-of features.
    extra : sequence of str
        Extra columns that may be read; categories among them become tokens ``x:column=value``.
    exclude : sequence of str
        Feature groups, feature names or token kinds to leave out.

    Raises
    ------
    SettingsError
        For an unknown extra column or a name that excludes nothing.
    """

    def __init__(
        self, matrix: Matrix, *, extra: Sequence[str] = (), exclude: Sequence[str] = ()
    ) -> None:
        unknown = [name for name in extra if name not in matrix.extras]
        if unknown:
            have = ", ".join(sorted(matrix.extras)) or "none"
            raise SettingsError(
                f"extra column {unknown[0]} is not known at order time in this data folder;"
                f" it has: {have}"
            )
        _refuse_idle(matrix, exclude)
        kept = [name for name in extra if name not in exclude]
        self.orders = matrix.orders
        self.numeric = {
            n: np.asarray(matrix.extras[n], dtype=np.float64)
            for n in kept
            if matrix.extras[n].dtype.kind in "fiub"
        }
        self.vocabulary, self.index = _indexed(matrix.tokens, frozenset(kept), frozenset(exclude))
        self._column = {
            f.name: i
            for i, f in enumerate(matrix.features)
            if not _excluded(f.name, f.group, exclude)
        }
        self.names = tuple(self._column)
        self.catalogue = matrix.features
        self._values = matrix.values

    def numbers(self, inputs: Inputs, rows: Ints) -> Floats:
        """The features, then the numeric extras, that a model reads: (n_rows, n_numbers).

        Features are held in 32 bits, so these are too, unless there are extras.
        """
        dtype = np.float64 if inputs.extras else self._values.dtype
        out = np.empty((len(rows), len(inputs.features) + len(inputs.extras)), dtype)
        width = len(inputs.features)
        columns = [self._column[name] for name in inputs.features]
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            # Whole rows first: one column at a time would fetch every row once per column.
            out[part, :width] = self._values[rows[part]][:, columns]
        for j, name in enumerate(inputs.extras, width):
            out[:, j] = self.numeric[name][rows]
        return out

    @property
    def merchants(self) -> np.ndarray:
        """The merchant of every order, as text."""
        return self.orders["merchant_id"].to_numpy(dtype=object)

    def known_outcomes(self, rows: Ints) -> Floats:
        """How many outcomes of its customer were known when each order was placed, (n_rows,)."""
        places = {feature.name: i for i, feature in enumerate(self.catalogue)}
        columns = [places[name] for name in (ORDERS, PENDING)]
        seen = np.nan_to_num(self._values[rows][:, columns].astype(np.float64))
        return np.maximum(seen[:, 0] - seen[:, 1], 0.0)

    def kinds(self, inputs: Inputs, gaps: np.ndarray) -> tuple[str, ...]:
        """The kind of every column of the linear part: numbers, gaps, then tokens."""
        groups = {f.name: f.group for f in self.catalogue}
        numbers = [f"numbers of {groups[name]}" for name in inputs.features]
        own = ["own numbers"] * len(inputs.extras)
        words = [token.partition("=")[0] for token in inputs.tokens]
        return (*numbers, *own, *["unknown"] * int(gaps.sum()), *words)

    def inputs(self, rows: Ints) -> Inputs:
        """Choose columns that vary and tokens that recur; outcomes are not looked at."""
        found = self.index[rows]
        counts = np.asarray(found.sum(axis=0, dtype=np.int64)).reshape(-1)
        tokens = np.flatnonzero(counts >= FEWEST_TOKEN_ROWS)
        return Inputs(
            features=tuple(n for n, i in self._column.items() if _varies(self._values[rows, i])),
            flags=tuple(self.vocabulary[j] for j in _flags(found, counts)),
            extras=tuple(n for n, column in self.numeric.items() if _varies(column[rows])),
            tokens=tuple(self.vocabulary[j] for j in tokens),
        )

    def tokens(self, names: Sequence[str], rows: Ints) -> sparse.csr_matrix:
        """0/1 columns of the named tokens, sparse, shape (n_rows, n_names)."""
        column = np.full(len(self.vocabulary), -1, np.int32)
        for k, name in enumerate(names):
            j = bisect_left(self.vocabulary, name)
            if j < len(self.vocabulary) and self.vocabulary[j] == name:
                column[j] = k
        found = self.index[rows]
        at = column[found.indices] if len(column) else np.empty(0, dtype=np.int32)
        keep = at >= 0
        at = at[keep]
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep)])[found.indptr]
        del found, keep
        chosen = sparse.csr_matrix((np.ones(len(at)), at, ends), shape=(len(rows), len(names)))
        chosen.sort_indices()
        return chosen

    def tree_columns(self, inputs: Inputs, rows: Ints) -> Floats:
        """Features, then flags, then numeric extras: the trees' columns in bundle order."""
        numbers, width = self.numbers(inputs, rows), len(inputs.features)
        flags = self.tokens(inputs.flags, rows).astype(numbers.dtype).toarray()
        return np.hstack([numbers[:, :width], flags, numbers[:, width:]])


def _varies(column: np.ndarray) -> bool:
    """Whether a column holds at least two values, unknown counting as one."""
    known = column[~np.isnan(column)]
    return 0 < len(known) < len(column) or (len(known) > 0 and bool(known.min() < known.max()))


def _indexed(
    words: Words, extra: frozenset[str], exclude: frozenset[str]
) -> tuple[tuple[str, ...], sparse.csr_matrix]:
    """The tokens a model may read, sorted, and a sparse 0/1 matrix of which order has which."""
    names = sorted(t for t in words.vocabulary if _allowed(t, extra, exclude))
    place = {name: j for j, name in enumerate(names)}
    column = np.array([place.get(token, -1) for token in words.vocabulary], dtype=np.int64)
    row = np.repeat(np.arange(len(words)), np.diff(words.starts))
    at = column[words.codes] if len(column) else np.empty(0, dtype=np.int64)
    keep = at >= 0
    pairs = (row[keep], at[keep])
    ones = np.ones(len(pairs[0]), np.int8)
    index = sparse.csr_matrix((ones, pairs), shape=(len(words), len(names)))
    index.data[:] = 1
    return tuple(names), index


def _allowed(token: str, extra: frozenset[str], exclude: frozenset[str]) -> bool:
    """Whether a token's kind is neither excluded nor an extra column that nobody vouched for."""
    kind = token.partition("=")[0]
    if kind.startswith("x:") and kind[2:] not in extra:
        return False
    return not {kind, kind + "s", kind.removeprefix("x:")} & exclude


def _flags(found: sparse.csr_matrix, counts: Floats) -> list[int]:
    """Frequent tokens as tree columns: each pattern once, the most evenly split first."""
    n = found.shape[0]
    least = max(FEWEST_FLAG_ROWS, FLAG_SHARE * n)
    frequent = np.flatnonzero((counts >= least) & (n - counts >= FEWEST_FLAG_ROWS))
    columns = found[:, frequent].tocsc()
    seen: set[bytes] = set()
    kept: list[int] = []
    for j in np.argsort(-counts[frequent] * (n - counts[frequent]), kind="stable"):
        rows = np.sort(columns.indices[columns.indptr[j] : columns.indptr[j + 1]])
        pattern = rows.tobytes()
        if pattern not in seen and len(kept) < MOST_FLAGS:
            seen.add(pattern)
            kept.append(int(frequent[j]))
    return sorted(kept)


def _excluded(name: str, group: str, exclude: Sequence[str]) -> bool:
    """Whether a feature is of an excluded group, or is or begins with an excluded name.

    An excluded identity takes with it whatever else was counted by it: without ``device`` there is
    neither ``phone_devices`` nor what the neighbourhood, found through devices too, has done.
    """
    words = {word.removesuffix("s") for word in exclude} | set(exclude)
    if group in words or name in words or any(name.startswith(f"{word}_") for word in words):
        return True
    linked = group == "linked" and not words.isdisjoint(LINKING)
    return linked or any(re.search(rf"_{word}(s|es)?(_|$)", name) for word in words & IDENTITIES)


def _refuse_idle(matrix: Matrix, exclude: Sequence[str]) -> None:
    """A name that excludes nothing is a typing mistake; say what there is."""
    groups = {f.group for f in matrix.features}
    names = {f.name for f in matrix.features} | set(matrix.extras)
    kinds = {token.partition("=")[0] for token in matrix.tokens.vocabulary} | set(TOKEN_REASONS)
    for name in exclude:
        if name not in groups | names | kinds | {f"{kind}s" for kind in kinds}:
            raise SettingsError(
                f"exclude: {name} is no feature, group or token kind of this data; groups are"
                f" {', '.join(sorted(groups))}"
            )

"""The sum of all trees for one row or many, by bit vectors, or by walking where trees are wide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from models.scorer import Floats
from models.trees import DEFAULT_LEFT, MISSING_NAN, MISSING_ZERO, ZERO, Tree

WORD = 64
"""Leaves whose state fits one machine word."""

_ALL = (1 << WORD) - 1

N = TypeVar("N", bound=np.generic)


class Nodes(NamedTuple):
    """All inner nodes of all trees, end to end; children are absolute, leaves ``~leaf``."""

    root: NDArray[np.int32]
    column: NDArray[np.int32]
    threshold: Floats
    kind: NDArray[np.uint8]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    leaf: Floats


class Bits(NamedTuple):
    """The trees as tests by column, for QuickScorer (Lucchese et al., SIGIR 2015).

    A test that sends a row right rules out the leaves of its left subtree; what is left of a
    tree's word after all its tests begins with the leaf the row ends in. Tests on a number are
    sorted by threshold and end at the first that holds. What zero and missing values rule out does
    not depend on the row, so it is joined beforehand: ``fixed`` 2·column is for missing,
    2·column + 1 for zero.
    """

    start: NDArray[np.int32]
    threshold: Floats
    tree: NDArray[np.uint16]
    keeps: NDArray[np.uint64]
    fixed_start: NDArray[np.int32]
    fixed_tree: NDArray[np.uint16]
    fixed_keeps: NDArray[np.uint64]
    leaf: Floats
    leaf_start: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Trees ready to score: ``raw`` equals ``Booster.predict(raw_score=True)``."""

    trees: tuple[Tree, ...]
    n_columns: int
    nodes: Nodes
    bits: Bits | None

    @classmethod
    def of(cls, trees: Sequence[Tree], *, n_columns: int) -> Forest:
        """Lay the trees out; no trees at all score 0."""
        narrow = all(tree.n_leaves <= WORD for tree in trees) and len(trees) <= 0xFFFF
        return cls(
            trees=tuple(trees),
            n_columns=n_columns,
            nodes=_nodes(trees),
            bits=_bits(trees, n_columns) if narrow else None,
        )

    @property
    def expected(self) -> float:
        """The average raw score over the training rows, by leaf counts."""
        return sum(tree.expected() for tree in self.trees)

    def raw(self, x: Floats) -> float:
        """The raw score of one row of shape (n_columns,)."""
        return _score(x, self.bits) if self.bits else _walk(x, self.nodes)

    def raw_many(self, rows: Floats) -> Floats:
        """The raw scores of C-ordered rows of shape (n_rows, n_columns)."""
        scores = np.empty(len(rows))
        if self.bits:
            _score_many(rows, self.bits, scores)
        else:
            _walk_many(rows, self.nodes, scores)
        return scores


def _nodes(trees: Sequence[Tree]) -> Nodes:
    """Put the trees' arrays end to end."""
    roots, lefts, rights = [], [], []
    inner = leaves = 0
    for tree in trees:
        roots.append(inner if tree.n_leaves > 1 else ~leaves)
        lefts.append(np.where(tree.left >= 0, tree.left + inner, tree.left - leaves))
        rights.append(np.where(tree.right >= 0, tree.right + inner, tree.right - leaves))
        inner, leaves = inner + tree.n_leaves - 1, leaves + tree.n_leaves
    return Nodes(
        root=np.array(roots, dtype=np.int32),
        column=_joined([tree.column for tree in trees], np.int32),
        threshold=_joined([tree.threshold for tree in trees], np.float64),
        kind=_joined([tree.kind for tree in trees], np.uint8),
        left=_joined(lefts, np.int32),
        right=_joined(rights, np.int32),
        leaf=_joined([tree.leaf_value for tree in trees], np.float64),
    )


def _joined(parts: Sequence[NDArray[Any]], kind: type[N]) -> NDArray[N]:
    """Arrays end to end; an empty one for no parts."""
    return np.concatenate([np.empty(0, dtype=kind), *parts]).astype(kind)


def _bits(trees: Sequence[Tree], n_columns: int) -> Bits:
    """Sort all tests by column and threshold, and join what missing and zero rule out."""
    tests: list[list[tuple[float, int, int]]] = [[] for _ in range(n_columns)]
    fixed: list[dict[int, int]] = [{} for _ in range(2 * n_columns)]
    leaves: list[float] = []
    leaf_start: list[int] = []
    for number, tree in enumerate(trees):
        order, keeps = _leaf_order(tree)
        leaf_start.append(len(leaves))
        leaves += tree.leaf_value[order].tolist()
        for node, word in keeps.items():
            column = int(tree.column[node])
            tests[column].append((float(tree.threshold[node]), number, word))
            for value, joined in zip(
                (np.nan, 0.0), fixed[2 * column : 2 * column + 2], strict=True
            ):
                if not goes_left(value, float(tree.threshold[node]), int(tree.kind[node])):
                    joined[number] = joined.get(number, _ALL) & word
    flat = [test for column in tests for test in sorted(column)]
    flat_fixed = [item for joined in fixed for item in joined.items()]
    return Bits(
        start=_starts(tests),
        threshold=np.array([test[0] for test in flat], dtype=np.float64),
        tree=np.array([test[1] for test in flat], dtype=np.uint16),
        keeps=np.array([test[2] for test in flat], dtype=np.uint64),
        fixed_start=_starts(fixed),
        fixed_tree=np.array([item[0] for item in flat_fixed], dtype=np.uint16),
        fixed_keeps=np.array([item[1] for item in flat_fixed], dtype=np.uint64),
        leaf=np.array(leaves, dtype=np.float64),
        leaf_start=np.array(leaf_start, dtype=np.int32),
    )


def _starts(groups: Sequence[Sequence[object] | dict[int, int]]) -> NDArray[np.int32]:
    """Where each group begins once they lie end to end, and the end."""
    return np.cumsum([0, *(len(group) for group in groups)]).astype(np.int32)


def _leaf_order(tree: Tree) -> tuple[list[int], dict[int, int]]:
    """Leaves from left to right, and per inner node the word that rules its left subtree out."""
    order: list[int] = []
    first: dict[int, int] = {}
    for node in tree.preorder():
        first[node] = len(order)
        if node < 0:
            order.append(~node)
    keeps = {}
    for node in range(tree.n_leaves - 1):
        low, high = first[node], first[int(tree.right[node])]
        keeps[node] = _ALL & ~(((1 << high) - 1) & ~((1 << low) - 1))
    return order, keeps


@compiled
def goes_left(value: float, threshold: float, kind: int) -> bool:
    """LightGBM's decision at one numerical split (``Tree::NumericalDecision``)."""
    if value != value:
        if kind & MISSING_NAN:
            return (kind & DEFAULT_LEFT) != 0
        value = 0.0
    if -ZERO <= value <= ZERO:
        value = 0.0
        if kind & MISSING_ZERO:
            return (kind & DEFAULT_LEFT) != 0
    return value <= threshold


@compiled
def _walk(x: Floats, nodes: Nodes) -> float:
    """The sum over trees, in tree order, each walked from its root."""
    total = 0.0
    for root in nodes.root:
        node = root
        while node >= 0:
            if goes_left(x[nodes.column[node]], nodes.threshold[node], nodes.kind[node]):
                node = nodes.left[node]
            else:
                node = nodes.right[node]
        total += nodes.leaf[~node]
    return total


@compiled
def _walk_many(rows: Floats, nodes: Nodes, scores: Floats) -> None:
    """Walk every row."""
    for i in range(len(rows)):
        scores[i] = _walk(rows[i], nodes)


# Lowest set bit of a word by de Bruijn multiplication: numba offers no count of trailing zeros.
_DE_BRUIJN = 0x022FDD63CC95386D
_SEQUENCE = np.uint64(_DE_BRUIJN)
_SHIFT = np.uint64(WORD - 6)
_ONE = np.uint64(1)
_POSITION = np.zeros(WORD, dtype=np.int8)
for _bit in range(WORD):
    _POSITION[((_DE_BRUIJN << _bit) & _ALL) >> (WORD - 6)] = _bit


@compiled
def _score(x: Floats, bits: Bits) -> float:
    """The sum over trees, in tree order, each by its word of leaves still possible."""
    words = np.full(len(bits.leaf_start), ~np.uint64(0), dtype=np.uint64)
    for column in range(len(bits.start) - 1):
        value = x[column]
        missing = value != value
        if missing or -ZERO <= value <= ZERO:
            group = 2 * column + (0 if missing else 1)
            for j in range(bits.fixed_start[group], bits.fixed_start[group + 1]):
                words[bits.fixed_tree[j]] &= bits.fixed_keeps[j]
        else:
            for j in range(bits.start[column], bits.start[column + 1]):
                if value <= bits.threshold[j]:
                    break
                words[bits.tree[j]] &= bits.keeps[j]
    total = 0.0
    for tree in range(len(words)):
        word = words[tree]
        lowest = word & (~word + _ONE)
        total += bits.leaf[bits.leaf_start[tree] + _POSITION[(lowest * _SEQUENCE) >> _SHIFT]]
    return total


@compiled
def _score_many(rows: Floats, bits: Bits, scores: Floats) -> None:
    """Score every row."""
    for i in range(len(rows)):
        scores[i] = _score(rows[i], bits)

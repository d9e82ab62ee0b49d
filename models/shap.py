"""Exact path-dependent TreeSHAP, by integrating over the chance that a feature is known.

A feature's Shapley value is the integral, over t from 0 to 1, of what knowing it adds when every
other feature is known with chance t (Owen 1972). For one leaf with value v this reads

    φ_i = v · (o_i − z_i) · ∫ Π_{j≠i} (t·o_j + (1−t)·z_j) dt,

where o_j says whether the row passes all splits of feature j on the leaf's path and z_j is the
share of training rows that do. The integrand is a polynomial of lower degree than the path has
features, so that n Gauss–Legendre points are exact for paths of 2n features. The leaves of a tree
share their products: one pass from the root multiplies them up, one pass back adds them and hands
each split its part, dividing out the factor of its own feature. Where a feature splits again
below, the lower split's factor replaces the upper's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from models.forest import goes_left
from models.lanes import LANES, inverse, load, minus, plus, scaled, store, times
from models.scorer import Floats
from models.trees import Tree

_LEFT_ALREADY = 2


class Paths(NamedTuple):
    """All inner nodes of all trees end to end, parents first; children are [left, right].

    Within a tree, products lie in slots: 0 leads into the root, 2i + 1 and 2i + 2 into the
    children of node i. Nodes are named from 1, and 0 stands for *no such node*. What belongs to a
    node lies side by side: it is read once an order, and there are thousands.

    Attributes
    ----------
    start : (n_trees + 1,)
        First node of each tree, and the end.
    test : (n_nodes, 5) of whole numbers
        ``COLUMN`` and ``KIND`` of the test; ``SLOT`` that leads into the node; ``ABOVE`` the
        nearest node above that tests the same column, and ``SIDE`` which of its children leads
        here.
    number : (n_nodes, 6)
        ``THRESHOLD``; from ``SHARE`` on, per child, the share of rows that pass this column's
        tests down to it; from ``VALUE`` on the child's leaf value, or 1 when it is a node;
        ``BEFORE``, the share of rows that pass this column's tests above.
    cut : (n_trees + 1,)
        First block of quadrature points of each tree, and the end.
    point, weight : (n_blocks, 8)
        Gauss–Legendre on [0, 1].
    """

    start: NDArray[np.int64]
    test: NDArray[np.uint16] | NDArray[np.uint32]
    number: Floats
    cut: NDArray[np.int64]
    point: Floats
    weight: Floats


COLUMN, KIND, SLOT, ABOVE, SIDE = range(5)
THRESHOLD, SHARE, VALUE, BEFORE = 0, 1, 3, 5


@dataclass(frozen=True, slots=True, eq=False)
class Explainer:
    """TreeSHAP of a forest, equal to LightGBM's ``pred_contrib`` without its base value."""

    n_columns: int
    paths: Paths

    @classmethod
    def of(cls, trees: Sequence[Tree], *, n_columns: int) -> Explainer:
        """Lay out what does not depend on the row."""
        return cls(n_columns=n_columns, paths=_paths([t for t in trees if t.n_leaves > 1]))

    def contributions(self, x: Floats) -> Floats:
        """What each column adds to the raw score of one row, shape (n_columns,).

        They sum to the raw score less ``Forest.expected``.
        """
        return _contributions(x, self.paths)


class _Node(NamedTuple):
    """One node of ``Paths``, while it is built."""

    test: tuple[int, int, int, int, int]
    number: tuple[float, float, float, float, float, float]


class _Passed(NamedTuple):
    """How a path has fared with one column: the last node to test it, the side taken, the share."""

    node: int
    side: int
    share: float


_NOT_TESTED = _Passed(0, 0, 1.0)


def _paths(trees: Sequence[Tree]) -> Paths:
    """Lay all trees out end to end, with as many quadrature points as each needs."""
    nodes: list[_Node] = []
    start, cut = [0], [0]
    points: list[Floats] = []
    weights: list[Floats] = []
    for tree in trees:
        deepest = _lay_out(tree, nodes)
        start.append(len(nodes))
        point, weight = _quadrature(deepest)
        points.append(point)
        weights.append(weight)
        cut.append(cut[-1] + len(point))
    tests = np.array([node.test for node in nodes], dtype=np.int64).reshape(-1, 5)
    narrow = tests.max(initial=0) <= np.iinfo(np.uint16).max
    return Paths(
        start=np.array(start),
        test=tests.astype(np.uint16) if narrow else tests.astype(np.uint32),
        number=np.array([node.number for node in nodes], dtype=np.float64).reshape(-1, 6),
        cut=np.array(cut),
        point=np.concatenate([np.empty((0, LANES)), *points]),
        weight=np.concatenate([np.empty((0, LANES)), *weights]),
    )


def _quadrature(n_features: int) -> tuple[Floats, Floats]:
    """Points and weights on [0, 1], in rows of eight, exact for paths of that many features."""
    rows = -(-n_features // (2 * LANES))
    point, weight = np.polynomial.legendre.leggauss(rows * LANES)
    return (point.reshape(rows, LANES) + 1) / 2, weight.reshape(rows, LANES) / 2


def _lay_out(tree: Tree, nodes: list[_Node]) -> int:
    """Append a tree's inner nodes, and return the most features that one of its paths tests."""
    waiting: list[tuple[int, int, dict[int, _Passed]]] = [(0, 0, {})]
    placed = deepest = 0
    while waiting:
        number, slot, passed = waiting.pop()
        column, name = int(tree.column[number]), placed + 1
        before = passed.get(column, _NOT_TESTED)
        node = _node(tree, number, slot, before)
        nodes.append(node)
        deepest = max(deepest, len(passed | {column: before}))
        for side, child in ((1, int(tree.right[number])), (0, int(tree.left[number]))):
            if child >= 0:
                here = _Passed(name, side, node.number[SHARE + side])
                waiting.append((child, 2 * placed + 1 + side, passed | {column: here}))
        placed += 1
    return deepest


def _node(tree: Tree, number: int, slot: int, before: _Passed) -> _Node:
    """What is fixed about one inner node."""
    children = int(tree.left[number]), int(tree.right[number])
    left, right = (before.share * (tree.count(child) / tree.count(number)) for child in children)
    low, high = (1.0 if child >= 0 else float(tree.leaf_value[~child]) for child in children)
    return _Node(
        test=(int(tree.column[number]), int(tree.kind[number]), slot, before.node, before.side),
        number=(float(tree.threshold[number]), left, right, low, high, before.share),
    )


@compiled
def _contributions(x: Floats, paths: Paths) -> Floats:
    """Sum every tree's contributions by column."""
    widest = 0
    for tree in range(len(paths.start) - 1):
        widest = max(widest, paths.start[tree + 1] - paths.start[tree])
    taken = np.zeros(widest + 1, dtype=np.uint8)
    product = np.empty((2 * widest + 1, LANES))
    divided = np.ones((widest + 1, LANES))
    sums = np.zeros((len(x), LANES))
    for tree in range(len(paths.start) - 1):
        first, end = paths.start[tree], paths.start[tree + 1]
        _follow(x, paths, first, end, taken)
        for block in range(paths.cut[tree], paths.cut[tree + 1]):
            _down(paths, block, first, end, taken, product, divided)
            _up(paths, block, first, end, taken, product, divided, sums)
    contributions = np.empty(len(x))
    for column in range(len(x)):
        contributions[column] = np.sum(sums[column])
    return contributions


@compiled
def _follow(x: Floats, paths: Paths, first: int, end: int, taken: NDArray[np.uint8]) -> None:
    """Find the side the row takes at each node, or that it has failed this column's tests above."""
    for name in range(1, end - first + 1):
        node = first + name - 1
        left = goes_left(
            x[paths.test[node, COLUMN]], paths.number[node, THRESHOLD], paths.test[node, KIND]
        )
        still = taken[paths.test[node, ABOVE]] == paths.test[node, SIDE]
        taken[name] = (0 if left else 1) if still else _LEFT_ALREADY


@compiled
def _down(
    paths: Paths,
    block: int,
    first: int,
    end: int,
    taken: NDArray[np.uint8],
    product: Floats,
    divided: Floats,
) -> None:
    """Multiply the factors up along each path, and the leaf's value at its end.

    The factor of the child that the row takes is t + (1 − t)·z, kept inverted in ``divided``; of
    the other child it is (1 − t)·z.
    """
    known = load(paths.point, block)
    unknown = minus((1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0), known)
    store(product, 0, load(paths.weight, block))
    for name in range(1, end - first + 1):
        node, left, side = first + name - 1, 2 * name - 1, taken[name]
        above = load(product, paths.test[node, SLOT])
        if side == _LEFT_ALREADY:
            apart = np.divide(1.0, paths.number[node, BEFORE])
            low = paths.number[node, SHARE] * paths.number[node, VALUE] * apart
            high = paths.number[node, SHARE + 1] * paths.number[node, VALUE + 1] * apart
            store(product, left, scaled(above, low))
            store(product, left + 1, scaled(above, high))
        else:
            others = times(above, load(divided, paths.test[node, ABOVE]))
            factor = plus(known, scaled(unknown, paths.number[node, SHARE + side]))
            store(divided, name, inverse(factor))
            other = 1 - side
            store(
                product,
                left + side,
                scaled(times(others, factor), paths.number[node, VALUE + side]),
            )
            missed = paths.number[node, SHARE + other] * paths.number[node, VALUE + other]
            store(product, left + other, scaled(times(others, unknown), missed))


@compiled
def _up(
    paths: Paths,
    block: int,
    first: int,
    end: int,
    taken: NDArray[np.uint8],
    product: Floats,
    divided: Floats,
    sums: Floats,
) -> None:
    """Add the leaves up towards the root, crediting each split's column on the way.

    Per child, (o − z) over its factor: (1 − z)·divided where the row goes, −1 / (1 − t) where not,
    less the same for the tests above, which these replace.
    """
    unknown = minus((1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0), load(paths.point, block))
    missed = inverse(unknown)
    for name in range(end - first, 0, -1):
        node, left, side = first + name - 1, 2 * name - 1, taken[name]
        if side == _LEFT_ALREADY:
            store(
                product, paths.test[node, SLOT], plus(load(product, left), load(product, left + 1))
            )
        else:
            here, there = load(product, left + side), load(product, left + 1 - side)
            both = plus(here, there)
            gain = scaled(times(here, load(divided, name)), 1.0 - paths.number[node, SHARE + side])
            gain = minus(gain, times(there, missed))
            before = times(both, load(divided, paths.test[node, ABOVE]))
            gain = minus(gain, scaled(before, 1.0 - paths.number[node, BEFORE]))
            store(sums, paths.test[node, COLUMN], plus(load(sums, paths.test[node, COLUMN]), gain))
            store(product, paths.test[node, SLOT], both)

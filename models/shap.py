"""Exact path-dependent TreeSHAP, by integrating over the chance that a feature is known.

A feature's Shapley value is the integral, over t from 0 to 1, of what knowing it adds when every
other feature is known with chance t (Owen 1972). For one leaf with value v this reads

    φ_i = v · (o_i − z_i) · ∫ Π_{j≠i} (t·o_j + (1−t)·z_j) dt,

where o_j says whether the row passes all splits of feature j on the leaf's path and z_j is the
share of training rows that do. The integrand is a polynomial of lower degree than the path has
features, so that n Gauss–Legendre points are exact for paths of 2n features.

The leaves of a tree share their products. With u = 1 − t and m the share of rows that a node sends
where this row does not go, a pass towards the root gives each node's subtree the value
``V = V_here − u·m·(V_here − V_there)``, its average when each feature is known with chance t, and a
pass away from it the chance ``P`` of reaching each node: ``P·(1 − u·m)`` where the row goes and
``P·u·m`` where not. The split's feature is due ``P·m·(V_here − V_there)``. Where the feature was
tested above, and z rows of all passed with this one, m is z·m / (t + u·z) and what is due is
divided by t + u·z once more; where this row failed, the node only averages its children.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from models.lanes import LANES, Eight, inverse, load, minus, plus, room, scaled, store, times
from models.scorer import Floats
from models.trees import DEFAULT_LEFT, MISSING_NAN, MISSING_ZERO, ZERO, Tree

Taken: TypeAlias = NDArray[np.uint8]
_FAILED = 2


class Paths(NamedTuple):
    """All inner nodes of all trees end to end, parents first, and their leaves.

    An explanation passes over all of it, often from memory: the smaller, the faster.

    Attributes
    ----------
    tree : (n_trees + 1, 3)
        First ``NODE`` of each tree, first ``BLOCK`` of its quadrature points, first ``ROW`` of
        ``again``, and the ends. A tree has one leaf more than nodes.
    read : (n_reads, 2)
        Ways to read the row that tests share: a column, and LightGBM's decision bits.
    node : (n_nodes, 4) of whole numbers
        ``READ``; ``LEFT`` and ``RIGHT``, the children, which count within the tree, its leaves
        after its nodes; ``AGAIN``, its row in ``again``, or 0 where no node above tests the column.
    number : (n_nodes, 2)
        ``THRESHOLD``; ``SHARE`` of the node's training rows that go left.
    leaf : (n_leaves,)
        Values.
    again : (n_again + 1, 3)
        Nodes of a column tested before: the ``SPLIT``, the nearest one ``ABOVE`` of its column, and
        which ``SIDE`` of that leads here; nodes count within the tree.
    before : (n_again + 1,)
        The share of training rows that pass this column's tests above.
    quadrature : (2, n_blocks, 8)
        Points and weights of Gauss–Legendre on [0, 1].
    """

    tree: NDArray[np.int64]
    read: NDArray[np.int64]
    node: NDArray[np.uint16] | NDArray[np.uint32]
    number: Floats
    leaf: Floats
    again: NDArray[np.int64]
    before: Floats
    quadrature: Floats


NODE, BLOCK, ROW = range(3)
READ, LEFT, RIGHT, AGAIN = range(4)
THRESHOLD, SHARE = range(2)
SPLIT, ABOVE, SIDE = range(3)


@dataclass(frozen=True, slots=True, eq=False)
class Explainer:
    """TreeSHAP of a forest, equal to LightGBM's ``pred_contrib`` without its base value."""

    paths: Paths

    @classmethod
    def of(cls, trees: Sequence[Tree]) -> Explainer:
        """Lay out what does not depend on the row."""
        return cls(_paths([tree for tree in trees if tree.n_leaves > 1]))

    def contributions(self, x: Floats) -> Floats:
        """What each column adds to the raw score of one row, shape (n_columns,).

        They sum to the raw score less ``Forest.expected``.
        """
        return _contributions(x, self.paths)


def _paths(trees: Sequence[Tree]) -> Paths:
    """Lay all trees out end to end, with as many quadrature points as each needs."""
    tree_, again, before = [(0, 0, 1)], [(0, 0, 0)], [1.0]
    reads: dict[tuple[int, int], int] = {}
    nodes: list[tuple[int, int, int, int]] = []
    rules: list[Floats] = [np.empty((2, 0, LANES))]
    for tree in trees:
        passed, deepest = _passed(tree)
        for i, above in enumerate(passed):
            row = 0 if above is None else len(again)
            if above is not None:
                again.append((i, above.node, above.side))
                before.append(above.share)
            read = reads.setdefault((int(tree.column[i]), int(tree.kind[i])), len(reads))
            nodes.append(
                (read, _place(tree, int(tree.left[i])), _place(tree, int(tree.right[i])), row)
            )
        rules.append(_quadrature(deepest))
        tree_.append((len(nodes), tree_[-1][BLOCK] + rules[-1].shape[1], len(again)))
    whole = np.array(nodes, dtype=np.int64).reshape(-1, 4)
    narrow = whole.max(initial=0) <= np.iinfo(np.uint16).max
    numbers = [np.column_stack([tree.threshold, _shares(tree)]) for tree in trees]
    return Paths(
        tree=np.array(tree_),
        read=np.array(list(reads), dtype=np.int64).reshape(-1, 2),
        node=whole.astype(np.uint16) if narrow else whole.astype(np.uint32),
        number=np.concatenate([np.empty((0, 2)), *numbers]),
        leaf=np.concatenate([np.empty(0), *(tree.leaf_value for tree in trees)]),
        again=np.array(again),
        before=np.array(before),
        quadrature=np.concatenate(rules, axis=1),
    )


class _Passed(NamedTuple):
    """How a path has fared with one column: the last node to test it, the side taken, the share."""

    node: int
    side: int
    share: float


def _passed(tree: Tree) -> tuple[list[_Passed | None], int]:
    """Each node's last test of the same column above, and the most columns on one path."""
    found: list[_Passed | None] = [None] * (tree.n_leaves - 1)
    shares = _shares(tree)
    waiting: list[tuple[int, dict[int, _Passed]]] = [(0, {})]
    deepest = 0
    while waiting:
        node, passed = waiting.pop()
        column, share = int(tree.column[node]), float(shares[node])
        above = found[node] = passed.get(column)
        before = 1.0 if above is None else above.share
        for side, child in enumerate((int(tree.left[node]), int(tree.right[node]))):
            rows = before * (1 - share if side else share)
            below = passed | {column: _Passed(node, side, rows)}
            deepest = max(deepest, len(below))
            if child >= 0:
                waiting.append((child, below))
    return found, deepest


def _shares(tree: Tree) -> Floats:
    """The share of each node's rows that go left."""
    left = np.array([tree.count(int(child)) for child in tree.left])
    return np.asarray(left / tree.inner_count)


def _place(tree: Tree, child: int) -> int:
    """A child's place among nodes and then leaves; leaf 0 is ``~0``."""
    return child if child >= 0 else tree.n_leaves - 1 + ~child


def _quadrature(n_features: int) -> Floats:
    """Points and weights on [0, 1], in rows of eight, exact for paths of that many features."""
    rows = -(-n_features // (2 * LANES))
    point, weight = np.polynomial.legendre.leggauss(rows * LANES)
    return np.stack([(point + 1) / 2, weight / 2]).reshape(2, rows, LANES)


@compiled
def _contributions(x: Floats, paths: Paths) -> Floats:
    """Sum every tree's contributions by column."""
    widest = 0
    for size in paths.tree[1:, NODE] - paths.tree[:-1, NODE]:
        widest = max(widest, size)
    read = _read(x, paths)
    taken = np.empty(widest, dtype=np.uint8)
    value, due, sums = room(2 * widest + 1), room(widest), room(len(read))
    sums[:] = 0.0
    for tree in range(len(paths.tree) - 1):
        _follow(read, paths, tree, taken)
        for block in range(paths.tree[tree, BLOCK], paths.tree[tree + 1, BLOCK]):
            _up(paths, tree, block, taken, value, due)
            _down(paths, tree, block, taken, value, due, sums)
    contributions = np.zeros(len(x))
    for i in range(len(read)):
        contributions[paths.read[i, 0]] += np.sum(sums[i])
    return contributions


@compiled
def _read(x: Floats, paths: Paths) -> Floats:
    """The row as tests of each kind read it, so that exactly what goes left is ≤ a threshold."""
    read = np.empty(len(paths.read))
    for i in range(len(read)):
        value, kind = x[paths.read[i, 0]], paths.read[i, 1]
        missing, zero = value != value, -ZERO <= value <= ZERO
        if missing or zero:
            value = 0.0
            if (missing and kind & MISSING_NAN) or kind & MISSING_ZERO:
                value = -np.inf if kind & DEFAULT_LEFT else np.nan
        read[i] = value
    return read


@compiled
def _follow(read: Floats, paths: Paths, tree: int, taken: Taken) -> None:
    """Find the side the row takes at each node, or that it has failed this column's tests above."""
    first, end = paths.tree[tree, NODE], paths.tree[tree + 1, NODE]
    nodes, numbers = paths.node[first:end], paths.number[first:end]
    for i in range(len(nodes)):
        taken[i] = not read[nodes[i, READ]] <= numbers[i, THRESHOLD]
    for i in range(paths.tree[tree, ROW], paths.tree[tree + 1, ROW]):
        if taken[paths.again[i, ABOVE]] != paths.again[i, SIDE]:
            taken[paths.again[i, SPLIT]] = _FAILED


@compiled
def _up(paths: Paths, tree: int, block: int, taken: Taken, value: Floats, due: Floats) -> None:
    """Values of all subtrees, and what is due to each split by the chance of reaching it."""
    first, end = paths.tree[tree, NODE], paths.tree[tree + 1, NODE]
    nodes, numbers = paths.node[first:end], paths.number[first:end]
    leaves, inner = paths.leaf[first + tree : end + tree + 1], len(nodes)
    unknown = _unknown(paths, block)
    for leaf in range(len(leaves)):
        v = leaves[leaf]
        store(value, inner + leaf, (v, v, v, v, v, v, v, v))
    for i in range(inner - 1, -1, -1):
        node, side, share = nodes[i], taken[i], numbers[i, SHARE]
        if side == _FAILED:
            left, right = load(value, node[LEFT]), load(value, node[RIGHT])
            store(value, i, plus(scaled(left, share), scaled(right, 1.0 - share)))
            continue
        missed = share if side else 1.0 - share
        here = load(value, node[RIGHT] if side else node[LEFT])
        there = load(value, node[LEFT] if side else node[RIGHT])
        gap = scaled(minus(here, there), missed)
        if node[AGAIN]:
            passed = _passing(paths.before[node[AGAIN]], unknown)
            gap = times(scaled(gap, paths.before[node[AGAIN]]), passed)
            store(due, i, times(gap, passed))
        else:
            store(due, i, gap)
        store(value, i, minus(here, times(unknown, gap)))


@compiled
def _down(
    paths: Paths, tree: int, block: int, taken: Taken, chance: Floats, due: Floats, sums: Floats
) -> None:
    """The chance of reaching each node, in place of its value, and what is due to its column."""
    first, end = paths.tree[tree, NODE], paths.tree[tree + 1, NODE]
    nodes, numbers = paths.node[first:end], paths.number[first:end]
    unknown = _unknown(paths, block)
    store(chance, 0, load(paths.quadrature[1], block))
    for i in range(len(nodes)):
        node, side, share = nodes[i], taken[i], numbers[i, SHARE]
        reached = load(chance, i)
        if side == _FAILED:
            store(chance, node[LEFT], scaled(reached, share))
            store(chance, node[RIGHT], scaled(reached, 1.0 - share))
            continue
        store(sums, node[READ], plus(load(sums, node[READ]), times(reached, load(due, i))))
        strayed = scaled(times(reached, unknown), share if side else 1.0 - share)
        if node[AGAIN]:
            before = paths.before[node[AGAIN]]
            strayed = times(scaled(strayed, before), _passing(before, unknown))
        store(chance, node[LEFT] if side else node[RIGHT], strayed)
        store(chance, node[RIGHT] if side else node[LEFT], minus(reached, strayed))


@compiled
def _unknown(paths: Paths, block: int) -> Eight:
    """The chances 1 − t that a feature is not known."""
    return minus((1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0), load(paths.quadrature[0], block))


@compiled
def _passing(before: float, unknown: Eight) -> Eight:
    """1 / (t + (1 − t)·before)."""
    lost = scaled(unknown, 1.0 - before)
    return inverse(minus((1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0), lost))

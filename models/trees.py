"""Gradient-boosted trees read from LightGBM's text format, as flat arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.errors import BundleError

DEFAULT_LEFT = 2
MISSING_ZERO = 4
MISSING_NAN = 8
_KINDS = {
    missing + side for missing in (0, MISSING_ZERO, MISSING_NAN) for side in (0, DEFAULT_LEFT)
}

# LightGBM calls a value zero within this distance; it is the float32 nearest to 1e-35.
ZERO = float(np.float32(1e-35))


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """One tree; inner nodes are numbered from 0 (the root) and leaves as ``~leaf``.

    Parameters
    ----------
    column : ndarray of int32, shape (n_inner,)
        Which input an inner node compares.
    threshold : ndarray of float64, shape (n_inner,)
        A value not above it goes left; infinite where only missing values are told apart.
    kind : ndarray of uint8, shape (n_inner,)
        LightGBM's decision bits: ``DEFAULT_LEFT``, and what counts as missing (``MISSING_ZERO``,
        ``MISSING_NAN``, neither).
    left, right : ndarray of int32, shape (n_inner,)
        Children.
    inner_count, leaf_count : ndarray of float64
        Training rows that passed.
    leaf_value : ndarray of float64, shape (n_leaves,)
        With the shrinkage already in it.
    """

    column: NDArray[np.int32]
    threshold: NDArray[np.float64]
    kind: NDArray[np.uint8]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    inner_count: NDArray[np.float64]
    leaf_count: NDArray[np.float64]
    leaf_value: NDArray[np.float64]

    @property
    def n_leaves(self) -> int:
        """Number of leaves, one more than of inner nodes."""
        return len(self.leaf_value)

    def count(self, node: int) -> float:
        """Training rows that reached a node or a leaf (``~leaf``)."""
        return float(self.inner_count[node] if node >= 0 else self.leaf_count[~node])

    def expected(self) -> float:
        """The tree's average over its training rows, by leaf counts."""
        if self.n_leaves == 1:
            return float(self.leaf_value[0])
        return float(np.sum(self.leaf_count / self.inner_count[0] * self.leaf_value))

    def preorder(self) -> Iterator[int]:
        """Every node and leaf, parents before children and left before right."""
        waiting = [0 if self.n_leaves > 1 else ~0]
        while waiting:
            node = waiting.pop()
            yield node
            if node >= 0:
                waiting += (int(self.right[node]), int(self.left[node]))


def parse_trees(text: str, *, n_columns: int) -> tuple[Tree, ...]:
    """Read a LightGBM model file whose score is the plain sum of its trees.

    Parameters
    ----------
    text : str
        What ``Booster.model_to_string()`` gives.
    n_columns : int
        Number of inputs the model must have been trained on.

    Raises
    ------
    BundleError
        If the text is no such model, or one that this reader would get wrong: several classes,
        categorical splits, linear leaves, averaged forests, another number of inputs.
    """
    head, *blocks = text.split("\nTree=")
    _check_head(head, n_columns)
    if not blocks:
        raise BundleError("trees.txt holds no tree; leave the file out of a model without trees")
    return tuple(_tree(block, number, n_columns) for number, block in enumerate(blocks))


def _check_head(head: str, n_columns: int) -> None:
    """Refuse models of another kind by what their first lines say."""
    lines = head.splitlines()
    if not lines or lines[0] != "tree":
        raise BundleError("trees.txt is not a LightGBM text model")
    says = dict(line.partition("=")[::2] for line in lines)
    if says.get("num_class") != "1" or says.get("num_tree_per_iteration") != "1":
        raise BundleError("trees.txt has several classes; train with a binary objective")
    if "average_output" in says:
        raise BundleError("trees.txt is an averaged forest; train with boosting=gbdt")
    if says.get("max_feature_idx") != str(n_columns - 1):
        raise BundleError(
            f"trees.txt was not trained on the {n_columns} columns of inputs.json; train again"
        )


def _tree(block: str, number: int, n_columns: int) -> Tree:
    """One tree from its lines."""
    body = block.split("\n\n", 1)[0]
    says = dict(line.partition("=")[::2] for line in body.splitlines()[1:])
    if says.get("num_cat") != "0":
        raise BundleError(
            f"trees.txt tree {number} splits on categories; encode them as numbers before training"
        )
    if says.get("is_linear", "0") != "0":
        raise BundleError(
            f"trees.txt tree {number} has linear leaves; train with linear_tree=false"
        )
    try:
        tree = _arrays(says)
    except (KeyError, ValueError, OverflowError) as error:
        raise BundleError(f"trees.txt tree {number} cannot be read: {error}") from None
    _check_shape(tree, number, n_columns)
    return tree


def _arrays(says: Mapping[str, str]) -> Tree:
    """The lines of one tree as arrays, each of the length that ``num_leaves`` tells."""
    leaves = int(says["num_leaves"])

    def numbers(name: str, kind: type[np.generic], size: int) -> NDArray[np.float64]:
        # LightGBM leaves the lines of a tree that is one leaf empty or out.
        words = says[name].split() if size else []
        values = np.array([float(word) for word in words], dtype=np.float64)
        whole = values.astype(kind)
        if len(values) != size or not np.array_equal(whole, values):
            raise ValueError(f"{name} does not hold {size} values of its kind")
        return whole

    inner = leaves - 1
    return Tree(
        column=numbers("split_feature", np.int32, inner),  # type: ignore[arg-type]
        threshold=numbers("threshold", np.float64, inner),
        kind=numbers("decision_type", np.uint8, inner),  # type: ignore[arg-type]
        left=numbers("left_child", np.int32, inner),  # type: ignore[arg-type]
        right=numbers("right_child", np.int32, inner),  # type: ignore[arg-type]
        inner_count=numbers("internal_count", np.float64, inner),
        leaf_count=numbers("leaf_count", np.float64, leaves if inner else 0),
        leaf_value=numbers("leaf_value", np.float64, leaves),
    )


def _check_shape(tree: Tree, number: int, n_columns: int) -> None:
    """Refuse what is no binary tree over the given columns; nothing may make a traversal run on."""
    inner, leaves = tree.n_leaves - 1, tree.n_leaves
    children = np.concatenate([tree.left, tree.right])
    visited = sorted(node for node in children.tolist())
    sound = {
        "a tree": visited == [*range(-leaves, 0), *range(1, inner)] and _grows_down(tree),
        "within its columns": bool(np.all((tree.column >= 0) & (tree.column < n_columns))),
        "of numbers": bool(
            np.isfinite(tree.leaf_value).all() and not np.isnan(tree.threshold).any()
        ),
        "of counted rows": bool(np.all(tree.inner_count > 0) and np.all(tree.leaf_count >= 0)),
        "of numerical splits": set(tree.kind.tolist()) <= _KINDS,
    }
    if inner:
        for what, holds in sound.items():
            if not holds:
                raise BundleError(f"trees.txt tree {number} is not {what}; train again")


def _grows_down(tree: Tree) -> bool:
    """Whether children always have higher numbers than their parents, as LightGBM writes them."""
    numbers = np.arange(tree.n_leaves - 1)
    return all(bool(np.all((child < 0) | (child > numbers))) for child in (tree.left, tree.right))

"""Fewer orders to learn from, each with its whole history."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from numpy.typing import NDArray

from training.labels import Ints

if TYPE_CHECKING:
    from training.matrix import Matrix, Words

FEWEST = 1_000
_TOP = np.float64(2.0**64)


class Portion(click.ParamType[float]):
    """A number of orders such as 500000, or a share of them such as 0.2 or 20%."""

    name = "orders"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """A number below 1 is a share, any other one of orders."""
        if isinstance(value, float):
            return value
        text = str(value).replace("_", "").replace(",", "")
        try:
            number = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
        except ValueError:
            number = 0.0
        if not 0.0 < number < 1.0 and not (number >= FEWEST and number.is_integer()):
            self.fail(
                f"{value} is neither a share such as 0.2 or 20% nor a whole number of orders,"
                f" {FEWEST:,} or more",
                param,
                ctx,
            )
        return number


PORTION = Portion()


def sampled(matrix: Matrix, portion: float, *, seed: int) -> Matrix:
    """About so many orders, all those of the persons that a keyed hash draws.

    The features of every order are as of its placement and were computed from all orders, so a
    sample only learns from less; it never sees a shorter history. Persons are drawn, not orders,
    so that those clustered by person stay so; who is drawn depends on the share and the seed alone,
    and a larger share holds the smaller one.

    Parameters
    ----------
    matrix : Matrix
        The whole folder.
    portion : float
        Orders, or their share where it is below 1.
    seed : int
        Keys the hash.
    """
    whole = len(matrix.orders)
    share = portion if portion < 1.0 else portion / max(whole, 1)
    rows = np.flatnonzero(drawn(matrix.orders["person"].to_numpy(np.int64), share, seed=seed))
    if len(rows) == whole:
        return matrix
    return replace(
        matrix,
        values=matrix.values[rows],
        tokens=_words(matrix.tokens, rows),
        extras={name: column[rows] for name, column in matrix.extras.items()},
        orders=matrix.orders.iloc[rows].reset_index(drop=True),
        sampled_from=whole,
    )


def drawn(persons: Ints, share: float, *, seed: int) -> NDArray[np.bool_]:
    """Whether each person is in a sample of a share of them.

    The hash is SplitMix64 (Steele, Lea and Flood 2014) of the person's key and the seed.
    """
    with np.errstate(over="ignore"):
        z = persons.astype(np.uint64) + np.uint64(seed + 1) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return np.asarray(z.astype(np.float64) / _TOP < share)


def sample_of(matrix: Matrix) -> dict[str, Any] | None:
    """For the manifest: how many orders a sample holds, and of how many."""
    if not matrix.sampled_from:
        return None
    return {"orders": len(matrix.orders), "of": matrix.sampled_from, "drawn": "persons"}


def _words(words: Words, rows: Ints) -> Words:
    """The tokens of some orders."""
    lengths = np.diff(words.starts)
    keep = np.zeros(len(words), bool)
    keep[rows] = True
    codes = words.codes[np.repeat(keep, lengths)]
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths[rows])])
    return type(words)(words.vocabulary, codes, starts)

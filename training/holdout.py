"""Merchants kept from training, to see what a model is worth to one it has never met."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import copy

import click
import numpy as np

from features.errors import SettingsError
from training.inputs import Table


class Merchants(click.ParamType[tuple[str, ...]]):
    """Names of merchants, by commas."""

    name = "merchants"

    def convert(
        self, value: object, _param: click.Parameter | None, _context: click.Context | None
    ) -> tuple[str, ...]:
        """Names in the order given, each once."""
        if isinstance(value, tuple):
            return value
        return tuple(dict.fromkeys(name.strip() for name in str(value).split(",") if name.strip()))


MERCHANTS = Merchants()


def held_out(names: Sequence[str], merchants: Collection[str]) -> tuple[str, ...]:
    """The named merchants, checked against those there are.

    Raises
    ------
    SettingsError
        For a name that is none of them, or when none would be left to learn from.
    """
    unknown = [name for name in names if name not in merchants]
    if unknown:
        some = ", ".join(sorted(merchants)[:8])
        raise SettingsError(
            f"--holdout-merchants: {unknown[0]} is no merchant of this data folder; there are"
            f" {some}{' …' if len(merchants) > 8 else ''}"
        )
    if names and len(set(names)) == len(merchants):
        raise SettingsError("--holdout-merchants: at least one merchant must be left to learn from")
    return tuple(names)


def without_outcomes_of(table: Table, merchants: Sequence[str]) -> Table:
    """A table in which the outcomes of some merchants' orders never become known to training.

    Their orders keep their features, which count what the merchant itself had seen by then: a new
    merchant starts without a model of its own, not without a memory.
    """
    hidden = table.orders["merchant_id"].isin(merchants).to_numpy()
    found = copy(table)
    found.orders = table.orders.assign(
        outcome=np.where(hidden, "", table.orders["outcome"].to_numpy(dtype=object)),
        outcome_us=np.where(hidden, -1, table.orders["outcome_us"].to_numpy(np.int64)),
    )
    return found

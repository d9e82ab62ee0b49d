"""A bundle's exam: rows with the scores that its maker computed, asked again at every load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan

import numpy as np

from features.errors import BundleError
from features.row import Row
from models.model import Model
from models.scorer import Extra

GOLDEN_ROWS = 32
TOLERANCE = 1e-9
"""Exponentials differ in the last place between machines, and sums of many trees a little more."""


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """One question, and the answer its maker computed.

    Parameters
    ----------
    row : Row
        Values in catalogue order.
    extra : mapping
        The merchant's own columns.
    log_odds, probability : float
        The blended score, and its calibration.
    """

    row: Row
    extra: Extra
    log_odds: float
    probability: float


def golden_row(model: Model, row: Row, extra: Extra, *, tree_raw: float | None = None) -> GoldenRow:
    """Make one question of the exam.

    Parameters
    ----------
    tree_raw : float, optional
        LightGBM's own raw score of this row: with it the exam compares our reading of the trees
        with LightGBM's, without it the model is compared with itself.
    """
    own, linear = model.parts(row, extra)
    z = model.blended(own if tree_raw is None else tree_raw, linear)
    return GoldenRow(row, extra, z, model.calibration.probability(z))


def examine(model: Model, rows: Sequence[GoldenRow]) -> None:
    """Ask every question, and whether the reasons of each answer add up.

    Raises
    ------
    BundleError
        If there is no question, or the first that is answered otherwise than its maker did.
    """
    if not rows:
        raise BundleError("golden.json holds no row; a bundle without an exam is not served")
    for number, golden in enumerate(rows):
        risk = model.score(golden.row, golden.extra)
        within = TOLERANCE * max(1.0, abs(risk.log_odds))
        if not abs(risk.log_odds - golden.log_odds) <= within:
            raise BundleError(
                f"golden row {number} scores {risk.log_odds!r} here and {golden.log_odds!r} where "
                "the bundle was made; train again with this version"
            )
        if not abs(risk.probability - golden.probability) <= TOLERANCE:
            raise BundleError(f"golden row {number} is calibrated otherwise here; train again")
        total = sum(impact.impact for impact in model.explain(golden.row, golden.extra, risk))
        if not abs(total - (risk.probability - risk.base_probability)) <= TOLERANCE:
            raise BundleError(f"the reasons of golden row {number} do not add up; train again")


def golden_to_json(rows: Sequence[GoldenRow], position: Mapping[str, int]) -> dict[str, object]:
    """As it lies in ``golden.json``: values of the named features only, null for unknown.

    Raises
    ------
    BundleError
        If a value is infinite.
    """
    columns = list(position)
    picks = [position[name] for name in columns]
    questions = [
        {
            "values": [_plain(value) for value in golden.row.values[picks].tolist()],
            "tokens": list(golden.row.tokens),
            "extra": {name: _plain(value) for name, value in golden.extra.items()},
            "log_odds": golden.log_odds,
            "probability": golden.probability,
        }
        for golden in rows
    ]
    return {"columns": columns, "rows": questions}


def _plain(value: float | str) -> float | str | None:
    """A JSON value; NaN becomes null."""
    if isinstance(value, str):
        return value
    if isnan(value):
        return None
    if not isfinite(value):
        raise BundleError("a golden row holds an infinite value; choose rows with finite features")
    return value


def golden_from_json(body: Mapping[str, object], position: Mapping[str, int]) -> list[GoldenRow]:
    """Read ``golden.json``; features it does not name are unknown.

    Parameters
    ----------
    position : mapping of str to int
        Where each catalogue feature lies in a row's values.

    Raises
    ------
    BundleError
        If it is not shaped like an exam.
    """
    try:
        picks = [position[name] for name in body["columns"]]  # type: ignore[attr-defined]
        return [
            _golden(question, picks, len(position))
            for question in body["rows"]  # type: ignore[attr-defined]
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BundleError("golden.json is not shaped like an exam; train again") from None


def _golden(question: Mapping[str, object], picks: Sequence[int], size: int) -> GoldenRow:
    """One question from its JSON object."""
    values = np.full(size, np.nan)
    values[picks] = np.array(question["values"], dtype=np.float64)
    extra = {
        str(name): float("nan") if value is None else value
        for name, value in question["extra"].items()  # type: ignore[attr-defined]
    }
    tokens = tuple(str(token) for token in question["tokens"])  # type: ignore[attr-defined]
    log_odds, probability = question["log_odds"], question["probability"]
    return GoldenRow(Row(values, tokens), extra, float(log_odds), float(probability))  # type: ignore[arg-type]

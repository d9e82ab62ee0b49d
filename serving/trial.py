"""A model on trial: for one merchant alone, or scoring beside the champion; and the comparison."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any, cast

from features.catalogue import CATALOGUE
from features.errors import RefusedError
from features.history.states import CLASSES, DELIVERED, RTO, RTO_NOT_CUSTOMER
from features.settings import Settings
from models.bundle import Bundle
from serving.model import Promotion
from serving.store.connection import Connection
from serving.store.decisions import in_force_since

_OUTCOMES = {DELIVERED: 0, RTO: 1, RTO_NOT_CUSTOMER: 1}


def placed(settings: Settings, version: str, *, decides: bool) -> Promotion:
    """Put a trained bundle among the released ones, where servers look for it.

    Parameters
    ----------
    decides : bool
        Whether it will decide orders; then its gates must have passed.

    Raises
    ------
    RefusedError
        If there is no such bundle, or a gate failed.
    BundleError
        If it is damaged or made for other features.
    """
    target = settings.models_dir / version
    source = settings.home / "trained" / version
    found = target if target.is_dir() else source
    if not version or Path(version).name != version or not found.is_dir():
        raise RefusedError(f'there is no model "{version}"; rto models lists them')
    bundle = Bundle.load(found, features=CATALOGUE)
    if decides:
        _refuse_unless_passed(bundle.manifest)
    if found != target:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{version}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(found, partial)
        partial.rename(target)
    return Promotion(version, bundle.digest)


def _refuse_unless_passed(manifest: Mapping[str, object]) -> None:
    content = cast("Mapping[str, Any]", manifest.get("content", {}))
    gates = content.get("training", {}).get("gates", ())
    failed = [g["gate"] for g in gates if not g.get("passed") and not g.get("muted")]
    if failed or not gates:
        said = ", ".join(failed) or "it was asked none"
        raise RefusedError(f"this model has not passed its gates ({said}); try it in the shadow")


@dataclass(frozen=True, slots=True)
class Compared:
    """A challenger beside the models that decided, on the same orders.

    Parameters
    ----------
    orders, known : int
        Scored by both; of these with a known outcome (orders that were not interfered with).
    differing : float
        Mean absolute difference of the two probabilities.
    decided_loss, challenger_loss : float or None
        Mean log-loss on the known ones; None without any.
    """

    model: str
    challenger: str
    orders: int
    known: int
    differing: float
    decided_loss: float | None
    challenger_loss: float | None


def compared(connection: Connection, *, since_us: int, merchant_id: str | None) -> list[Compared]:
    """Every pair of models that scored the same orders since an instant."""
    pairs: dict[tuple[str, str], list[tuple[float, float, int | None]]] = {}
    for decided, state, owner in in_force_since(connection, since_us):
        if (shadow := decided.get("shadow")) and merchant_id in (None, owner):
            outcome = _OUTCOMES.get(state) if state < CLASSES else None
            pair = (decided["model"], shadow["model"])
            line = (decided["probability"], shadow["probability"], outcome)
            pairs.setdefault(pair, []).append(line)
    return [_compared(*pair, lines) for pair, lines in sorted(pairs.items())]


def _compared(
    model: str, challenger: str, lines: list[tuple[float, float, int | None]]
) -> Compared:
    known = [(p, q, outcome) for p, q, outcome in lines if outcome is not None]
    differing = sum(abs(p - q) for p, q, _ in lines) / len(lines)
    if not known:
        return Compared(model, challenger, len(lines), 0, differing, None, None)
    ours = sum(_loss(p, outcome) for p, _, outcome in known) / len(known)
    theirs = sum(_loss(q, outcome) for _, q, outcome in known) / len(known)
    return Compared(model, challenger, len(lines), len(known), differing, ours, theirs)


def _loss(probability: float, outcome: int) -> float:
    """Log-loss of one order.

    >>> round(_loss(0.5, 1), 4)
    0.6931
    """
    return -log(probability if outcome else 1 - probability)

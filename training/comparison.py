"""What predictions are compared with: a file of others, a bundle, or the current champion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from features.days import to_us
from features.errors import RefusedError
from features.feature import Feature
from features.settings import Settings
from models.bundle import Bundle
from training.labels import Ints
from training.matrix import Matrix
from training.score_command import score_rows
from training.tracking import Registered, Tracker


@dataclass(frozen=True, slots=True, eq=False)
class Rival:
    """Other predictions of some orders, and what to call them."""

    name: str
    predictions: pd.DataFrame


def learnt_until(bundle: Bundle) -> int:
    """The instant before which a bundle's outcomes were known (µs since 1970, UTC); 0 unknown."""
    content = cast("dict[str, dict[str, object]]", bundle.manifest.get("content", {}))
    text = content.get("training", {}).get("until")
    return to_us(datetime.fromisoformat(text)) if isinstance(text, str) else 0


def rival(bundle: Bundle, matrix: Matrix, rows: Ints) -> Rival:
    """Score the orders that were placed after a bundle had learnt; it may not sit for others.

    Parameters
    ----------
    rows : int64 array
        Rows of the matrix that were predicted.

    Raises
    ------
    RefusedError
        When all of them were placed before; the bundle may have learnt their outcomes.
    """
    created = matrix.orders["created_us"].to_numpy(np.int64)[rows]
    fair = rows[created >= learnt_until(bundle)]
    if not len(fair):
        raise RefusedError(
            f"{bundle.version} may have learnt the outcomes of all these orders, so a comparison"
            " would flatter it; compare on orders placed after its training"
        )
    keys = matrix.orders.iloc[fair][["merchant_id", "order_id"]]
    return Rival(bundle.version, keys.assign(probability=score_rows(bundle, matrix, fair)))


def champion(settings: Settings, features: tuple[Feature, ...]) -> Bundle | None:
    """The released champion; None where none is known or its bundle is gone."""
    version = champion_version(settings)
    folder = settings.models_dir / version if version else None
    if folder is None or not folder.is_dir():
        return None
    return Bundle.load(folder, features=features)


def champion_version(settings: Settings) -> str | None:
    """The registry's champion; None where there is none."""
    return next((row.version for row in registered(settings) if row.champion), None)


def registered(settings: Settings) -> tuple[Registered, ...]:
    """Every version of the registry; none without a registry, so that asking needs no MLflow."""
    uri = settings.tracking_uri
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).is_file():
        return ()
    return Tracker(uri, settings.home / "mlflow").models()

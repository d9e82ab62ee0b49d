"""A bundle as an MLflow pyfunc model: a DataFrame of contract orders in, probabilities out."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from features.catalogue import CATALOGUE
from features.schema import AFTER_PLACING, ONE_MERCHANT, ORDER_COLUMNS
from features.tables import Folder, read_folder
from models.bundle import Bundle
from training.matrix import build
from training.predictions import INTERVAL
from training.score_command import interval_rows, joined, score_rows
from training.tracking import quiet

REQUIRED = ("order_id", "created_at")
HISTORY = "history"


class Flavour:
    """The released model behind ``mlflow.pyfunc.load_model``.

    Parameters
    ----------
    bundle : Bundle
        Verified like a server's.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(
        self, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """Score orders as they looked when they were placed.

        Parameters
        ----------
        model_input : DataFrame
            One row per order with the contract's columns; unknown ones may be left out. The orders
            see each other, and the past where ``params`` names it.
        params : mapping, optional
            ``history``: a data folder with the past that the orders may know. Without it every
            customer and place is new.

        Returns
        -------
        DataFrame
            ``merchant_id, order_id, probability, probability_low, probability_high``, in the order
            given; the last two are NaN where the model does not say how sure it is.

        Raises
        ------
        RtoError
            Naming the row and column at fault.
        """
        asked = _folder(model_input)
        past = (params or {}).get(HISTORY)
        whole = joined(read_folder(Path(past)), asked)[0] if past else asked
        matrix = build(whole, threads=1)
        wanted = pd.MultiIndex.from_arrays(
            [_texts(model_input, "merchant_id"), _texts(model_input, "order_id")]
        )
        known = pd.MultiIndex.from_frame(matrix.orders[["merchant_id", "order_id"]])
        rows = np.asarray(known.get_indexer(wanted), np.int64)
        found = wanted.to_frame(index=False, name=["merchant_id", "order_id"])
        probability = score_rows(self.bundle, matrix, rows)
        unsaid = np.full(len(rows), np.nan)
        low, high = interval_rows(self.bundle, matrix, rows, probability) or (unsaid, unsaid)
        return found.assign(probability=probability, probability_low=low, probability_high=high)


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    if column not in frame:
        return [ONE_MERCHANT] * len(frame)
    return [str(value) for value in frame[column].tolist()]


def _folder(frame: pd.DataFrame) -> Folder:
    """The DataFrame as a data folder, checked like any other."""
    with tempfile.TemporaryDirectory() as folder:
        known = frame.drop(columns=[c for c in AFTER_PLACING if c in frame])
        known.to_parquet(Path(folder) / "orders.parquet", index=False)
        return read_folder(Path(folder))


def save_flavour(path: Path, bundle: Path, *, version: str, digest: str) -> None:
    """Write a bundle as an MLflow model folder that holds no pickle and no code.

    Parameters
    ----------
    path : Path
        A folder that does not exist yet.
    bundle : Path
        Copied whole; loading verifies its digests as a server does.
    """
    with quiet():
        from mlflow.models import ModelSignature
        from mlflow.pyfunc import save_model
        from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
        from mlflow.types.schema import AnyType

        # Times and rupees come as several types; the contract's own check names the row at fault.
        columns = [
            ColSpec(
                DataType.string if kind == pa.string() else AnyType(),
                name,
                required=name in REQUIRED,
            )
            for name, kind in ORDER_COLUMNS.items()
            if name not in AFTER_PLACING
        ]
        answers = [
            ColSpec(DataType.string, "merchant_id"),
            ColSpec(DataType.string, "order_id"),
            *(ColSpec(DataType.double, name) for name in ("probability", *INTERVAL)),
        ]
        save_model(
            path,
            loader_module=__name__,
            data_path=str(bundle),
            signature=ModelSignature(
                inputs=Schema(columns),
                outputs=Schema(answers),
                params=ParamSchema([ParamSpec(HISTORY, DataType.string, "")]),
            ),
            pip_requirements=[],  # this repository, installed with its training extra
            metadata={"version": version, "digest": digest},
        )


def _load_pyfunc(path: str) -> Flavour:
    """What MLflow calls to load the model; the name is MLflow's."""
    return Flavour(Bundle.load(Path(path), features=CATALOGUE))

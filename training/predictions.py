"""Predictions of anyone, joined with what became of the orders."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import DataError
from features.history.states import CLASSES
from features.states import state_name
from features.tables import Folder
from training.aside import aside
from training.city_tiers import city_tier
from training.labels import Floats, Ints
from training.pastlog import changes_of, events_of

HELD_OUT = b"rto.holdout_merchants"
INTERVAL = ("probability_low", "probability_high")
KEY = ["merchant_id", "order_id"]
OUTCOME_OF_CLASS = ("", "delivered", "rto", "rto", "cancelled", "lost", "delivered")


def read_predictions(path: Path, *, merchants: Sequence[str] = ()) -> pd.DataFrame:
    """Read a predictions file, ours or anyone's, and check it.

    Parameters
    ----------
    path : Path
        Parquet with ``order_id``, ``merchant_id`` and ``probability``; other columns are ignored.
    merchants : sequence of str, optional
        The data folder's merchants; where there is only one, ``merchant_id`` may be left out.

    Returns
    -------
    DataFrame
        ``merchant_id, order_id, probability``. Its ``attrs["holdout_merchants"]`` names the
        merchants that a backtest kept from its models.

    Raises
    ------
    DataError
        For an unreadable file, a missing column, a doubled order, or a probability outside 0 to 1.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError("cannot be read as parquet", file=str(path)) from error
    if len(merchants) == 1 and "merchant_id" not in table.column_names:
        alone = pa.array([merchants[0]] * table.num_rows, pa.string())
        table = table.append_column("merchant_id", alone)
    missing = [name for name in (*KEY, "probability") if name not in table.column_names]
    if missing:
        raise DataError("is missing", file=str(path), column=missing[0])
    frame: pd.DataFrame = table.select([*KEY, "probability"]).to_pandas()
    frame.attrs["holdout_merchants"] = _held_out(table.schema)
    for name in KEY:
        frame[name] = frame[name].astype(str).astype(object)
    try:
        probability = frame["probability"].to_numpy(np.float64)
    except (TypeError, ValueError):
        raise DataError("must be numbers", file=str(path), column="probability") from None
    wrong = np.flatnonzero(~((probability >= 0.0) & (probability <= 1.0)))
    if len(wrong):
        row = int(wrong[0]) + 1
        raise DataError("must lie between 0 and 1", file=str(path), row=row, column="probability")
    doubled = np.flatnonzero(frame.duplicated(KEY))
    if len(doubled):
        raise DataError("predicts an order twice", file=str(path), row=int(doubled[0]) + 1)
    return frame


def _held_out(schema: pa.Schema) -> tuple[str, ...]:
    """The merchants that the file says its models never learnt from."""
    written = (schema.metadata or {}).get(HELD_OUT)
    return tuple(json.loads(written)) if written else ()


def write_predictions(
    path: Path,
    orders: pd.DataFrame,
    rows: Ints,
    probability: Floats,
    *,
    interval: tuple[Floats, Floats] | None = None,
    holdout_merchants: Sequence[str] = (),
) -> None:
    """Write predictions with the outcomes as finally known (empty where unknown).

    Where the model says how sure it is, ``probability_low`` and ``probability_high`` hold the two
    chances between which eight of ten such orders lie. The merchants that no model learnt from are
    named in the file's own description, so that ``rto evaluate`` reports them apart.
    """
    chosen = orders.iloc[rows]
    columns = dict(zip(INTERVAL, map(pa.array, interval or ()), strict=False))
    table = pa.table(
        {
            "order_id": pa.array(chosen["order_id"].tolist(), pa.string()),
            "merchant_id": pa.array(chosen["merchant_id"].tolist(), pa.string()),
            "created_at": pa.array(chosen["created_us"].to_numpy(), pa.timestamp("us", tz="UTC")),
            "probability": pa.array(probability, pa.float64()),
            **columns,
            "outcome": pa.array([text or None for text in chosen["outcome"]], pa.string()),
        }
    )
    if holdout_merchants:
        table = table.replace_schema_metadata({HELD_OUT: json.dumps(list(holdout_merchants))})
    with aside(path) as partial:
        pq.write_table(table, partial, compression="zstd")


def outcomes_of(folder: Folder) -> pd.DataFrame:
    """What finally became of every order, and what reports group and cluster by.

    Returns
    -------
    DataFrame
        ``merchant_id, order_id, row`` (in the folder), ``created_us, outcome, treated,
        payment_mode, amount_paise, person``
        (numbered), ``customer`` and ``pin`` (``new``, ``known`` or ``unknown``), ``city_tier``,
        ``state`` (canonical), ``category``, ``cause`` (of an rto). Unknown text is ``unknown``.
    """
    orders = folder.orders
    log, _ = changes_of(events_of(folder), orders.num_rows)
    state = np.zeros(orders.num_rows, np.int64)
    state[log.order] = log.after
    amount = orders.column("amount").cast(pa.float64()).to_numpy(zero_copy_only=False)
    person, customer = _people(orders)
    return pd.DataFrame(
        {
            "merchant_id": orders.column("merchant_id").to_numpy(zero_copy_only=False),
            "order_id": orders.column("order_id").to_numpy(zero_copy_only=False),
            "row": np.arange(orders.num_rows),
            "created_us": orders.column("created_at").cast(pa.int64()).to_numpy(),
            "outcome": np.array(OUTCOME_OF_CLASS, dtype=object)[state % CLASSES],
            "treated": state >= CLASSES,
            "payment_mode": [
                mode or "unknown" for mode in orders.column("payment_mode").to_pylist()
            ],
            "amount_paise": np.round(np.nan_to_num(amount, nan=-0.01) * 100).astype(np.int64),
            "person": person,
            "customer": customer,
            "pin": _new_or_known(orders.column("pincode").to_pylist()),
            "city_tier": [city_tier(city) for city in orders.column("city").to_pylist()],
            "state": _each(orders.column("state").to_pylist(), state_name),
            "category": _each(orders.column("category").to_pylist(), str.casefold),
            "cause": _each(orders.column("outcome_reason").to_pylist(), str),
        }
    )


def _each(values: list[str | None], said: Callable[[str], str | None]) -> list[str]:
    """Every text in one spelling; what is absent or not understood is ``unknown``."""
    spelt = {value: said(value) for value in set(values) if value}
    return [(spelt[value] if value else None) or "unknown" for value in values]


def _new_or_known(values: list[str | None]) -> list[str]:
    """Whether a value occurred in an earlier order of the folder."""
    seen: set[str] = set()
    found = []
    for value in values:
        found.append("unknown" if not value else "known" if value in seen else "new")
        seen.add(value or "")
    return found


def _people(orders: pa.Table) -> tuple[Ints, list[str]]:
    """Number persons by the first present of phone, email, customer id, address, else the order.

    A customer is known from their second order in the folder on, new at the first, and unknown
    where the data names none.
    """
    names = ("phone", "email", "customer_id", "address_line1")
    columns = [orders.column(name).to_pylist() for name in names]
    pincodes = orders.column("pincode").to_pylist()
    numbers: dict[object, int] = {}
    person, customer = np.empty(orders.num_rows, np.int64), []
    for i in range(orders.num_rows):
        kind = next((k for k, column in enumerate(columns) if column[i]), -1)
        who = (kind, columns[kind][i], pincodes[i] if kind == 3 else None) if kind >= 0 else i
        customer.append("unknown" if kind < 0 else "known" if who in numbers else "new")
        person[i] = numbers.setdefault(who, len(numbers))
    return person, customer


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Predicted orders whose final outcome says whether the prediction was right.

    Parameters
    ----------
    frame : DataFrame
        The columns of ``outcomes_of`` with ``probability`` and, when paired, ``other``.
    set_aside : dict of str to int
        Predicted orders that could not be judged, by reason.
    """

    frame: pd.DataFrame
    set_aside: dict[str, int]

    @property
    def y(self) -> Floats:
        """1 for rto, 0 for delivered."""
        return (self.frame["outcome"] == "rto").to_numpy().astype(np.float64)

    def column(self, name: str) -> Floats:
        """One numeric column, as float64."""
        return self.frame[name].to_numpy(np.float64)


def judged(
    predictions: pd.DataFrame, outcomes: pd.DataFrame, other: pd.DataFrame | None = None
) -> Judged:
    """Join predictions (and others to compare them with) to outcomes; keep what can be judged.

    Left out are orders whose outcome is not known, that were cancelled or lost, and that somebody
    interfered with, since their outcome is not what would have happened.

    Raises
    ------
    DataError
        When no predicted order is in the data, or none of them can be judged.
    """
    frame = predictions[[*KEY, "probability"]].merge(outcomes, on=KEY, how="left", indicator=True)
    absent = frame["_merge"] != "both"
    if absent.all():
        raise DataError(
            "none of the predicted orders is in the data folder; give the folder they came from"
        )
    unknown, final = frame["outcome"].isin(["", None]), frame["outcome"].isin(["rto", "delivered"])
    treated = frame["treated"].eq(True)
    reasons = {
        "not in the data folder": absent,
        "outcome not known": ~absent & unknown,
        "cancelled or lost": ~absent & ~unknown & ~final,
        "interfered with before dispatch": final & treated,
    }
    keep = final & ~treated
    if other is not None:
        pair = other[[*KEY, "probability"]].rename(columns={"probability": "other"})
        frame = frame.merge(pair, on=KEY, how="left")
        reasons["not in the predictions compared with"] = keep & frame["other"].isna()
        keep &= frame["other"].notna()
    if not keep.any():
        raise DataError(
            "none of the predicted orders has been delivered or returned yet, so there is nothing"
            " to judge by"
        )
    kept = frame[keep].drop(columns="_merge").reset_index(drop=True)
    counts = {why: int(mask.sum()) for why, mask in reasons.items() if mask.any()}
    return Judged(kept, counts)

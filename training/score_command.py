"""The command ``rto score``: many orders scored by a bundle at once."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.catalogue import CATALOGUE
from features.errors import DataError
from features.tables import Folder, read_folder
from models.bundle import Bundle
from training.executor import Executor, executor_on
from training.labels import Floats, Ints
from training.matrix import Matrix, build
from training.options import existing_folder, on_option
from training.predictions import write_predictions
from training.progress import Progress

CHUNK = 16_384
_KEY = ("merchant_id", "order_id")
_AFTERWARDS = (
    "outcome", "outcome_at", "outcome_reason", "cancelled_by", "intervention", "intervention_at",
    "response", "arm", "propensity",
)  # fmt: skip


@click.command("score")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="The model.",
)
@existing_folder("--history", "Data folder with the past that the orders may know.")
@click.option(
    "--orders",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Orders to score: a data folder, or an orders file (parquet or csv).",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="Parquet file for the predictions.")  # fmt: skip
@on_option
def score_(bundle: Path, history: Path, orders: Path, out: Path, on: str | None) -> None:
    """Score a file of orders in one batch.

    Every order sees the history as it was known when the order was placed, the other orders of the
    file included. Outcomes in the file are not looked at.
    """
    model = Bundle.load(bundle, features=CATALOGUE)
    past, asked = read_folder(history), read_orders(orders)
    both, keys = joined(past, asked)
    with executor_on(on) as executor, Progress("reading orders") as progress:
        matrix = build(both, progress=progress.count, executor=executor)
        rows = _rows(matrix, keys)
        if on is None:
            probability = score_rows(model, matrix, rows)
        else:
            probability = _score_elsewhere(executor, bundle, matrix, rows)
    interval = interval_rows(model, matrix, rows, probability)
    write_predictions(out, matrix.orders, rows, probability, interval=interval)
    click.echo(f"{len(rows):,} orders scored by {model.version} in {out}")


def read_orders(path: Path) -> Folder:
    """Read a data folder, or one orders file as if it lay in a folder of its own."""
    if path.is_dir():
        return read_folder(path)
    if path.suffix not in (".parquet", ".csv"):
        raise DataError("must be a .parquet or .csv file of orders", file=str(path))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"orders{path.suffix}").symlink_to(path.resolve())
        return read_folder(Path(folder))


def joined(past: Folder, asked: Folder) -> tuple[Folder, set[tuple[str, str]]]:
    """History and new orders in one folder, and the keys of the orders to score.

    An order that the history already holds is scored as it stands there.
    """
    keys = set(_keys(asked.orders))
    known = set(_keys(past.orders))
    fresh = asked.orders.filter(pa.array([key not in known for key in _keys(asked.orders)]))
    for column in _AFTERWARDS:
        at = fresh.schema.get_field_index(column)
        fresh = fresh.set_column(at, column, pa.nulls(fresh.num_rows, fresh.schema.field(at).type))
    orders = pa.concat_tables([past.orders, fresh], promote_options="default").combine_chunks()
    order = [("created_at", "ascending"), ("merchant_id", "ascending"), ("order_id", "ascending")]
    extras = tuple(dict.fromkeys((*past.extras, *asked.extras)))
    return replace(past, orders=orders.take(pc.sort_indices(orders, order)), extras=extras), keys


def _keys(orders: pa.Table) -> list[tuple[str, str]]:
    return list(zip(*(orders.column(name).to_pylist() for name in _KEY), strict=True))


def _rows(matrix: Matrix, keys: set[tuple[str, str]]) -> Ints:
    pairs = zip(matrix.orders["merchant_id"], matrix.orders["order_id"], strict=True)
    return np.flatnonzero([pair in keys for pair in pairs]).astype(np.int64)


def score_rows(model: Bundle, matrix: Matrix, rows: Ints) -> Floats:
    """Probabilities of some rows of a matrix, in chunks."""
    out = np.empty(len(rows))
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        out[start : start + len(part)] = model.score_many(*_questions(matrix, part))
    return out


def interval_rows(
    model: Bundle, matrix: Matrix, rows: Ints, probability: Floats
) -> tuple[Floats, Floats] | None:
    """How sure those probabilities are, in chunks; None where the model does not say."""
    found = []
    for start in range(0, len(rows), CHUNK):
        part = slice(start, start + CHUNK)
        interval = model.intervals(matrix.values[rows[part]].astype(np.float64), probability[part])
        if interval is None:
            return None
        found.append(np.stack(interval))
    low, high = np.concatenate([np.empty((2, 0)), *found], axis=1)
    return low, high


Questions = tuple[Floats, list[tuple[str, ...]], dict[str, list[Any]]]


def _questions(matrix: Matrix, rows: Ints) -> Questions:
    """What a bundle is asked about some orders."""
    tokens = [matrix.tokens[row] for row in rows.tolist()]
    extras = {name: column[rows].tolist() for name, column in matrix.extras.items()}
    return matrix.values[rows].astype(np.float64), tokens, extras


def _score_elsewhere(executor: Executor, bundle: Path, matrix: Matrix, rows: Ints) -> Floats:
    """``score_rows`` by others, who get the bundle's files along with the questions."""
    files = {path.name: path.read_bytes() for path in bundle.iterdir() if path.is_file()}
    starts = range(0, len(rows), CHUNK)
    calls = ((files, _questions(matrix, rows[start : start + CHUNK])) for start in starts)
    found = executor.map(scored_by, calls, count=len(starts))
    return np.concatenate([np.empty(0), *found])


def scored_by(files: Mapping[str, bytes], questions: Questions) -> Floats:
    """Probabilities by a bundle that came as its files."""
    with tempfile.TemporaryDirectory() as folder:
        for name, body in files.items():
            (Path(folder) / name).write_bytes(body)
        return Bundle.load(Path(folder), features=CATALOGUE).score_many(*questions)

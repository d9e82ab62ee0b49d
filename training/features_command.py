"""The command ``rto features``: the as-of feature matrix of a data folder as a table."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.tables import read_folder
from training.aside import aside
from training.executor import executor_on
from training.matrix import Matrix, build
from training.options import existing_folder, on_option
from training.progress import Progress

ROW_GROUP = 65_536


@click.command("features")
@existing_folder("--data", "Data folder.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="Parquet file to write.")  # fmt: skip
@on_option
def features_(data: Path, out: Path, on: str | None) -> None:
    """Compute every order's features as they stood when it was placed.

    One row per order: its ids and time, every feature of the catalogue (empty: unknown), and its
    plain tokens.
    """
    with executor_on(on) as executor, Progress("reading orders") as progress:
        matrix = build(read_folder(data), progress=progress.count, executor=executor)
    write_features(matrix, out)
    click.echo(f"{len(matrix.orders):,} orders with {len(matrix.features)} features in {out}")


def write_features(matrix: Matrix, out: Path) -> None:
    """Write a matrix as one parquet table, features as float32, tokens as lists of text."""
    with (
        aside(out) as partial,
        pq.ParquetWriter(partial, _schema(matrix), compression="zstd") as to,
    ):
        for start in range(0, len(matrix.orders), ROW_GROUP):
            to.write_table(_part(matrix, slice(start, start + ROW_GROUP)))


def _schema(matrix: Matrix) -> pa.Schema:
    features = [(feature.name, pa.float32()) for feature in matrix.features]
    at = pa.timestamp("us", tz="UTC")
    ids = [("merchant_id", pa.string()), ("order_id", pa.string()), ("created_at", at)]
    return pa.schema([*ids, *features, ("tokens", pa.list_(pa.string()))])


def _part(matrix: Matrix, rows: slice) -> pa.Table:
    """Some rows of the table."""
    orders, words = matrix.orders.iloc[rows], matrix.tokens
    starts = words.starts[rows.start : rows.stop + 1]
    codes = pa.array(words.codes[starts[0] : starts[-1]])
    tokens = pa.DictionaryArray.from_arrays(codes, pa.array(words.vocabulary, pa.string()))
    columns = [
        pa.array(orders["merchant_id"].tolist(), pa.string()),
        pa.array(orders["order_id"].tolist(), pa.string()),
        pa.array(orders["created_us"].to_numpy(), pa.timestamp("us", tz="UTC")),
        *(pa.array(column, from_pandas=True) for column in matrix.values[rows].T.copy()),
        pa.ListArray.from_arrays((starts - starts[0]).astype(np.int32), tokens.cast(pa.string())),
    ]
    return pa.Table.from_arrays(columns, schema=_schema(matrix))

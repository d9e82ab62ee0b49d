"""The command ``rto features``: the as-of feature matrix of a data folder as a table."""

from __future__ import annotations

from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq

from features.tables import read_folder
from training.aside import aside
from training.executor import executor_on
from training.matrix import Matrix, build
from training.options import existing_folder, on_option
from training.progress import Progress


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
    orders = matrix.orders
    columns: dict[str, pa.Array] = {
        "merchant_id": pa.array(orders["merchant_id"].tolist(), pa.string()),
        "order_id": pa.array(orders["order_id"].tolist(), pa.string()),
        "created_at": pa.array(orders["created_us"].to_numpy(), pa.timestamp("us", tz="UTC")),
    }
    for i, feature in enumerate(matrix.features):
        columns[feature.name] = pa.array(matrix.values[:, i], from_pandas=True)
    columns["tokens"] = pa.array(list(matrix.tokens), pa.list_(pa.string()))
    with aside(out) as partial:
        pq.write_table(pa.table(columns), partial, compression="zstd")

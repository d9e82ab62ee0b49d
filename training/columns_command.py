"""The command ``rto columns``: what a file of no known format holds, for choosing its columns."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from features.errors import DataError
from training.importing.guessing import (
    EXPORT_NAMES,
    REPORT_NAMES,
    WORDED,
    guess_columns,
    guess_words,
)
from training.importing.profile import form_of, profiles
from training.importing.source import Source
from training.mapping_spec import FileForm


@click.command("columns")
@click.argument("export", type=click.Path(path_type=Path))
@click.option(
    "--reads",
    type=click.Choice(["orders", "outcomes"]),
    default="orders",
    show_default=True,
    help="A shop's orders, or a courier's report of their outcomes.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to write it instead."
)
def columns_(export: Path, reads: str, out: Path | None) -> None:
    """Say in JSON what the columns of EXPORT hold, and guess which is which of ours.

    It shows cells as they stand, customers' among them: treat it as you treat the file.
    """
    told = json.dumps(described(export, reads), ensure_ascii=False)
    if out is None:
        click.echo(told)
    else:
        out.write_text(told, encoding="utf-8")


def described(export: Path, reads: str) -> dict[str, object]:
    """A file's form, rows and columns, with our guess of what they mean.

    Raises
    ------
    DataError
        For a file that cannot be read, or holds no row.
    """
    form = form_of(export) if export.is_file() else FileForm()
    source = Source.open(export, form)
    columns = profiles(source)
    if not columns:
        raise DataError("holds no row under its column names", file=export.name)
    names = EXPORT_NAMES if reads == "orders" else REPORT_NAMES
    worded = [name for name in WORDED if name in names]
    return {
        "file": form.model_dump(),
        "rows": source.rows - source.blank,
        "columns": [
            asdict(one) | {"words": {name: guess_words(name, one.values or ()) for name in worded}}
            for one in columns
        ],
        "guess": guess_columns(columns, names),
    }

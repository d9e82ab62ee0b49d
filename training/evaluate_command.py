"""The command ``rto evaluate``: the full report on anyone's predictions."""

from __future__ import annotations

import json
from pathlib import Path

import click

from features.tables import read_folder
from training.evaluate import evaluate
from training.options import existing_folder
from training.predictions import judged, outcomes_of, read_predictions
from training.report_text import as_text

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_OUT = click.Path(path_type=Path, dir_okay=False)


@click.command("evaluate")
@click.option("--pred", type=_FILE, required=True, help="Predictions (parquet).")
@existing_folder("--data", "Data folder with the outcomes.")
@click.option(
    "--against", type=_FILE, help="Other predictions of the same orders, compared in pairs."
)
@click.option("--json", "json_out", type=_OUT, help="Also write the report as JSON.")
@click.option("--html", "html_out", type=_OUT, help="Also write the report as a page with plots.")
def evaluate_(
    pred: Path, data: Path, against: Path | None, json_out: Path | None, html_out: Path | None
) -> None:
    """Report what predictions were worth, ours or anyone's.

    The predictions need order_id, merchant_id, created_at and probability. Intervals come from a
    bootstrap clustered by person and week.
    """
    folder = read_folder(data)
    other = read_predictions(against) if against else None
    joined = judged(read_predictions(pred), outcomes_of(folder), other)
    report = evaluate(joined, title=pred.name, invented=folder.about.invented)
    click.echo(as_text(report))
    if json_out is not None:
        json_out.parent.mkdir(parents=True, exist_ok=True)
        body = json.dumps(report.to_json(), indent=1, ensure_ascii=False)
        json_out.write_text(body + "\n", encoding="utf-8")
    if html_out is not None:
        from training.report_page import as_page

        html_out.parent.mkdir(parents=True, exist_ok=True)
        html_out.write_text(as_page(report, joined), encoding="utf-8")

"""The command ``rto evaluate``: the full report on anyone's predictions."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
import pandas as pd

from features.catalogue import CATALOGUE
from features.errors import DataError, RefusedError, RtoError
from features.settings import Settings, load_settings
from features.tables import Folder, read_folder
from models.bundle import Bundle
from training.comparison import Rival, champion, rival
from training.holdout import MERCHANTS, held_out
from training.importance import Explainer
from training.matrix import Matrix, build
from training.options import existing_folder
from training.predictions import Judged, judged, outcomes_of, read_predictions
from training.progress import Progress
from training.report import Report, report_on
from training.report_text import as_text
from training.tracked import track_report

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_OUT = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line named."""

    pred: Path
    data: Path
    against: str | None
    bundle: Path | None
    holdout: tuple[str, ...]


@click.command("evaluate")
@click.option("--pred", type=_FILE, required=True, help="Predictions (parquet).")
@existing_folder("--data", "Data folder with the outcomes.")
@click.option(
    "--against",
    help="Compare in pairs on the same orders: other predictions (parquet), a bundle's folder, or "
    "the word champion.",
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The model behind the predictions: adds importance by exact SHAP, reasons of the largest "
    "misses, and the champion to compare with.",
)
@click.option(
    "--holdout-merchants",
    "holdout",
    type=MERCHANTS,
    default=(),
    help="Merchants that no model learnt from, by commas; a backtest's file names its own.",
)
@click.option("--json", "json_out", type=_OUT, help="Also write the report as JSON.")
@click.option(
    "--html",
    "html_out",
    type=_OUT,
    help="Where the page with the plots goes (default: reports/ under RTO_HOME).",
)
@click.option("--no-tracking", is_flag=True, help="Record nothing in MLflow.")
def evaluate_(
    pred: Path, data: Path, against: str | None, bundle: Path | None, holdout: tuple[str, ...],
    json_out: Path | None, html_out: Path | None, no_tracking: bool,
) -> None:  # fmt: skip
    """Report what predictions were worth, ours or anyone's.

    The predictions need order_id, merchant_id and probability; other columns are ignored. Intervals
    come from a bootstrap clustered by person and week. Prints the findings and writes a page that
    needs nothing else to be read.
    """
    settings = load_settings()
    with Progress("reading orders") as progress:
        asked = Asked(pred, data, against, bundle, holdout)
        report, joined = _reported(asked, settings, progress)
        progress.step("plots")
        from training.report_page import as_page

        page = as_page(report, joined)
    click.echo(as_text(report))
    body = json.dumps(report.to_json(), indent=1, ensure_ascii=False)
    html_out = html_out or settings.home / "reports" / f"{pred.stem}.html"
    for path, text in ((json_out, body + "\n"), (html_out, page)):
        if path is not None:
            _write(path, text)
    click.echo(f"report with plots: {html_out}")
    if not no_tracking:
        _track(report, page, body, data, settings)


def _reported(asked: Asked, settings: Settings, progress: Progress) -> tuple[Report, Judged]:
    folder = read_folder(asked.data)
    outcomes = outcomes_of(folder)
    merchants = [str(one) for one in outcomes["merchant_id"].unique()]
    predictions = read_predictions(asked.pred, merchants=merchants)
    unseen = held_out(asked.holdout or predictions.attrs["holdout_merchants"], merchants)
    if unseen:
        seen = np.where(outcomes["merchant_id"].isin(unseen), "unseen in training", "seen")
        outcomes = outcomes.assign(seen=seen)
    explainer, matrix = _explainer(asked, folder, progress)
    progress.step("comparison")
    other, notes = _rival(asked, settings, predictions, outcomes, matrix, merchants)
    joined = judged(predictions, outcomes, other.predictions if other else None)
    rows = joined.frame["row"].to_numpy(np.int64)
    importance = None
    if explainer is not None:
        progress.step("importance")
        importance = explainer.importance(rows, joined.column("probability"))
    progress.step("intervals")
    report = report_on(
        joined,
        title=asked.pred.name,
        invented=folder.about.invented,
        against_name=other.name if other else "",
        importance=importance,
        why=(lambda row: explainer.why(int(rows[row]))) if explainer is not None else None,
        notes=notes,
    )
    return report, joined


def _explainer(
    asked: Asked, folder: Folder, progress: Progress
) -> tuple[Explainer | None, Matrix | None]:
    """The features of the folder's orders, where a bundle has to read them."""
    scores = asked.against is not None and not asked.against.endswith(".parquet")
    if asked.bundle is None and not scores:
        return None, None
    matrix = build(folder, progress=progress.count)
    if asked.bundle is None:
        return None, matrix
    bundle = Bundle.load(asked.bundle, features=CATALOGUE)
    return Explainer(bundle.model, matrix, version=bundle.version), matrix


def _rival(
    asked: Asked, settings: Settings, predictions: pd.DataFrame, outcomes: pd.DataFrame,
    matrix: Matrix | None, merchants: list[str],
) -> tuple[Rival | None, tuple[str, ...]]:  # fmt: skip
    """What to compare with: the one named, or the champion where a bundle's features are there."""
    if asked.against is not None and Path(asked.against).is_file():
        other = read_predictions(Path(asked.against), merchants=merchants)
        return Rival(Path(asked.against).name, other), ()
    if matrix is None:
        if asked.against is not None:
            raise DataError("is no file, no bundle's folder and not the word champion",
                            file=asked.against)  # fmt: skip
        return None, ()
    named = asked.against not in (None, "champion")
    if named and not Path(str(asked.against)).is_dir():
        raise DataError("is no file, no bundle's folder and not the word champion",
                        file=str(asked.against))  # fmt: skip
    bundle = (
        Bundle.load(Path(str(asked.against)), features=CATALOGUE)
        if named
        else champion(settings, CATALOGUE)
    )
    if bundle is None:
        if asked.against is None:
            return None, ()
        raise RefusedError("no model is champion yet; promote one, or name a bundle's folder")
    predicted = predictions.merge(outcomes[["merchant_id", "order_id", "row"]])
    try:
        found = rival(bundle, matrix, predicted["row"].to_numpy(np.int64))
    except RefusedError as error:
        if asked.against is None:
            return None, (f"Not compared with the champion: {error}.",)
        raise
    return (found if named else replace(found, name=f"champion {found.name}")), ()


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror})", file=str(path)) from error


def _track(report: Report, page: str, body: str, data: Path, settings: Settings) -> None:
    """Log to MLflow; the report stands without it."""
    try:
        run_id = track_report(report, page=page, body=body, data=data, settings=settings)
    except RtoError as error:
        click.echo(f"not recorded in MLflow: {error}", err=True)
        return
    click.echo(f"recorded in MLflow as run {run_id}")

"""The command ``rto backtest``: past orders replayed as if live, and what that was worth."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from features.settings import load_settings
from features.tables import read_folder
from training.backtest import Backtest, backtest
from training.baselines import BASELINES
from training.bootstrap import clusters, intervals
from training.configuration import read_configuration
from training.evaluate import Duel, Estimate, Scoreboard, quick
from training.holdout import MERCHANTS, held_out, without_outcomes_of
from training.inputs import Table
from training.labels import Floats
from training.matrix import Matrix, build
from training.options import MOMENT, SPAN, configuration_options, existing_folder
from training.predictions import write_predictions
from training.progress import Progress
from training.report_text import INVENTED


@click.command("backtest")
@existing_folder("--data", "Data folder with past orders.")
@click.option(
    "--train-until",
    type=MOMENT,
    required=True,
    help="First training; every later order is scored. A bare date is midnight in India.",
)
@click.option(
    "--retrain",
    type=SPAN,
    default="7d",
    show_default=True,
    help="Time between trainings: 12h, 7d, 4w.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Parquet file for the predictions.",
)
@click.option(
    "--holdout-merchants",
    "holdout",
    type=MERCHANTS,
    default=(),
    help="Merchants whose outcomes no model learns, by commas: what is it worth to a new one?",
)
@configuration_options
def backtest_(
    data: Path, train_until: int, retrain: int, out: Path, holdout: tuple[str, ...],
    config: Path | None, extra: tuple[str, ...], exclude: tuple[str, ...],
) -> None:  # fmt: skip
    """Replay every order after a time as if live.

    Each order is scored by a model trained on outcomes known before its retraining date, with
    features as of its placement. Writes order_id, merchant_id, created_at, probability,
    probability_low, probability_high, outcome, and compares with what a merchant could do without a
    model.
    """
    load_settings()
    configuration = read_configuration(config).with_options(extra=extra, exclude=exclude)
    folder = read_folder(data)
    with Progress("reading orders") as progress:
        matrix = build(folder, threads=configuration.threads, progress=progress.count)
        table = Table(matrix, extra=configuration.extra, exclude=configuration.exclude)
        if held_out(holdout, set(matrix.orders["merchant_id"])):
            table = without_outcomes_of(table, holdout)
        progress.stage("training", "model")
        done = backtest(
            table,
            configuration,
            train_until_us=train_until,
            retrain_us=retrain,
            tick=progress.step,
            progress=progress.count,
        )
    write_predictions(
        out,
        matrix.orders,
        done.rows,
        done.probability,
        interval=done.interval,
        holdout_merchants=holdout,
    )
    if folder.about.invented:
        click.echo(INVENTED)
    click.echo(said(done, matrix))
    click.echo(f"{len(done.rows):,} predictions in {out}")
    click.echo(f"the full report: rto evaluate --pred {out} --data {data}")


def said(done: Backtest, matrix: Matrix) -> str:
    """The comparison with every baseline on the same orders, paired."""
    orders = matrix.orders.iloc[done.rows]
    final = orders["outcome"].isin(["rto", "delivered"]) & ~orders["treated"]
    at = np.flatnonzero(final.to_numpy())
    y = (orders["outcome"].to_numpy()[at] == "rto").astype(np.float64)
    lines = [
        f"{len(done.stretches)} trainings; {len(y):,} scored orders have a known outcome,"
        f" {int(y.sum()):,} returned"
    ]
    lines += [f"kept the model before: {s.kept}" for s in done.stretches if s.kept]
    if not 0 < y.sum() < len(y):
        return "\n".join([*lines, "too few outcomes to compare anything"])
    model = done.probability[at]
    person = orders["person"].to_numpy(np.int64)[at]
    groups = clusters(person, orders["created_us"].to_numpy(np.int64)[at])
    heads = f"{'log-loss':>10}{'ROC-AUC':>9}{'PR-AUC':>9}{'calibration':>13}"
    lines.append(f"{'':<10}{heads}   model's log-loss less this one's")
    lines.append(_row("model", y, model))
    for name in BASELINES:
        other = done.baseline(name)[at]
        duel = Duel(Scoreboard(y, model), Scoreboard(y, other))
        found = intervals(duel, groups, replicates=100)
        gap = Estimate(*(float(a[2, 2]) for a in (found.estimate, found.low, found.high)))
        lines.append(f"{_row(name, y, other)}   {gap}")
    return "\n".join(lines)


def _row(name: str, y: Floats, probability: Floats) -> str:
    numbers = quick(y, probability)
    return (
        f"{name:<10}{numbers['log_loss']:>10.4f}{numbers['roc_auc']:>9.3f}"
        f"{numbers['pr_auc']:>9.3f}{numbers['calibration_error']:>13.4f}"
    )

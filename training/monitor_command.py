"""The command ``rto monitor``: has the world moved since the model learnt?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import numpy as np

from features.catalogue import CATALOGUE
from features.days import DAY_US, from_us
from features.errors import BundleError, RefusedError
from features.settings import load_settings
from features.tables import read_folder
from models.bundle import Bundle
from training.comparison import champion, learnt_until
from training.drift import Sign, Watch, signs, watched
from training.matrix import Matrix, build
from training.options import MOMENT, existing_folder
from training.plain import plain
from training.progress import Progress
from training.reference import Reference
from training.report_words import INVENTED
from training.score_command import score_rows
from training.trainer import end_of_knowledge

ALERT_STATUS = 3
SHOWN_WEIGHT = 0.01


@click.command("monitor")
@existing_folder(
    "--data", "Data folder with the newest orders and outcomes (rto export makes one)."
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The model (default: the champion).",
)
@click.option("--until", type=MOMENT, help="Look at nothing known later (default: all there is).")
@click.option("--days", type=click.FloatRange(0.5), default=7.0, show_default=True,
              help="How many days of newest orders to hold against training.")  # fmt: skip
@click.option("--outcome-days", type=click.FloatRange(1.0), default=28.0, show_default=True,
              help="How many days of matured outcomes to hold against the promises.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_context
def monitor(
    context: click.Context, data: Path, bundle: Path | None, until: int | None, days: float,
    outcome_days: float, *, as_json: bool,
) -> None:  # fmt: skip
    """Say whether the world has moved since the model learnt; status 3 when an alert fires.

    Features and scores of the newest orders against the model's own training orders, orders of a
    sale against those of earlier sales; returns, promises and ranking on outcomes that have
    matured since.
    """
    settings = load_settings()
    model = Bundle.load(bundle, features=CATALOGUE) if bundle else champion(settings, CATALOGUE)
    if model is None:
        raise RefusedError("no model is champion yet; promote one, or name --bundle")
    folder = read_folder(data)
    with Progress("reading orders") as progress:
        matrix = build(folder, progress=progress.count)
        progress.step("scores")
        last = end_of_knowledge(matrix) if until is None else until
        found = look(model, matrix, until_us=last, days=days, outcome_days=outcome_days)
    if as_json:
        click.echo(json.dumps(_body(model, found, last, invented=folder.about.invented), indent=1))
    else:
        if folder.about.invented:
            click.echo(INVENTED)
        click.echo("\n".join(_lines(model, found, last)))
    if any(sign.state == "alert" for sign in found):
        context.exit(ALERT_STATUS)


def look(
    bundle: Bundle, matrix: Matrix, *, until_us: int, days: float = 7.0, outcome_days: float = 28.0
) -> tuple[Sign, ...]:
    """Every sign of drift, for a notebook or the command.

    Raises
    ------
    BundleError
        When the bundle does not say how its training orders looked.
    """
    training: Any = bundle.manifest.get("content")
    training = training.get("training", {}) if isinstance(training, dict) else {}
    if "reference" not in training:
        raise BundleError(
            f"{bundle.version} does not say how its training orders looked; train it again"
        )
    rows, matured, y = watched(
        matrix, until_us=until_us, learnt_us=learnt_until(bundle), days=days,
        outcome_days=outcome_days,
    )  # fmt: skip
    probability = np.full(len(matrix.values), np.nan)
    both = np.union1d(rows, matured)
    probability[both] = score_rows(bundle, matrix, both)
    exam = (training.get("exam") or {}).get("model") or {}
    return signs(
        Watch(matrix, rows, matured, y, probability),
        Reference.from_json(training["reference"]),
        exam_auc=exam.get("roc_auc"),
    )


def _lines(model: Bundle, found: tuple[Sign, ...], until_us: int) -> Iterator[str]:
    age = (until_us - learnt_until(model)) / DAY_US
    known = f"{from_us(until_us):%Y-%m-%d %H:%M} UTC"
    yield f"{model.version}, {age:,.0f} days after it had learnt, as known {known}"
    yield f"{'':<12}{'':<34}{'value':>9}{'limit':>8}  what it is"
    rest: dict[str, int] = {"moved": 0, "steady": 0}
    for sign in found:
        if sign.kind == "feature" and sign.state != "alert" and sign.weight < SHOWN_WEIGHT:
            rest[sign.state] += 1
        else:
            yield _line(sign)
    for state, count in rest.items():
        if count:
            light = f"each below {SHOWN_WEIGHT:.0%} of the weight"
            yield f"{state:<12}{count} further features, {light}"
    alerts = [_name(sign) for sign in found if sign.state == "alert"]
    if not alerts:
        yield "no alert"
        return
    many = f"{len(alerts)} alerts" if len(alerts) > 1 else "1 alert"
    yield f"{many}: {', '.join(alerts)}; retrain, and see with rto evaluate what changed"


def _line(sign: Sign) -> str:
    value = "" if np.isnan(sign.value) else f"{sign.value:.3f}"
    limit = "" if np.isnan(sign.limit) else f"{sign.limit:.3f}"
    return f"{sign.state:<12}{_name(sign)[:33]:<34}{value:>9}{limit:>8}  {sign.says}"


def _name(sign: Sign) -> str:
    return sign.name if sign.kind == "feature" else f"{sign.kind}: {sign.name}"


def _body(model: Bundle, found: tuple[Sign, ...], until_us: int, *, invented: bool) -> object:
    return plain(
        {
            "model": model.version,
            "invented": invented,
            "until": from_us(until_us).isoformat(),
            "learnt_until": datetime.isoformat(from_us(learnt_until(model))),
            "alert": any(sign.state == "alert" for sign in found),
            "signs": found,
        }
    )

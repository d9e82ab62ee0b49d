"""The command ``rto train``: a data folder becomes a bundle, recorded and judged."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from features.days import IST, from_us
from features.errors import RtoError, SettingsError
from features.settings import Settings, load_settings
from features.tables import Folder, read_folder
from models.bundle import Bundle
from training.comparison import champion
from training.configuration import Configuration, read_configuration
from training.executor import executor_on
from training.matrix import Matrix, build
from training.memory import give_back
from training.options import MOMENT, configuration_options, existing_folder, on_option
from training.progress import Progress
from training.release import next_version, trained_dir, versions
from training.report_text import INVENTED
from training.sampling import PORTION, sampled
from training.stages import TRAINING, Course
from training.tracked import track_training
from training.trainer import Trained, end_of_knowledge, release_bundle, train
from training.tuning import Tuner

LEGEND = (
    "  log-loss and calibration: lower is better. Calibration is how far promised rates lie from",
    "  those that came, beyond what chance alone makes: 0 where no error shows. Differences are in",
    "  log-loss, with 95% intervals: below 0 the model is better, across 0 nothing is shown.",
)


@click.command("train")
@existing_folder("--data", "Data folder with past orders.")
@click.option("--until", type=MOMENT, help="Use only what was known before this time.")
@click.option(
    "--tune",
    type=click.IntRange(min=1),
    help="Search so many shapes of trees, and so many firmnesses of the ridge, on the folds;"
    " interrupted searches are taken up again.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Also put the bundle here.")
@click.option("--no-tracking", is_flag=True, help="Record nothing in MLflow.")
@click.option(
    "--sample",
    type=PORTION,
    metavar="N",
    help="Learn from about so many orders, or such a share of them; histories stay whole.",
)
@on_option
@configuration_options
def train_(
    data: Path, until: int | None, tune: int | None, out: Path | None, no_tracking: bool,
    sample: float | None, on: str | None, config: Path | None, extra: tuple[str, ...],
    exclude: tuple[str, ...],
) -> None:  # fmt: skip
    """Learn a model from past orders.

    Uses only outcomes known before --until (default: everything in the folder), chooses and
    calibrates on rolling folds in time, sits an exam on the latest mature orders, and writes a
    bundle. Release it with rto promote.
    """
    if out is not None:
        refuse_unwritable(out)
    settings = load_settings()
    configuration = read_configuration(config).with_options(extra=extra, exclude=exclude)
    folder = read_folder(data)
    told = emptied(folder)
    handed = [folder]
    del folder
    with (
        executor_on(on, threads=configuration.threads) as executor,
        Progress("reading orders", course=Course(TRAINING)) as progress,
    ):
        # Handed over, not lent: its text goes as soon as it has been read.
        matrix = build(handed.pop(), progress=progress.read, executor=executor)
        give_back()
        last = end_of_knowledge(matrix)
        cutoff = last if until is None else min(until, last)
        if sample is not None:
            matrix = sampled(matrix, sample, seed=configuration.seed)
            give_back()
        progress.stage("training", "step")
        trained = train(
            matrix,
            configuration,
            cutoff_us=cutoff,
            champion=_champion(settings, matrix),
            tuner=Tuner(tune, settings.home / "studies", configuration.seed) if tune else None,
            executor=executor,
            tick=progress.step,
        )
        progress.step("bundle")
        path = _write(trained, told, matrix, configuration, settings)
        if out is not None:
            _copied(path, out)
        if not no_tracking:
            progress.step("MLflow")
            _track(path, data, settings)
        took = progress.took()
    if until is not None and until > last:
        known = f"{from_us(last):%Y-%m-%d %H:%M} UTC"
        click.echo(f"--until lies after all that is known; trained on all that was, until {known}")
    click.echo(said(trained, matrix, path, cutoff))
    click.echo(took)


def emptied(folder: Folder) -> Folder:
    """What a manifest says of a folder, without its tables: gigabytes once the matrix is made."""
    return Folder(orders=folder.orders.select([]), about=folder.about)


def refuse_unwritable(out: Path) -> None:
    """Find out before an hour of training that the bundle cannot be put there.

    Raises
    ------
    SettingsError
        When the path is taken, or its folder cannot be made or written.
    """
    if out.exists():
        raise SettingsError(f"{out} exists already; name another --out or remove it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent):
            pass
    except OSError as error:
        raise SettingsError(
            f"nothing can be written to {out.parent} ({error.strerror}); name another --out"
        ) from None


def _copied(bundle: Path, out: Path) -> None:
    """Copy a bundle, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as aside:
        shutil.copytree(bundle, Path(aside) / out.name)
        (Path(aside) / out.name).rename(out)


def _champion(settings: Settings, matrix: Matrix) -> Bundle | None:
    """The model in force; one that cannot be read is no rival and stops no training."""
    try:
        return champion(settings, matrix.features)
    except RtoError as error:
        click.echo(f"not compared with the champion: {error}", err=True)
        return None


def _write(
    trained: Trained,
    folder: Folder,
    matrix: Matrix,
    configuration: Configuration,
    settings: Settings,
) -> Path:
    now = datetime.now(UTC)
    home = trained_dir(settings.home)
    version = next_version(now.astimezone(IST).date(), versions(home, settings.models_dir))
    path = home / version
    release_bundle(trained, folder, matrix, configuration, path, version=version, made_at=now)
    return path


def _track(bundle: Path, data: Path, settings: Settings) -> None:
    """Record in MLflow; the bundle stands without it."""
    try:
        track_training(bundle, data=data, settings=settings)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{bundle} is whole, but not recorded in MLflow") from None
    except RtoError as error:
        click.echo(f"not recorded in MLflow: {error}", err=True)


def said(trained: Trained, matrix: Matrix, path: Path, cutoff_us: int) -> str:
    """What the terminal shows after a training."""
    lines = [INVENTED] if matrix.invented else []
    if matrix.history_only:
        lines.append(
            f"{matrix.history_only:,} orders count for later ones and teach nothing: what they had"
            " read has been pruned from the log since"
        )
    if matrix.sampled_from:
        lines.append(
            f"a sample: {len(matrix.orders):,} of {matrix.sampled_from:,} orders, all those of the"
            " persons drawn; each has its whole history"
        )
    labels = mature_line(trained)
    lines.append(
        f"{path.name}: learnt {labels}, known before {from_us(cutoff_us):%Y-%m-%d %H:%M} UTC"
    )
    lines += _exam_lines(trained)
    lines += [f"note: {text}" for text in trained.fallbacks if not text.startswith("no exam")]
    lines += [f"warning: {trap}" for trap in trained.traps]
    failed = [v for v in trained.gates if not v.passed]
    lines += [f"gate {v.gate}{' (muted)' if v.muted else ''}: {v.says}" for v in failed]
    if all(v.passed or v.muted for v in trained.gates):
        lines.append(f"all gates passed; release it with: rto promote {path.name}")
    else:
        lines.append("this model cannot be promoted while these gates fail")
    lines.append(f"bundle: {path}")
    return "\n".join(lines)


def mature_line(trained: Trained) -> str:
    """How much was learnt from, in words."""
    labels = trained.model.summary["labels"]
    if not isinstance(labels, dict):
        raise TypeError("a model's summary holds its label report")
    return (
        f"from {labels['orders']:,} orders, {labels['rto']:,} of them returned{_weighing(trained)}"
    )


def _weighing(trained: Trained) -> str:
    """How missing outcomes and old age were met, and who chose so."""
    chosen = trained.model.choice.weighing.chosen
    days = chosen.half_life_days
    met = "a wait until they are mature" if chosen.labels == "wait" else "weights for slow outcomes"
    return f", {met}" + (f", weighing half as much every {days:g} days" if days else "")


def _exam_lines(trained: Trained) -> list[str]:
    exam = trained.exam
    if exam is None:
        return [f"no exam: {trained.no_exam}"]
    lines = [
        f"exam on the latest {exam.orders:,} mature orders ({exam.rto:,} returned),"
        f" by a model that knew what was known before {exam.learnt_until[:10]}:",
        f"  {'':<10}{'log-loss':>10}{'ROC-AUC':>9}{'PR-AUC':>9}{'calibration':>13}",
    ]
    for name, numbers in {"model": exam.model, **exam.baselines}.items():
        gap = exam.differences.get(name)
        paired = f"   model − {name}: {gap}" if gap is not None else ""
        lines.append(
            f"  {name:<10}{numbers['log_loss']:>10.4f}{numbers['roc_auc']:>9.3f}"
            f"{numbers['pr_auc']:>9.3f}{numbers['calibration_error']:>13.4f}{paired}"
        )
    return [*lines, *LEGEND]

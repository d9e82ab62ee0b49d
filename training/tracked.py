"""What a training and a report leave in MLflow."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from features.settings import Settings
from training.flavour import save_flavour
from training.gates import failed_of
from training.lineage import lineage
from training.report import Report
from training.tracking import Run, Tracker

MODEL = "model"
_TRAINING_PARTS = (
    "until", "labels", "folds", "inputs", "trees.settings", "trees.rounds", "linear.strengths",
    "blend.trees", "calibration", "excluded", "seed", "threads", "mutes", "data",
)  # fmt: skip


def tracker(settings: Settings) -> Tracker:
    """The store of the settings."""
    return Tracker(settings.tracking_uri, settings.home / "mlflow")


def crown(bundle: Path, settings: Settings) -> None:
    """Make a released bundle the registry's champion, registering one that was trained elsewhere.

    Raises
    ------
    SettingsError
        When the store cannot be used; servers follow the log and do not mind.
    """
    store = tracker(settings)
    if not store.crown(bundle.name):
        track_training(bundle, data=None, settings=settings)
        store.crown(bundle.name)


def track_training(bundle: Path, *, data: Path | None, settings: Settings) -> str:
    """Record a finished training from its own manifest, and register the model.

    The run holds the manifest's choices as parameters, the exam's numbers as metrics, the plots,
    the digest of the data, the version of the code, and the bundle as a pyfunc model with its
    signature. A model that passed its gates becomes ``challenger``.

    Parameters
    ----------
    bundle : Path
        As ``rto train`` left it.
    data : Path, optional
        The data folder it learnt from, where that is at hand.

    Returns
    -------
    str
        The run's id.

    Raises
    ------
    SettingsError
        When the store cannot be used; the bundle stands without it.
    """
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    training: dict[str, Any] = manifest["content"]["training"]
    version, digest = str(manifest["version"]), str(manifest["digest"])
    failed = [v["gate"] for v in failed_of(training.get("gates", ()))]
    store = tracker(settings)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / MODEL
        save_flavour(model, bundle, version=version, digest=digest)
        run_id = store.record(
            Run(
                name=version,
                parameters={"version": version, "digest": digest, **_parameters(training)},
                metrics=dict(_metrics(training)),
                tags={"gates": f"failed: {', '.join(failed)}" if failed else "passed"},
                texts=_plots(training),
                folders={MODEL: model},
                lineage=lineage(data) if data is not None else None,
            )
        )
    store.register(version, run_id=run_id, folder=MODEL, bundle=bundle, digest=digest)
    if training.get("gates") and not failed:
        store.challenge(version)
    return run_id


def track_report(report: Report, *, page: str, body: str, data: Path, settings: Settings) -> str:
    """Record a report on predictions: its numbers, its page and its JSON; returns the run's id."""
    numbers = {name: one.value for name, one in report.numbers.items()}
    numbers |= {f"{name}.low": one.low for name, one in report.numbers.items()}
    numbers |= {f"{name}.high": one.high for name, one in report.numbers.items()}
    numbers |= {f"difference.{name}": one.value for name, one in (report.difference or {}).items()}
    numbers |= {
        "calibration_error": report.calibration_error,
        "constant_log_loss": report.constant_log_loss,
        "rupees_saved_per_1000_orders": report.worth.saved.value,
        "orders": float(report.orders),
        "rto": float(report.rto),
    }
    return tracker(settings).record(
        Run(
            name=f"report {report.title}",
            parameters={
                "predictions": report.title, "against": report.against_name,
                "since": report.since, "until": report.until,
            },
            metrics=numbers,
            tags={"kind": "report"},
            texts={"report.html": page, "report.json": body},
            lineage=lineage(data),
        )
    )  # fmt: skip


def _parameters(training: Mapping[str, Any]) -> dict[str, object]:
    """The manifest's choices by dotted names."""
    flat = dict(_flat(training))
    return {
        name: value
        for name, value in flat.items()
        if any(name == part or name.startswith(f"{part}.") for part in _TRAINING_PARTS)
    }


def _metrics(training: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The exam's and the folds' numbers by dotted names."""
    for part in ("exam", "out_of_fold", "blend.loss"):
        for name, value in _flat(training):
            if name.startswith(f"{part}.") and isinstance(value, int | float):
                yield name, float(value)


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    for name, item in value.items():
        if isinstance(item, Mapping):
            yield from _flat(item, f"{before}{name}.")
        else:
            yield before + name, item


def _plots(training: Mapping[str, Any]) -> dict[str, str]:
    """The exam against every baseline, as a picture; nothing where none was sat."""
    gaps = (training.get("exam") or {}).get("differences") or {}
    if not gaps:
        return {}
    from training.exam_plot import exam_plot

    return {"plots/exam.svg": exam_plot(gaps)}

"""The command ``rto models``: what was trained, what was released, who is champion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from features.settings import load_settings
from training.release import trained_dir, versions
from training.tracking import Tracker


@click.command("models")
def models_() -> None:
    """List the trained models."""
    settings = load_settings()
    home, released = trained_dir(settings.home), settings.models_dir
    found = versions(home, released)
    if not found:
        click.echo("no model has been trained yet; make one with rto train --data DIR")
        return
    champion = _champion(settings.tracking_uri, settings.home)
    heads = f"{'version':<20}{'learnt until':<14}{'returned':>9}{'exam log-loss':>15}{'ROC-AUC':>9}"
    click.echo(f"{heads}  state")
    for version in found:
        folder = home / version if (home / version).is_dir() else released / version
        state = (
            "champion"
            if version == champion
            else "released"
            if (released / version).is_dir()
            else ""
        )
        click.echo(f"{_line(version, folder)}  {state}".rstrip())


def _champion(uri: str, home: Path) -> str | None:
    """The registry's champion; None without a registry, so that listing needs no MLflow."""
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).is_file():
        return None
    rows = Tracker(uri, home / "mlflow").models()
    return next((row.version for row in rows if row.champion), None)


def _line(version: str, folder: Path) -> str:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    training: dict[str, Any] = manifest.get("content", {}).get("training", {})
    exam = (training.get("exam") or {}).get("model") or {}
    until, labels = str(training.get("until", ""))[:10], training.get("labels") or {}
    loss, auc = exam.get("log_loss"), exam.get("roc_auc")
    shown = f"{'—' if loss is None else f'{loss:.4f}':>15}{'—' if auc is None else f'{auc:.3f}':>9}"
    return f"{version:<20}{until:<14}{labels.get('rto', 0):>9,}{shown}"

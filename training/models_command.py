"""The command ``rto models``: what was trained, what was released, who is champion."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from features.days import IST
from features.errors import SettingsError
from features.settings import Settings, load_settings
from training.comparison import registered
from training.gates import failed_of
from training.release import trained_dir, versions


@click.command("models")
def models_() -> None:
    """List the trained models."""
    settings = load_settings()
    home, released = trained_dir(settings.home), settings.models_dir
    found = versions(home, released)
    if not found:
        click.echo("no model has been trained yet; make one with rto train --data DIR")
        return
    states = _states(settings)
    heads = f"{'version':<20}{'learnt until':<14}{'returned':>9}{'exam log-loss':>15}{'ROC-AUC':>9}"
    click.echo(f"{heads}  state")
    for version in found:
        folder = home / version if (home / version).is_dir() else released / version
        training = _training(folder)
        otherwise = "released" if (released / version).is_dir() else _failed(training)
        state = states.get(version, otherwise)
        click.echo(f"{_line(version, training)}  {state}".rstrip())


def _states(settings: Settings) -> dict[str, str]:
    """Champion and challenger by version; a store out of reach hides neither list nor reason."""
    try:
        rows = registered(settings)
    except SettingsError as error:
        click.echo(f"rto: {error}", err=True)
        return {}
    challengers = {row.version: "challenger" for row in rows if row.challenger}
    return challengers | {row.version: "champion" for row in rows if row.champion}


def _training(folder: Path) -> dict[str, Any]:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    told: dict[str, Any] = manifest.get("content", {}).get("training", {})
    return told


def _failed(training: dict[str, Any]) -> str:
    """Why a model cannot be promoted, by the names of its gates; empty where it can."""
    failed = [str(v["gate"]) for v in failed_of(training.get("gates", ()))]
    return f"failed {', '.join(failed)}" if failed else ""


def _line(version: str, training: dict[str, Any]) -> str:
    exam = (training.get("exam") or {}).get("model") or {}
    until, labels = _day(training.get("until")), training.get("labels") or {}
    loss, auc = exam.get("log_loss"), exam.get("roc_auc")
    shown = f"{'—' if loss is None else f'{loss:.4f}':>15}{'—' if auc is None else f'{auc:.3f}':>9}"
    return f"{version:<20}{until:<14}{labels.get('rto', 0):>9,}{shown}"


def _day(until: object) -> str:
    """The Indian day of a moment; the default end of training is a midnight there."""
    if not isinstance(until, str):
        return ""
    return datetime.fromisoformat(until).astimezone(IST).date().isoformat()

"""Ctrl-C in a training: one line, status 130, and nothing half-written."""

from __future__ import annotations

import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import rto
from features.catalogue import CATALOGUE
from models import bundle as bundles
from models.bundle import Bundle
from training.aside import aside
from training.interrupts import uninterrupted
from training.progress import Progress
from training.shape import Shape
from training.simulate_command import write_year
from training.tracking import Tracker
from training.trees import Orchard, Sample
from training.world.spec import WorldSpec


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("year") / "data"
    write_year(out, 500, 11, WorldSpec(), quiet=True)
    return out


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RTO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RTO_MODELS_DIR", str(tmp_path / "released"))
    return tmp_path / "home"


def interrupted(capsys: pytest.CaptureFixture[str], data: Path, *more: str) -> str:
    """Run a training that is interrupted; returns its last line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["rto", "train", "--data", str(data), *more])
        with pytest.raises(SystemExit) as ended:
            rto.main()
    assert ended.value.code == rto.INTERRUPTED
    return capsys.readouterr().err.splitlines()[-1]


def stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["looking for columns", "exam: linear part", "trees", "bundle"])
def test_a_training_interrupted_at_a_step_leaves_no_file(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    data: Path,
    home: Path,
    step: str,
) -> None:
    def stop_there(_: Progress, what: str) -> None:
        if what.startswith(step):
            stop()

    monkeypatch.setattr(Progress, "step", stop_there)
    assert interrupted(capsys, data) == "rto: interrupted"
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_a_bundle_interrupted_while_it_is_written_leaves_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: Path, home: Path
) -> None:
    monkeypatch.setattr(bundles, "flush_folder", stop)
    assert interrupted(capsys, data) == "rto: interrupted"
    assert not list((home / "trained").iterdir())


def test_a_training_interrupted_in_mlflow_leaves_no_running_run_and_a_whole_bundle(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: Path, home: Path
) -> None:
    monkeypatch.setattr(Tracker, "_fill", stop)
    says = interrupted(capsys, data)
    (bundle,) = (home / "trained").iterdir()
    assert says == f"rto: interrupted: {bundle} is whole, but not recorded in MLflow"
    assert Bundle.load(bundle, features=CATALOGUE).version == bundle.name
    (store,) = home.glob("*.db")
    with sqlite3.connect(store) as database:
        assert database.execute("SELECT status FROM runs").fetchall() == [("FAILED",)]
    database.close()


def test_an_interrupt_waits_for_what_must_not_be_cut_in_two() -> None:
    done = []

    def run() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        run()
    assert done == ["the rest"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "file"

    def run() -> None:
        with aside(out) as partial:
            partial.write_text("half")
            stop()

    with pytest.raises(KeyboardInterrupt):
        run()
    assert not list(out.parent.iterdir())
    with aside(out) as partial:
        partial.write_text("whole")
    assert [path.read_text() for path in out.parent.iterdir()] == ["whole"]


def test_an_interrupted_search_of_trees_begins_no_other_fold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(600, 3)), rng.integers(0, 2, 600).astype(np.float64)
    part = Sample(np.arange(600), y, np.ones(600))
    orchard = Orchard(x, seed=7, threads=1)
    begun, fitted = [], orchard._watched

    def counted(*arguments: object) -> object:
        begun.append(1)
        fit: Callable[..., object] = fitted
        return fit(*arguments)

    monkeypatch.setattr(orchard, "_watched", counted)
    with pytest.raises(KeyboardInterrupt):
        orchard.trials((Shape(4, 50),), [(part, part)] * 8, stop)
    assert len(begun) <= 2

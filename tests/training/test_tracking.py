"""MLflow keeps runs and versions in a SQLite file of ours, quietly."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.tracking import Run, Tracker

pytestmark = pytest.mark.filterwarnings("ignore")


def test_runs_versions_and_the_champion_are_remembered(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    uri = f"sqlite:///{tmp_path / 'deep' / 'mlflow.db'}"
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "manifest.json").write_text("{}")
    tracker = Tracker(uri, tmp_path / "artifacts")
    assert tracker.models() == ()
    assert not tracker.crown("rto-1")
    for version in ("rto-1", "rto-2"):
        run = tracker.record(
            Run(
                name=version,
                parameters={"seed": 7},
                metrics={"exam.log_loss": 0.4, "nothing": float("nan")},
                texts={"report.html": "<p>"},
                folders={"model": bundle},
            )
        )
        tracker.register(version, run_id=run, folder="model", bundle=bundle, digest="d")
        assert tracker.challenge(version)
    assert tracker.crown("rto-1")
    again = Tracker(uri, tmp_path / "artifacts").models()
    found = [(row.version, row.champion, row.challenger) for row in again]
    assert found == [("rto-2", False, True), ("rto-1", True, False)]
    assert tracker.crown("rto-2")
    found = [(row.version, row.champion, row.challenger) for row in tracker.models()]
    assert found == [("rto-2", True, False), ("rto-1", False, False)]
    assert list((tmp_path / "artifacts").rglob("manifest.json"))
    out, err = capfd.readouterr()
    assert out == ""
    assert "INFO" not in err

"""A model is released after its gates, with its files in place before anyone hears of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features.days import DAY_US
from features.errors import BundleError, RefusedError
from features.tables import Folder
from models.bundle import write_bundle
from tests.training.ledger import FEATURES, START_US, make_matrix
from training.bundling import bundle_parts
from training.configuration import Configuration
from training.fit import Model, fit
from training.inputs import Table
from training.release import (
    Promotion,
    next_version,
    promote,
    refuse_while_frozen,
    rollback,
    trained_dir,
    versions,
)
from training.trainer import end_of_knowledge, release_bundle, train

PASSED = {"gate": "RTO001", "passed": True, "says": "", "muted": False}
MATRIX = make_matrix(800)


@pytest.fixture(scope="module")
def model() -> Model:
    settings = Configuration(threads=1)
    return fit(Table(MATRIX), settings, cutoff_us=START_US + 110 * DAY_US)


def trained(model: Model, home: Path, version: str, **verdict: object) -> None:
    parts = bundle_parts(
        model, MATRIX, Table(MATRIX), version=version, provenance={},
        training={**model.summary, "gates": [PASSED | verdict], "name": version},
    )  # fmt: skip
    write_bundle(trained_dir(home) / version, parts)


class Heard:
    """What was announced, and whether the files were there when it was."""

    def __init__(self, models_dir: Path) -> None:
        self.models_dir = models_dir
        self.past: list[tuple[str, str]] = []
        self.events: list[str] = []

    def announce(self, version: str, digest: str) -> None:
        assert (self.models_dir / version / "manifest.json").is_file()
        self.events.append(f"announced {version}")
        self.past.append((version, digest))

    def promote(self, home: Path, version: str) -> Promotion:
        return promote(
            version, home=home, models_dir=self.models_dir, features=FEATURES,
            announce=self.announce,
        )  # fmt: skip


def test_a_model_is_copied_then_announced(model: Model, tmp_path: Path) -> None:
    trained(model, tmp_path, "rto-2026-01-01.1")
    heard = Heard(tmp_path / "released")
    done = heard.promote(tmp_path, "rto-2026-01-01.1")
    assert heard.past == [("rto-2026-01-01.1", done.digest)]
    assert heard.events == ["announced rto-2026-01-01.1"]
    assert versions(tmp_path / "released") == ("rto-2026-01-01.1",)
    assert heard.promote(tmp_path, "rto-2026-01-01.1") == done


def test_a_failed_gate_stops_the_release_before_anything_is_copied(
    model: Model, tmp_path: Path
) -> None:
    trained(model, tmp_path, "v1", passed=False, says="worse than the pincode")
    heard = Heard(tmp_path / "released")
    with pytest.raises(RefusedError, match="RTO001: worse than the pincode"):
        heard.promote(tmp_path, "v1")
    assert heard.past == []
    assert not (tmp_path / "released").exists()


def test_a_muted_gate_lets_it_pass(model: Model, tmp_path: Path) -> None:
    trained(model, tmp_path, "v1", passed=False, says="too few", muted=True)
    assert Heard(tmp_path / "released").promote(tmp_path, "v1").version == "v1"


def test_an_altered_bundle_and_an_unknown_version_are_refused(model: Model, tmp_path: Path) -> None:
    trained(model, tmp_path, "v1")
    (trained_dir(tmp_path) / "v1" / "blend.json").write_text('{"trees":1}')
    heard = Heard(tmp_path / "released")
    with pytest.raises(BundleError):
        heard.promote(tmp_path, "v1")
    with pytest.raises(RefusedError, match="no trained model is called v2; there are: v1"):
        heard.promote(tmp_path, "v2")
    with pytest.raises(RefusedError, match="is no version"):
        heard.promote(tmp_path, "../v1")
    assert heard.past == []


def test_rollback_returns_to_the_model_before_and_can_be_undone(
    model: Model, tmp_path: Path
) -> None:
    heard = Heard(tmp_path / "released")
    for version in ("v1", "v2"):
        trained(model, tmp_path, version)
        heard.promote(tmp_path, version)

    def back() -> str:
        return rollback(
            heard.past, models_dir=heard.models_dir, features=FEATURES, announce=heard.announce
        ).version

    assert back() == "v1"
    assert back() == "v2"


def test_nothing_to_go_back_to_is_said(tmp_path: Path) -> None:
    for past, says in (([], "no model was ever promoted"), ([("v1", "d")], "the only model")):
        with pytest.raises(RefusedError, match=says):
            rollback(past, models_dir=tmp_path, features=FEATURES, announce=lambda *_: None)


def test_a_promotion_in_a_frozen_time_is_refused_with_its_end() -> None:
    until = datetime(2026, 10, 24, 18, 30, tzinfo=UTC)
    with pytest.raises(RefusedError, match=r"frozen until 2026-10-25 00:00 in India.*--force"):
        refuse_while_frozen(until, now=until - timedelta(seconds=1))
    refuse_while_frozen(until, now=until)
    refuse_while_frozen(None)


def test_versions_of_a_day_count_up() -> None:
    day = datetime(2026, 1, 2, tzinfo=UTC).date()
    assert next_version(day, []) == "rto-2026-01-02.1"
    taken = ["rto-2026-01-02.9", "rto-2026-01-02.10", "rto-2026-01-02.x", "rto-2025-01-02.77"]
    assert next_version(day, taken) == "rto-2026-01-02.11"


def test_training_writes_the_exam_and_the_gates_into_the_manifest(tmp_path: Path) -> None:
    matrix = make_matrix(3_000)
    settings = Configuration(threads=1, extra=("fee_after",), mute=("RTO004",))
    done = train(matrix, settings, cutoff_us=end_of_knowledge(matrix))
    assert done.exam is not None
    assert done.exam.last_learnt_known_us < done.exam.first_judged_us
    assert [trap.column for trap in done.traps] == ["fee_after"]
    folder = Folder(orders=_Rows())
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    digests = [
        release_bundle(
            done, folder, matrix, settings, tmp_path / name, version=name, made_at=moment
        )
        for name in ("a", "b")
    ]
    assert digests[0] == digests[1]
    body = done.summary(folder)
    assert body["mutes"] == ["RTO004"]
    assert isinstance(body["exam"], dict)
    assert body["exam"]["model"]["log_loss"] > 0


def test_without_enough_for_an_exam_the_training_says_why() -> None:
    matrix = make_matrix(130, rate=0.4, days=60.0)
    done = train(matrix, Configuration(threads=1), cutoff_us=end_of_knowledge(matrix))
    assert done.exam is None
    assert "are needed" in done.no_exam
    assert {v.gate for v in done.gates if not v.passed} >= {"RTO001", "RTO002"}


class _Rows:
    num_rows = 3_000

"""The worker retrains when it is time; gates decide, and the log says in one sentence what came."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from features.days import DAY_US
from features.history.fact import FACT_SIZE
from features.settings import Settings
from serving.home import Home
from serving.model import Promotion
from serving.upkeep import retraining
from serving.upkeep.retraining import Retraining, due, last_retraining, retraining_warning
from tests.serving import shop

EVERY = 30 * DAY_US
NOW = shop.NOON


class Ended:
    """A command that has ended, or one that runs until it is told to end."""

    def __init__(self, status: int | None) -> None:
        self.status = status
        self.asked = False

    def poll(self) -> int | None:
        return self.status

    def terminate(self) -> None:
        self.asked, self.status = True, -15

    def wait(self, timeout: float | None = None) -> int:
        return self.status or 0


class Shell:
    """Stands for ``rto``: each command writes what it is told and ends with a status."""

    def __init__(self, **says: tuple[int | None, str]) -> None:
        self.says = says
        self.words: list[list[str]] = []
        self.commands: list[Ended] = []

    def __call__(self, words: list[str], out: Path) -> Ended:
        self.words.append(words)
        status, text = self.says.get(words[0], (0, ""))
        out.write_text(text, encoding="utf-8")
        if words[0] == "train" and status == 0:
            bundle = Path(words[words.index("--out") + 1])
            bundle.mkdir(parents=True)
            (bundle / "manifest.json").write_text(json.dumps({"version": "rto-2026-11-20.1"}))
        self.commands.append(Ended(status))
        return self.commands[-1]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    settings = Settings(home=tmp_path, auto_retrain="30d", _env_file=None)
    with Home.open(settings) as opened:
        yield opened


@pytest.fixture
def placed(home: Home) -> Home:
    """A home whose log learnt of its first order forty days ago."""
    place_one(home, NOW - 40 * DAY_US)
    return home


def place_one(home: Home, at_us: int) -> None:
    with home.transaction() as log:
        log.place(
            "kurtas", "1", b"{}", fact=bytes(8 * FACT_SIZE), state=0, digest=None,
            at_us=at_us, known_us=at_us,
        )  # fmt: skip


def promoted(home: Home, at_us: int) -> None:
    with home.transaction() as log:
        log.append("promoted", Promotion("v", "d")._asdict(), at_us=at_us, known_us=at_us)


def run(home: Home, shell: Callable[..., Ended], *, looks: int = 6) -> None:
    job = Retraining(home.settings, start=shell)
    for look in range(looks):
        job.look(home, NOW + look)


def test_a_model_that_passes_is_promoted_and_the_log_says_so(placed: Home) -> None:
    shell = Shell()
    run(placed, shell)
    assert [words[0] for words in shell.words] == ["export", "train", "promote"]
    assert shell.words[2] == ["promote", "rto-2026-11-20.1"]
    last = last_retraining(placed.connection)
    assert last is not None
    assert last.promoted
    assert last.says == "rto-2026-11-20.1 was trained, passed its gates and is champion"
    assert retraining_warning(placed.connection) is None
    assert not (placed.settings.home / "retraining").exists()


def test_a_gate_that_failed_stops_it_and_readiness_says_why(placed: Home) -> None:
    shell = Shell(promote=(1, "\nrto: RTO002: calibration error 0.073 is above 0.03\n"))
    run(placed, shell)
    last = last_retraining(placed.connection)
    assert last is not None
    assert not last.promoted
    assert last.says.endswith("not promoted: RTO002: calibration error 0.073 is above 0.03")
    warning = retraining_warning(placed.connection)
    assert warning is not None
    assert warning.startswith("retraining of 2026-11-20T")
    assert len(shell.words) == 3


def test_a_training_that_failed_is_told_by_its_last_line_and_nothing_is_promoted(
    placed: Home,
) -> None:
    shell = Shell(train=(1, "reading orders [00:02]\rrto: only 3 returned orders can teach"))
    run(placed, shell, looks=3)
    assert [words[0] for words in shell.words] == ["export", "train"]
    last = last_retraining(placed.connection)
    assert last is not None
    assert last.says == "not retrained: only 3 returned orders can teach"


def test_while_a_command_runs_a_look_returns_at_once_and_the_end_stops_it(placed: Home) -> None:
    shell = Shell(train=(None, ""))
    job = Retraining(placed.settings, start=shell)
    for _ in range(5):
        job.look(placed, NOW)
    assert [words[0] for words in shell.words] == ["export", "train"]
    assert last_retraining(placed.connection) is None
    job.end()
    assert shell.commands[-1].asked


def test_without_the_training_extra_one_sentence_says_so(
    placed: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retraining, "find_spec", lambda _: None)
    shell = Shell()
    run(placed, shell, looks=1)
    assert shell.words == []
    last = last_retraining(placed.connection)
    assert last is not None
    assert "training is not installed here" in last.says


def test_a_configuration_beside_the_log_is_used(placed: Home) -> None:
    chosen = placed.settings.home / "train.yaml"
    chosen.write_text("threads: 1\n", encoding="utf-8")
    shell = Shell()
    run(placed, shell)
    assert shell.words[1][-2:] == ["--config", str(chosen)]


def test_it_is_due_a_span_after_the_last_promotion_and_sooner_after_a_failure(home: Home) -> None:
    assert not due(home.connection, EVERY, NOW)
    place_one(home, NOW)
    assert not due(home.connection, EVERY, NOW + EVERY - 1)
    assert due(home.connection, EVERY, NOW + EVERY)
    promoted(home, NOW + EVERY)
    assert not due(home.connection, EVERY, NOW + EVERY + DAY_US)
    assert due(home.connection, EVERY, NOW + 2 * EVERY)
    with home.transaction() as log:
        body = {"version": None, "promoted": False, "says": "not retrained"}
        log.append("retrained", body, at_us=NOW + 2 * EVERY, known_us=NOW + 2 * EVERY)
    assert not due(home.connection, EVERY, NOW + 2 * EVERY + 3 * DAY_US - 1)
    assert due(home.connection, EVERY, NOW + 2 * EVERY + 3 * DAY_US)


def test_without_the_setting_nothing_is_ever_started(placed: Home) -> None:
    shell = Shell()
    job = Retraining(placed.settings.model_copy(update={"auto_retrain": ""}), start=shell)
    job.look(placed, NOW)
    assert shell.words == []

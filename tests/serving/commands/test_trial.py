"""``rto trial``: bundles find their place, gates are asked, flipped bytes are not served."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from rto import cli
from serving.home import Home
from serving.model import Champion, Place, newest_promotions
from serving.service import Service
from tests.serving import shop
from tests.serving.shop import LIVE, body, run
from tests.training.small_bundle import make_bundle

FAILED = {"gate": "RTO001", "passed": False, "says": "worse than before", "muted": False}


def _trial(home: Path, *words: str, status: int = 0) -> str:
    released = str(home / "released")
    done = CliRunner().invoke(
        cli, ["trial", *words], env={"RTO_HOME": str(home), "RTO_MODELS_DIR": released}
    )
    assert (done.exit_code != 0) == (status != 0), done.output
    return done.output if status == 0 else str(done.exception)


def _running(home: Path) -> set[Place]:
    with Home.open(shop.settings_in(home)) as opened:
        return set(newest_promotions(opened.connection))


def test_a_shadow_is_put_in_place_compared_and_ended(tmp_path: Path) -> None:
    make_bundle(tmp_path / "trained" / "rto-1", "rto-1")
    assert "scores in the shadow" in _trial(tmp_path, "shadow", "rto-1")
    assert _running(tmp_path) == {Place(challenger=True)}
    assert (tmp_path / "released" / "rto-1" / "manifest.json").exists()

    async def scene() -> None:
        settings = shop.settings_in(tmp_path)
        with Home.open(settings) as opened:
            keyring = opened.keyring
        champion = Champion(tmp_path / "released")
        service = Service(settings, keyring, champion)
        await service.start()
        await service.desk.score(LIVE, body())
        await service.stop()

    run(scene())
    told = _trial(tmp_path, "compare")
    assert told.startswith("prior-1 and rto-1: 1 orders, ")
    assert "no outcome is known yet" in told
    assert "ended" in _trial(tmp_path, "end")
    assert _running(tmp_path) == set()
    assert "no such trial is running" in _trial(tmp_path, "end", status=1)


def test_a_canary_must_have_passed_its_gates(tmp_path: Path) -> None:
    make_bundle(tmp_path / "trained" / "rto-1", "rto-1", training={"gates": [FAILED]})
    make_bundle(tmp_path / "trained" / "rto-2", "rto-2", training={"gates": []})
    make_bundle(tmp_path / "trained" / "rto-3", "rto-3")
    for version in ("rto-1", "rto-2"):
        refused = _trial(tmp_path, "canary", version, "--merchant", "kurtas", status=1)
        assert "has not passed its gates" in refused
    _trial(tmp_path, "canary", "rto-3", "--merchant", "kurtas")
    assert _running(tmp_path) == {Place("kurtas")}


def test_a_bundle_with_a_flipped_byte_leaves_the_model_before(tmp_path: Path) -> None:
    make_bundle(tmp_path / "trained" / "rto-1", "rto-1")
    _trial(tmp_path, "canary", "rto-1", "--merchant", "kurtas")
    files = [f for f in (tmp_path / "released" / "rto-1").iterdir() if f.is_file()]
    whole = {file: file.read_bytes() for file in files}

    async def scene() -> None:
        with Home.open(shop.settings_in(tmp_path)) as opened:
            for file, data in whole.items():
                for at in range(0, len(data), 1_000):
                    file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
                    models = Champion(tmp_path / "released")
                    await models.follow(opened.connection)
                    assert models.for_merchant("kurtas").version == "prior-1", (file.name, at)
                    assert "cannot be served" in str(models.refused)
                file.write_bytes(data)
            models = Champion(tmp_path / "released")
            await models.follow(opened.connection)
            assert models.for_merchant("kurtas").version == "rto-1"

    run(scene())

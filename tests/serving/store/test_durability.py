"""What was answered is on disk: after kill -9, and after a power cut."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from serving.store.connection import connect
from serving.store.log import body_of
from tests.serving import shop
from tests.serving.store.doomed import score_on
from tests.serving.store.flushed import CALLS, Disk

KILLS = int(os.environ.get("KILLS", "30"))
KILLS_POSTGRESQL = int(os.environ.get("KILLS_POSTGRESQL", "10"))
CUTS = int(os.environ.get("CUTS", "40"))

_AHEAD = 400


def _score_here(home: Path) -> None:
    """Score four orders in this process, unheard."""
    with Path(os.devnull).open("wb") as nothing:
        asyncio.run(score_on(home, 0, 4, nothing.fileno()))


def _killed_run(home: Path, first: int, after: int) -> list[str]:
    """Fork a process that scores, kill it once ``after`` orders were answered; those answered."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            asyncio.run(score_on(home, first, _AHEAD, writing))
        finally:
            os._exit(1)
    os.close(writing)
    heard = b""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while heard.count(b"\n") < after and (more := pipe.read(4096)):
            heard += more
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        heard += pipe.read()
    whole, _, _ = heard.rpartition(b"\n")
    return [line.removeprefix("answered ") for line in whole.decode().splitlines()]


def _decided(store: Path | str) -> dict[str, str]:
    """Every decision in the store, by order."""
    connection = connect(store)
    rows = connection.execute(
        """SELECT o.order_id, e.body FROM event e JOIN orders o ON o.number = e.number
           WHERE e.kind = 'decided'"""
    ).fetchall()
    connection.close()
    assert len(rows) == len(dict(rows)), "an order was decided twice"
    return {order_id: str(body_of(body)["decision_id"]) for order_id, body in rows}


def _missing(answered: Iterable[str], store: Path | str) -> list[str]:
    decided = _decided(store)
    pairs = (line.split() for line in answered)
    return [order_id for order_id, decision_id in pairs if decided.get(order_id) != decision_id]


def test_kill_9_loses_and_doubles_nothing_that_was_answered(tmp_path: Path, engine: str) -> None:
    pick, answered = random.Random(5), []
    store = shop.settings_in(tmp_path).store_url
    kills = KILLS if engine == "sqlite" else KILLS_POSTGRESQL
    _score_here(tmp_path)  # what this process has compiled its children need not compile
    for kill in range(kills):
        answered += _killed_run(tmp_path, 10 + kill * _AHEAD, pick.randrange(1, 25))
        assert _missing(answered, store) == []
    assert len(answered) >= kills

    async def post_again() -> list[str]:
        async with shop.serving(tmp_path) as service:
            again = [
                await service.desk.score(shop.LIVE, shop.body(order_id=line.split()[0]))
                for line in answered
            ]
            return [f"{answer['order_id']} {answer['decision_id']}" for answer in again]

    assert asyncio.run(post_again()) == answered


def _record(home: Path, trace: Path, *flags: str) -> Disk:
    """Score orders under strace, on a database that exists; the disk as it was before."""
    _score_here(home)
    store = shop.settings_in(home).database.parent
    disk = Disk(str(store))
    for file in store.iterdir():
        disk.seen[str(file)] = bytearray(file.read_bytes())
        disk.flushed[str(file)] = file.read_bytes()
    command = [
        "strace", "-f", "-y", "-xx", "-s", "1000000", "--seccomp-bpf", "-e", f"trace={CALLS}",
        "-o", str(trace), sys.executable, "-m", "tests.serving.store.doomed", str(home), "100",
        str(CUTS), *flags,
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=300)
    return disk


def _cut_after_every_answer(disk: Disk, trace: Path, scratch: Path) -> list[str]:
    """What is missing when the power goes right after an answer, and after every flush."""
    answered: list[str] = []
    lost: list[str] = []
    for step in disk.play(trace):
        if step.answered is not None:
            answered.append(step.answered)
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        disk.restore(scratch)
        lost += _missing(answered, scratch / "rto.sqlite3")
    assert len(answered) == CUTS
    return lost


needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None, reason="power cuts need strace: apt-get install strace"
)


@needs_strace
@pytest.mark.only_sqlite
def test_a_power_cut_loses_and_doubles_nothing_that_was_answered(tmp_path: Path) -> None:
    disk = _record(tmp_path / "home", tmp_path / "trace")
    assert _cut_after_every_answer(disk, tmp_path / "trace", tmp_path / "cut") == []


@needs_strace
@pytest.mark.only_sqlite
def test_the_power_cut_would_notice_a_commit_that_is_not_flushed(tmp_path: Path) -> None:
    disk = _record(tmp_path / "home", tmp_path / "trace", "--lazy")
    assert _cut_after_every_answer(disk, tmp_path / "trace", tmp_path / "cut") != []

"""Retraining by itself: export, train, promote; the gates decide and one sentence says what came.

Serving imports nothing of training. The worker starts the same commands that a person types, in
processes of their own with a lower priority, and looks now and then whether they have ended.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from features.days import DAY_US
from features.settings import Settings
from serving.home import Home
from serving.moments import rfc3339
from serving.store.announced import newest_announced
from serving.store.connection import Connection
from serving.store.stories import first_known_us

_log = logging.getLogger("rto.retraining")

CONFIGURATION = "train.yaml"
_UNITS = {"d": DAY_US, "w": 7 * DAY_US}
_NICER = 10


class Command(Protocol):
    """A command that is running or has ended."""

    def poll(self) -> int | None:
        """Its status, or None while it runs."""

    def terminate(self) -> None:
        """Ask it to end."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""


Start = Callable[[list[str], Path], Command]


def start_rto(words: list[str], out: Path) -> Command:
    """Start ``rto`` with some words; what it says goes to a file."""
    with out.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "rto", *words],
            stdout=said,
            stderr=said,
            stdin=subprocess.DEVNULL,
        )
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICER)
    return process


@dataclass(frozen=True, slots=True)
class Retrained:
    """What the last retraining came to.

    Parameters
    ----------
    at_us : int
        When it ended (µs since 1970, UTC).
    version : str, optional
        The model it made.
    promoted : bool
    says : str
        One sentence.
    """

    at_us: int
    version: str | None
    promoted: bool
    says: str


def last_retraining(connection: Connection) -> Retrained | None:
    """The newest ``retrained`` event, or None."""
    found = newest_announced(connection, "retrained")
    if found is None:
        return None
    at_us, body = found
    version = body["version"]
    return Retrained(
        at_us, None if version is None else str(version), bool(body["promoted"]),
        str(body["says"]),
    )  # fmt: skip


def every_us(auto_retrain: str) -> int | None:
    """The setting as microseconds; None never retrains.

    >>> every_us("30d") == 30 * DAY_US, every_us("2w") == 14 * DAY_US, every_us("")
    (True, True, None)
    """
    found = re.fullmatch(r"(\d+)([dw])", auto_retrain)
    return int(found[1]) * _UNITS[found[2]] if found else None


def due(connection: Connection, every: int, now: int) -> bool:
    """Whether the model is older than it may be, and the last attempt long enough ago.

    The age counts from the last promotion or retraining, and without either from when the log
    learnt of its first order. An attempt that promoted nothing is repeated after a tenth of the
    time, at least a day: new orders may change what a gate says.
    """
    promoted = newest_announced(connection, "promoted")
    last = last_retraining(connection)
    if last is not None and not last.promoted:
        return now - last.at_us >= max(DAY_US, every // 10)
    first_us = first_known_us(connection)
    if first_us is None:
        return False
    since = [one.at_us for one in (promoted, last) if one is not None] or [first_us]
    return now - max(since) >= every


class Retraining:
    """The worker's job; ``look`` never waits for anything.

    Parameters
    ----------
    settings : Settings
        ``auto_retrain`` says how often; a training configuration is read from ``train.yaml``
        under RTO_HOME where there is one.
    start : callable
        Starts a command.
    """

    def __init__(self, settings: Settings, *, start: Start = start_rto) -> None:
        self._every = every_us(settings.auto_retrain)
        self._settings = settings
        self._start = start
        self._folder = settings.home / "retraining"
        self._steps: Iterator[str | None] | None = None
        self._command: Command | None = None
        self._version: str | None = None

    def look(self, home: Home, now: int) -> None:
        """Begin when it is due, take the next step when one has ended, and record the end."""
        if self._every is None:
            return
        if self._steps is None:
            if not due(home.connection, self._every, now):
                return
            _log.info("the model is due for retraining")
            self._version, self._steps = None, self._run()
        elif self._command is not None and self._command.poll() is None:
            return
        says = next(self._steps)
        if says is not None:
            self._ended(home, now, says)

    def end(self) -> None:
        """Stop what is running, as the worker ends."""
        if self._command is not None and self._command.poll() is None:
            self._command.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._command.wait(5)

    def _run(self) -> Iterator[str | None]:
        """Every step in turn; yields None while one runs and the sentence at the end."""
        if find_spec("lightgbm") is None:
            yield "not retrained: training is not installed here (pip install rto[training])"
            return
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        data, bundle = self._folder / "data", self._folder / "bundle"
        chosen = self._settings.home / CONFIGURATION
        configuration = ["--config", str(chosen)] if chosen.is_file() else []
        for name, words in (
            ("export", ["export", "--out", str(data)]),
            ("train", ["train", "--data", str(data), "--out", str(bundle), *configuration]),
        ):
            yield from self._step(name, words)
            if self._status():
                yield f"not retrained: {self._said(name)}"
                return
        self._version = _version(bundle)
        yield from self._step("promote", ["promote", self._version])
        if self._status():
            yield f"{self._version} was trained and not promoted: {self._said('promote')}"
            return
        yield f"{self._version} was trained, passed its gates and is champion"

    def _step(self, name: str, words: list[str]) -> Iterator[None]:
        self._command = self._start(words, self._folder / f"{name}.log")
        yield None

    def _status(self) -> int | None:
        return self._command.poll() if self._command is not None else None

    def _said(self, name: str) -> str:
        """The last line a command wrote, which is its error."""
        text = (self._folder / f"{name}.log").read_text("utf-8", errors="replace")
        lines = [line.strip() for line in re.split(r"[\r\n]", text) if line.strip()]
        return lines[-1].removeprefix("rto: ") if lines else f"rto {name} ended without a word"

    def _ended(self, home: Home, now: int, says: str) -> None:
        promoted = says.endswith("is champion")
        (_log.info if promoted else _log.warning)("%s", says)
        body = {"version": self._version, "promoted": promoted, "says": says}
        with home.transaction() as log:
            log.append("retrained", body, at_us=now, known_us=now)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._steps, self._command = None, None


def retraining_warning(connection: Connection) -> str | None:
    """For ``/readyz``: why the last retraining promoted nothing; None where it did."""
    last = last_retraining(connection)
    if last is None or last.promoted:
        return None
    return f"retraining of {rfc3339(last.at_us)}: {last.says}"


def _version(bundle: Path) -> str:
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    return str(manifest["version"])

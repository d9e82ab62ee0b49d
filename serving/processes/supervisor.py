"""The supervisor: scoring, pages and worker as processes of their own, kept running."""

from __future__ import annotations

import errno
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from features.errors import SettingsError
from serving.processes.trust import new_trust

DRAIN_S = 20

_BACKLOG = 1024
_GRACE_S = 3.0
_STEP_S = 0.05
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0


def bind(host: str, port: int, *, grace_s: float = _GRACE_S) -> socket.socket:
    """Listen on an address.

    Raises
    ------
    SettingsError
        If the address is taken for all of ``grace_s`` seconds, or is none of this machine's.
    """
    until = time.monotonic() + grace_s
    while True:
        listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen(_BACKLOG)
        except OSError as error:
            listening.close()
            if error.errno != errno.EADDRINUSE:
                raise SettingsError(f"cannot listen on {host} port {port}: {error}") from None
            if time.monotonic() >= until:
                raise SettingsError(
                    f"port {port} on {host} is in use; stop the other program or choose --port"
                ) from None
            time.sleep(_STEP_S)
        else:
            return listening


def _inside(listening: socket.socket) -> str:
    """The address at which this machine reaches what listens, wherever it does."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@dataclass(slots=True)
class Child:
    """One supervised process.

    Parameters
    ----------
    arguments : list of str
        Of a Python run.
    handles : tuple of int
        Open files it inherits.
    """

    arguments: list[str]
    handles: tuple[int, ...]
    process: subprocess.Popen[bytes] | None = None
    pause_s: float = _FIRST_PAUSE_S
    again_at: float = 0.0
    began: float = field(default=0.0)

    def start(self) -> None:
        """Start, or start again."""
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, *self.arguments], pass_fds=self.handles, start_new_session=True
        )

    def tend(self) -> None:
        """Start again after a pause that grows while the process keeps ending at once."""
        if self.process is not None and self.process.poll() is not None:
            lived = time.monotonic() - self.began
            self.pause_s = (
                _FIRST_PAUSE_S
                if lived > _LONGEST_PAUSE_S
                else min(2 * self.pause_s, _LONGEST_PAUSE_S)
            )
            self.again_at, self.process = time.monotonic() + self.pause_s, None
        if self.process is None and time.monotonic() >= self.again_at:
            self.start()

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def end(self, until: float) -> None:
        """Wait for the end, and kill what has not ended by then."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Supervisor:
    """Runs the processes until it is told to stop.

    Parameters
    ----------
    listening : socket.socket
        Bound already; it outlives a scoring process that must be started again, so that callers
        wait instead of being refused.
    owner : int
        The held lock of the log, inherited by the scoring process.
    bundle : Path, optional
        The model to pin.
    """

    def __init__(self, listening: socket.socket, owner: int, bundle: Path | None) -> None:
        self._listening = listening
        life, self._life = os.pipe()
        self._ready, ready = os.pipe()
        pin = [] if bundle is None else ["--bundle", str(bundle)]
        handle, trust = listening.fileno(), new_trust()
        # A socket's path has at most a hundred letters; RTO_HOME may have more.
        self._folder = tempfile.mkdtemp(prefix="rto-")
        both = ["--life", str(life), "--trust", str(trust), "--pages", f"{self._folder}/pages"]
        self._scoring = Child(
            [
                "-m",
                "serving.processes.scoring",
                "--socket",
                str(handle),
                "--ready",
                str(ready),
                *both,
                *pin,
            ],
            (handle, owner, life, ready, trust),
        )
        self._pages = Child(
            ["-m", "serving.processes.pages", "--inside", _inside(listening), *both],
            (life, trust),
        )
        self._worker = Child(["-m", "serving.processes.worker", "--life", str(life)], (life,))
        self._stopping = False

    def run(self, began: Callable[[], None]) -> int:
        """Start everything, call ``began`` once orders are taken, and tend until a signal.

        Returns
        -------
        int
            0, or the status of a scoring process that never began.
        """
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        self._scoring.start()
        if (status := self._await_ready()) is not None:
            return status
        began()
        # Orders come first: three processes that start at once take each other's processor.
        self._pages.start()
        self._worker.start()
        while not self._stopping:
            for child in self._children:
                child.tend()
            select.select([], [], [], _STEP_S)
        self._end()
        return 0

    def _await_ready(self) -> int | None:
        """None once the scoring process is ready; its status if it ends before."""
        process = self._scoring.process
        assert process is not None
        while not select.select([self._ready], [], [], _STEP_S)[0]:
            if self._stopping:
                self._end()
                return 0
            if (status := process.poll()) is not None:
                self._end()
                return status or 1
        return None

    def _end(self) -> None:
        self._listening.close()
        for child in self._children:
            child.ask_to_end()
        until = time.monotonic() + DRAIN_S + _GRACE_S
        for child in self._children:
            child.end(until)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _children(self) -> tuple[Child, ...]:
        return self._scoring, self._pages, self._worker

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True

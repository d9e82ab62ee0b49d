"""Long commands that a page starts: one at a time for a shop, told by a file, never awaited."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from features.errors import RefusedError
from features.settings import Settings

_LINES = 200
_CHUNK = 1 << 13
_NICER = 10
_END_S = 5.0
_BAR = re.compile(r"\[\d\d:\d\d|%\||it/s\]")
_LEFT = re.compile(r"about ([^\]]+?) left")
_running: set[asyncio.Task[None]] = set()
_one_at_a_time = asyncio.Lock()


@dataclass(frozen=True)
class Errands:
    """What was set going for one shop.

    Parameters
    ----------
    folder : Path
        Its files, what the commands printed, and how far they came.
    """

    folder: Path

    @classmethod
    def of(cls, settings: Settings, merchant_id: str) -> Errands:
        """The shop's own folder under RTO_HOME."""
        name = sha256(merchant_id.encode()).hexdigest()[:16]
        return cls(settings.home / "setup" / name)

    @property
    def state(self) -> dict[str, Any]:
        """``name`` and ``status`` (waiting, running, done, failed) of the last errand.

        ``says`` is what was printed last, ``left`` how long it will take, where the command says
        so, and ``done`` names the errands that ended well since ``begin``.
        """
        try:
            found: dict[str, Any] = json.loads((self.folder / "state.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {"name": "", "status": "", "says": [], "left": "", "done": []}
        if found["status"] in ("waiting", "running") and found["process"] != os.getpid():
            return found | {"status": "failed", "says": ["it was interrupted; start it again"]}
        return found

    @property
    def busy(self) -> bool:
        """Whether something runs or waits for its turn."""
        return self.state["status"] in ("waiting", "running")

    def begin(self) -> None:
        """Forget what was done before.

        Raises
        ------
        RefusedError
            If something is still running.
        """
        self.refuse_while_running()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, mode=0o700)

    def refuse_while_running(self) -> None:
        """Raise while something is running."""
        if self.busy:
            raise RefusedError("this is still running; wait until it is done")

    def start(
        self, name: str, commands: Sequence[Sequence[str]],
        *, ended: Callable[[bool], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """Run commands beside the pages, one shop after the other.

        Whoever trains needs every processor; two shops at once would only slow down scoring.

        Parameters
        ----------
        ended : callable
            Told at the end whether all went well.
        """
        self._keep(name, "waiting", [])

        async def work() -> None:
            async with _one_at_a_time:
                ended(await self.run(name, commands))

        task = asyncio.create_task(work())
        _running.add(task)
        task.add_done_callback(_running.discard)

    async def run(self, name: str, commands: Sequence[Sequence[str]]) -> bool:
        """One command after the other, until one fails; whether none did."""
        says: list[str] = []
        self._keep(name, "running", says)
        for words in commands:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "rto", *words, stdout=PIPE, stderr=STDOUT
            )
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, _NICER)
            if not await self._heard(process, name, says):
                self._keep(name, "failed", says)
                return False
        self._keep(name, "done", says)
        return True

    async def _heard(self, process: Process, name: str, says: list[str]) -> bool:
        """Write down what a command says; whether it ended well. It ends with the pages."""
        try:
            async for line in _lines(process):
                text = line.removeprefix("rto: ").replace(f"{self.folder}/", "")
                if _BAR.search(text) is None:
                    says.append(text)
                    del says[:-_LINES]
                left = _LEFT.search(text)
                self._keep(name, "running", says, left[1] if left else "")
            return await process.wait() == 0
        finally:
            if process.returncode is None:
                process.terminate()
                with suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), _END_S)

    def _keep(self, name: str, status: str, says: list[str], left: str = "") -> None:
        done = [one for one in self.state["done"] if one != name]
        draft = self.folder / "state.draft"
        told = {
            "name": name, "status": status, "says": says, "left": left, "process": os.getpid(),
            "done": [*done, name] if status == "done" else done,
        }  # fmt: skip
        draft.write_text(json.dumps(told), "utf-8")
        draft.replace(self.folder / "state.json")


async def _lines(process: Process) -> AsyncIterator[str]:
    """Every line that is not blank; a bar that is drawn anew is a line each time."""
    assert process.stdout is not None
    held = b""
    while chunk := await process.stdout.read(_CHUNK):
        *whole, held = re.split(rb"[\r\n]", held + chunk)
        for line in whole:
            if text := line.decode("utf-8", "replace").strip():
                yield text
    if text := held.decode("utf-8", "replace").strip():
        yield text

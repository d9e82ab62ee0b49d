"""Long commands that a page starts: one at a time for a shop, told by a file, never awaited."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from features.errors import RefusedError
from features.settings import Settings

_LONGEST_LINE = 1 << 16
_LINES = 200


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
        """``name`` and ``status`` (running, done, failed), ``says`` what was printed last."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "state.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {"name": "", "status": "", "says": []}
        if found["status"] == "running" and found["process"] != os.getpid():
            return found | {"status": "failed", "says": ["it was interrupted; start it again"]}
        return found

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
        if self.state["status"] == "running":
            raise RefusedError("this is still running; wait until it is done")

    def announce(self, name: str) -> None:
        """Say that something runs, before it does."""
        self._keep(name, "running", [])

    async def run(
        self, name: str, commands: Sequence[Sequence[str]], more: Mapping[str, str] | None = None
    ) -> None:
        """One command after the other, until one fails."""
        says: list[str] = []
        self._keep(name, "running", says)
        for words in commands:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "rto", *words, stdout=PIPE, stderr=STDOUT,
                limit=_LONGEST_LINE, env=os.environ | (more or {}),
            )  # fmt: skip
            await self._listen(process, name, says)
            if await process.wait() != 0:
                self._keep(name, "failed", says)
                return
        self._keep(name, "done", says)

    async def _listen(self, process: Process, name: str, says: list[str]) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            text = line.decode("utf-8", "replace").rpartition("\r")[2].rstrip()
            text = text.removeprefix("rto: ").replace(f"{self.folder}/", "")
            if text and "it/s]" not in text and "%|" not in text:
                says.append(text)
                del says[:-_LINES]
                self._keep(name, "running", says)

    def _keep(self, name: str, status: str, says: list[str]) -> None:
        draft = self.folder / "state.draft"
        told = {"name": name, "status": status, "says": says, "process": os.getpid()}
        draft.write_text(json.dumps(told), "utf-8")
        draft.replace(self.folder / "state.json")

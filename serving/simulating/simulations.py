"""Simulations, as the scoring process asks for them: another process works, this one awaits."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Any

from pydantic_core import from_json, to_json

from features.errors import RefusedError, StoreError

_LIMIT_S = 60.0
_LONGEST_LINE = 1 << 20


class SimulationError(StoreError):
    """No answer came."""


class Simulations:
    """Starts the process when it is first needed, and again when it has ended.

    Parameters
    ----------
    store_url : str
        The log's database.
    """

    def __init__(self, store_url: str) -> None:
        self._store_url = store_url
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        # Scoring may be given a processor of its own later on; its simulations are not to share it.
        self._cores = os.sched_getaffinity(0) if sys.platform == "linux" else None

    async def simulate(
        self, merchant_id: str, policy: dict[str, Any], days: int, now_us: int
    ) -> dict[str, Any]:
        """What ``serving.simulating.simulation.simulate`` finds.

        Raises
        ------
        RefusedError
            If the draft or the days are at fault.
        SimulationError
            If it takes longer than a minute, the process ends, or the log is out of reach.
        """
        return await self._answer({"what": "simulation", "merchant_id": merchant_id,
                                   "policy": policy, "days": days, "now_us": now_us})  # fmt: skip

    async def suggest(self, merchant_id: str, now_us: int) -> dict[str, Any]:
        """What ``serving.simulating.suggestion.suggestion`` finds.

        Raises
        ------
        SimulationError
            As above.
        """
        return await self._answer({"what": "suggestion", "merchant_id": merchant_id,
                                   "policy": {}, "now_us": now_us})  # fmt: skip

    async def effects(self, merchant_id: str, days: int, now_us: int) -> dict[str, Any]:
        """What ``serving.simulating.effects.effects`` finds.

        Raises
        ------
        SimulationError
            As above.
        """
        return await self._answer({"what": "effects", "merchant_id": merchant_id, "policy": {},
                                   "days": days, "now_us": now_us})  # fmt: skip

    async def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        asked = asked | {"store_url": self._store_url}
        async with self._turn:
            try:
                answer = await asyncio.wait_for(self._ask(to_json(asked) + b"\n"), _LIMIT_S)
            except BaseException as error:
                # Whatever it still answers would be taken for the next question's answer.
                await self.stop()
                if isinstance(error, TimeoutError | OSError):
                    raise SimulationError("the simulation took too long; ask again") from None
                raise
        if "refused" in answer:
            raise RefusedError(answer["refused"])
        if "failed" in answer:
            raise SimulationError(answer["failed"])
        found: dict[str, Any] = answer["found"]
        return found

    async def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _ask(self, line: bytes) -> dict[str, Any]:
        process = self._process
        if process is None or process.returncode is not None:
            self._process = process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "serving.simulating.process",
                stdin=PIPE, stdout=PIPE, limit=_LONGEST_LINE,
            )  # fmt: skip
            if self._cores is not None:
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(process.pid, self._cores)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        await process.stdin.drain()
        if not (said := await process.stdout.readline()):
            await self.stop()
            raise SimulationError("the simulation ended without an answer; see its messages")
        answer: dict[str, Any] = from_json(said)
        return answer

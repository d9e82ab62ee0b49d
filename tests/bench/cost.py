"""What a piece of work costs in a process of its own: processor time, time on the wall, memory."""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

Asked = TypeVar("Asked")
Prepared = TypeVar("Prepared")
Result = TypeVar("Result")

_STATUS = Path("/proc/self/status")
_FORGET_PEAK = "5"  # proc(5), clear_refs: the peak starts anew from what is resident now


class Cost(NamedTuple):
    """Seconds and bytes; ``peak`` is all that was resident at once, the input included."""

    cpu_s: float
    wall_s: float
    before: int
    peak: int


def apart(
    prepare: Callable[[Asked], Prepared], work: Callable[[Prepared], Result], asked: Asked
) -> tuple[Cost, Result]:
    """Measure ``work(prepare(asked))`` but for the preparation; all three must be importable."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(_measured, prepare, work, asked).result()


def _measured(
    prepare: Callable[[Asked], Prepared], work: Callable[[Prepared], Result], asked: Asked
) -> tuple[Cost, Result]:
    prepared = prepare(asked)
    gc.collect()
    with suppress(OSError):  # where it is forbidden the peak covers the preparation too
        Path("/proc/self/clear_refs").write_text(_FORGET_PEAK)
    before = resident()
    cpu, wall = time.process_time(), time.perf_counter()
    result = work(prepared)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(cpu, wall, before, resident("VmHWM")), result


def resident(what: str = "VmRSS") -> int:
    """Bytes of this process in memory (Linux): ``VmRSS`` now, ``VmHWM`` at most."""
    for line in _STATUS.read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"{_STATUS} does not say {what}")

"""A whole training as a user starts it: ``python -m tests.bench train-of --orders 1000000``."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.report import machine, say
from training.simulate_command import write_year
from training.world.spec import WorldSpec

SECONDS_BETWEEN = 0.25


def training(orders: int = 100_000, *, twice: bool = False) -> None:
    """Print what ``rto train`` takes on an invented year, all of its processes together.

    Parameters
    ----------
    orders : int
    twice : bool
        Train again and compare the digests.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        write_year(data, orders, 5, WorldSpec(), quiet=True)
        say(f"rto train: {orders:,} invented orders, no tuning; {machine()}")
        digests = [_run(data, Path(folder) / f"home{k}") for k in range(2 if twice else 1)]
    if twice:
        say(f"  the same digest twice: {digests[0] == digests[1]}")


def _run(data: Path, home: Path) -> str:
    """Train once, print what it took, and return the bundle's digest."""
    settings = {"RTO_HOME": str(home), "RTO_MODELS_DIR": str(home / "released")}
    before, start, peak = _children_s(), time.perf_counter(), 0
    with subprocess.Popen(
        [sys.executable, "-m", "rto", "train", "--data", str(data)],
        env=os.environ | settings, stdout=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        while run.poll() is None:
            peak = max(peak, sum(_proportional(pid) for pid in _family(run.pid)))
            time.sleep(SECONDS_BETWEEN)
        said = run.stdout.read() if run.stdout else ""
    wall, cpu = time.perf_counter() - start, _children_s() - before
    took = next((line for line in said.splitlines() if line.startswith("took")), "it failed")
    say(f"  {wall:.0f} s wall, {cpu:.0f} s CPU, peak {peak / 2**30:.2f} GiB; {took}")
    (manifest,) = (home / "trained").glob("*/manifest.json")
    return manifest.read_text().split('"digest"')[1].split('"')[1]


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _family(pid: int) -> list[int]:
    """A process and all that it has started (Linux)."""
    found = [pid]
    for task in _entries(Path(f"/proc/{pid}/task")):
        for child in _text(task / "children").split():
            found += _family(int(child))
    return found


def _proportional(pid: int) -> int:
    """Bytes in memory, those shared with other processes in equal parts (PSS)."""
    for line in _text(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""

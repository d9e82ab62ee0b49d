"""A service's start and size: first with nothing compiled, then with cached machine code.

``python -m tests.bench start``; on Linux. Every start is a real ``rto serve``, in a home of its own
or in the one that ``--home`` names, with Python's bytecode cached as an installation has it.
"""

from __future__ import annotations

import os
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2

from serving.home import Home
from serving.store.log import last_seq
from serving.store.merchants import add_merchant, new_key
from tests.bench.report import machine, say, table
from tests.serving import process, shop

READY_BAR_S, HELP_BAR_S, PRIVATE_BAR_MB = 5.0, 0.3, 350
_AGAIN = 3
_HELPS = 5


class Started(NamedTuple):
    """One start, seconds from the command to the first answers."""

    ready_s: float
    decided_s: float
    cpu_s: float
    private_mb: float
    mapped_mb: float


def start(home: Path | None = None) -> None:
    """Print how long starts take, what ``--help`` costs, and what a scoring process holds."""
    say(f"on {machine()}")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        home, cache = home or Path(folder) / "home", Path(folder) / "compiled"
        cache.mkdir()
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "bytecode")
        key = _merchant(home)
        rows = [_row("first start, nothing compiled", _start(home, key, cache))]
        rows += [
            _row(f"start {n + 2}, machine code cached", _start(home, key, cache))
            for n in range(_AGAIN)
        ]
        with _read_only(cache):
            rows.append(_row("machine code and program read-only", _start(home, key, cache)))
        table(("", "ready s", "decided s", "CPU s", "private MB", "mapped MB"), rows)
    say(f"bars: ready within {READY_BAR_S:g} s cached, private below {PRIVATE_BAR_MB} MB")
    helps = sorted(_help_cpu_s() for _ in range(_HELPS))
    say(
        f"rto --help: {helps[len(helps) // 2]:.3f} s of processor time (median of {_HELPS}, "
        f"{helps[0]:.3f} to {helps[-1]:.3f}; bar {HELP_BAR_S:g} s)"
    )


def _merchant(home: Path) -> str:
    with Home.open(shop.settings_in(home)) as opened, opened.transaction() as log:
        add_merchant(log.connection, "kurtas", "Kurtas & Co", invented=True, now_us=1)
        events = last_seq(log.connection)
        say(f"a log of {events:,} events")
        return new_key(log.connection, "kurtas", "live", now_us=1)


def _start(home: Path, key: str, cache: Path) -> Started:
    os.environ["NUMBA_CACHE_DIR"] = str(cache)
    began, spent = time.perf_counter(), _children_s()
    serving, url = process.start(home)
    ready = _until(f"{url}/readyz", began)
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx2.post(
        f"{url}/v1/score", content=shop.body(order_id=f"o{began}"), headers=headers, timeout=60
    )
    answer.raise_for_status()
    decided = time.perf_counter() - began
    private, mapped = _memory(process.Server(home, url, key, "", serving).scoring_pid())
    process.stop(serving)
    return Started(ready, decided, _children_s() - spent, private, mapped)


def _until(url: str, began: float) -> float:
    while True:
        try:
            if httpx2.get(url, timeout=60).status_code == 200:
                return time.perf_counter() - began
        except httpx2.TransportError:
            time.sleep(0.01)


def _memory(pid: int) -> tuple[float, float]:
    """Private and shared resident megabytes: files that are mapped are shared."""
    kb = {"Private": 0, "Shared": 0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines():
        kind = line.partition("_")[0]
        if kind in kb and ("Clean" in line or "Dirty" in line):
            kb[kind] += int(line.split()[1])
    return kb["Private"] / 1e3, kb["Shared"] / 1e3


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    """No file of a folder can be changed or added (nothing is refused to root)."""
    mounted = shutil.which("mount") and os.getuid() == 0 and not subprocess.run(
        ["mount", "--bind", "-o", "ro", str(folder), str(folder)], check=False, capture_output=True
    ).returncode  # fmt: skip
    if not mounted:
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        else:
            folder.chmod(stat.S_IRWXU)


def _help_cpu_s() -> float:
    before = _children_s()
    words = [sys.executable, str(process.ROOT / "rto.py"), "--help"]
    subprocess.run(words, check=True, capture_output=True)
    return _children_s() - before


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(name: str, started: Started) -> tuple[str, ...]:
    return (
        name, f"{started.ready_s:.1f}", f"{started.decided_s:.1f}", f"{started.cpu_s:.1f}",
        f"{started.private_mb:.0f}", f"{started.mapped_mb:.0f}",
    )  # fmt: skip

"""The service that the benchmark of serving runs, and wrk that loads it."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import httpx2

from features.errors import RefusedError

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("serving.lua")
_TICK = os.sysconf("SC_CLK_TCK")


class Run(NamedTuple):
    """One load: what wrk found, and what the scoring process spent on an order."""

    rate: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    failed: int
    cpu_us: float
    written: float

    def cells(self) -> tuple[str, ...]:
        """As the table tells it.

        Raises
        ------
        RefusedError
            If requests failed: then nothing was measured.
        """
        if self.failed:
            raise RefusedError(f"{self.failed} requests failed; see the service's messages")
        return (
            f"{self.rate:,.0f}", f"{self.p50_ms:.2f}", f"{self.p95_ms:.1f}", f"{self.p99_ms:.1f}",
            f"{self.cpu_us:,.0f}", f"{self.written:,.0f}",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shop:
    """A running service of the benchmark's."""

    home: Path
    url: str
    key: str
    pid: int
    supervisor: int

    def client(self) -> httpx2.Client:
        """A client of its own."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=60)

    def load(self, connections: int, seconds: int, reasons: str, path: str = "/v1/score") -> Run:
        """Let wrk post different orders from the other processor."""
        self.part()
        before = self._spent()
        found = wrk(
            self.url, connections, seconds, SCRIPT, str(self.home / "bodies"), self.key,
            f"{path}?reasons={reasons}", prefix(), str(fresh()),
        )  # fmt: skip
        spent = self._spent()
        orders = max(1, found["requests"])
        return Run(
            orders / found["seconds"], found["p50_ms"], found["p95_ms"], found["p99_ms"],
            int(found["refused"] + found["broken"]),
            (spent[0] - before[0]) / orders * 1e6, (spent[1] - before[1]) / orders,
        )  # fmt: skip

    def part(self) -> None:
        """Leave one processor to scoring; the service's other processes share wrk's, and wait."""
        for other in map(str, _descendants(self.supervisor) - {self.pid}):
            for usual in (
                ["chrt", "--all-tasks", "--other", "--pid", "0", other],
                ["taskset", "--all-tasks", "--cpu-list", "--pid", others(), other],
            ):
                subprocess.run(usual, check=False, capture_output=True)  # it may have ended

    def _spent(self) -> tuple[float, int]:
        """Processor seconds, and bytes handed to the disk."""
        io = dict(
            line.split(": ") for line in Path(f"/proc/{self.pid}/io").read_text().splitlines()
        )
        return cpu_s(self.pid), int(io["write_bytes"])

    def private_mb(self) -> tuple[float, float]:
        """Memory of the scoring process alone, and the files mapped beside it."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        return sizes["Anonymous"] / 1024, (sizes["Rss"] - sizes["Anonymous"]) / 1024

    def counted(self) -> dict[str, float]:
        """What the service counts of itself, by name and labels."""
        lines = httpx2.get(f"{self.url}/metrics").text.splitlines()
        told = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in told}


def wrk(url: str, connections: int, seconds: int, script: Path, *words: str) -> dict[str, float]:
    """What wrk finds, from the other processor, where it comes first."""
    first = ["chrt", "--fifo", "5"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*first, "taskset", "-c", others(), "wrk", "--threads", "1",
         "--connections", str(connections), "--duration", f"{seconds}s",
         "--script", str(script), url, "--", *words],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.partition("FOUND ")[2].splitlines()[0])
    return found


def rto(home: Path, *words: str, **settings: str) -> str:
    """Run one command in the benchmark's home."""
    made = subprocess.run(
        [sys.executable, str(ROOT / "rto.py"), *words], env=_environment(home) | settings, cwd=home,
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return made.stdout


@contextmanager
def started(home: Path, core: int, **settings: str) -> Iterator[tuple[Shop, float]]:
    """A server whose scoring process has one processor, and the seconds until it was ready."""
    _read_files(home)
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "rto.py"), "serve", "--port", "0", "--bundle",
         str(home / "bundle")],
        env=_environment(home) | {"NUMBA_CACHE_DIR": str(home / "compiled")} | settings, cwd=home,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    url = re.search(r"http://\S+", process.stdout.readline())
    assert url is not None
    took = time.monotonic() - began
    found = subprocess.run(
        ["pgrep", "-P", str(process.pid), "-f", "serving.processes.scoring"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    pid = int(found.stdout.split()[0])
    subprocess.run(["taskset", "-acp", str(core), str(pid)], check=True, capture_output=True)
    try:
        yield Shop(home, url[0], (home / "key").read_text(), pid, process.pid), took
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _read_files(home: Path) -> None:
    """Have the store in memory, as a running service has: a cold disk is not measured.

    Page by page: of a file that was read in a row newer kernels hold many pages as one, and count
    them all as written where one was.
    """
    found = (path for folder in ("store", "folds") for path in (home / folder).rglob("*"))
    files = [path for path in found if path.is_file()]
    room = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    if sum(path.stat().st_size for path in files) < room:
        for path in files:
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
                while file.read(1 << 24):
                    pass


def cpu_s(pid: int) -> float:
    """Processor seconds of a process, and of those it started and outlived."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, stat[11:15])) / _TICK


def cpu_of_all(pid: int) -> float:
    """Processor seconds of a process and of all that it started."""
    return sum(cpu_s(one) for one in {pid, *_descendants(pid)})


def _descendants(parent: int) -> set[int]:
    found = subprocess.run(
        ["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False
    )
    children = {int(pid) for pid in found.stdout.split()}
    return children.union(*map(_descendants, children))


def prefix() -> str:
    """What no order's id began with before."""
    return f"b{time.time_ns()}-"


def fresh() -> int:
    """Where the numbers of new customers begin."""
    return random.SystemRandom().randrange(9 * 10**8)


def others() -> str:
    """The processor that loads the service."""
    return str(min(1, (os.cpu_count() or 1) - 1))


def _environment(home: Path) -> dict[str, str]:
    kept = {name: v for name, v in os.environ.items() if not name.startswith("RTO_")}
    return kept | {"RTO_HOME": str(home), "PYTHONPATH": str(ROOT)}

"""The service that the benchmark of serving runs, and wrk that loads it."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import httpx2

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
        self._hold_back_the_rest()
        before = self._spent()
        found = wrk(
            self.url, connections, seconds, SCRIPT, str(self.home / "bodies"), self.key,
            f"/v1/score?reasons={reasons}", prefix(), str(fresh()),
        )  # fmt: skip
        spent = self._spent()
        orders = max(1, found["requests"])
        return Run(
            orders / found["seconds"], found["p50_ms"], found["p95_ms"], found["p99_ms"],
            int(found["refused"] + found["broken"]),
            (spent[0] - before[0]) / orders * 1e6, (spent[1] - before[1]) / orders,
        )  # fmt: skip

    def _hold_back_the_rest(self) -> None:
        """Pages and worker share wrk's processor; what they do must not keep it from asking."""
        for other in _descendants(self.supervisor) - {self.pid}:
            usual = ["chrt", "--all-tasks", "--other", "--pid", "0", str(other)]
            subprocess.run(usual, check=False, capture_output=True)  # it may have ended meanwhile

    def _spent(self) -> tuple[float, int]:
        """Processor seconds, and bytes handed to the disk."""
        stat = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        io = dict(
            line.split(": ") for line in Path(f"/proc/{self.pid}/io").read_text().splitlines()
        )
        return sum(map(int, stat[11:13])) / _TICK, int(io["write_bytes"])

    def private_mb(self) -> tuple[float, float]:
        """Memory of the scoring process alone, and the files mapped beside it."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        return sizes["Anonymous"] / 1024, (sizes["Rss"] - sizes["Anonymous"]) / 1024

    def stages(self) -> dict[str, tuple[float, float]]:
        """Seconds and orders by stage, as the service counts them."""
        found: dict[str, dict[str, float]] = {}
        for line in httpx2.get(f"{self.url}/metrics").text.splitlines():
            for part in ("sum", "count"):
                if line.startswith(f"rto_stage_seconds_{part}"):
                    stage = line.split('"')[1]
                    found.setdefault(stage, {})[part] = float(line.split()[-1])
        return {stage: (of["sum"], of["count"]) for stage, of in found.items()}


def wrk(url: str, connections: int, seconds: int, script: Path, *words: str) -> dict[str, float]:
    """What wrk finds, from the other processor."""
    done = subprocess.run(
        ["taskset", "-c", others(), "wrk", "--threads", "1", "--connections", str(connections),
         "--duration", f"{seconds}s", "--script", str(script), url, "--", *words],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.partition("FOUND ")[2].splitlines()[0])
    return found


def rto(home: Path, *words: str) -> str:
    """Run one command in the benchmark's home."""
    made = subprocess.run(
        [sys.executable, str(ROOT / "rto.py"), *words], env=_environment(home), cwd=home,
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return made.stdout


def started(home: Path, core: int) -> tuple[subprocess.Popen[str], Shop, float]:
    """A server whose scoring process has one processor, and the seconds until it was ready."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "rto.py"), "serve", "--port", "0", "--bundle",
         str(home / "bundle")],
        env=_environment(home), cwd=home, stdout=subprocess.PIPE, text=True,
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
    return process, Shop(home, url[0], (home / "key").read_text(), pid, process.pid), took


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

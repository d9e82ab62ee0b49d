"""The whole path under load: ``make bench-serving``, or ``python -m tests.bench.serving --help``.

One scoring process on one processor, wrk with different orders on another, everything durable: a
year of orders as its past, a blend of trees and linear part, a quarter of the orders acted on and
explained.
The first run prepares its folder, which takes minutes; the next ones begin at once.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click
import httpx2
import numpy as np
import pyarrow.parquet as pq

from tests.bench.report import machine, say, table
from tests.bench.serving_orders import FRESH, bodies, largest_merchant, make_regulars

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_suffix(".lua")
ACTED = 0.25
LEARNT = 30_000  # orders: a model of so many has trees enough, and as many as one of a million
BODIES, ASKED, BATCHES = 8_000, 1_000, 8
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

    def client(self) -> httpx2.Client:
        """A client of its own."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=60)

    def load(self, connections: int, seconds: int, reasons: str, path: str = "/v1/score") -> Run:
        """Let wrk post different orders from the other processor."""
        before = self._spent()
        done = subprocess.run(
            ["taskset", "-c", _others(), "wrk", "--threads", "1", "--connections", str(connections),
             "--duration", f"{seconds}s", "--script", str(SCRIPT), self.url, "--",
             str(self.home / "bodies"), self.key, f"{path}?reasons={reasons}", _prefix(),
             str(_fresh())],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        spent = self._spent()
        found = json.loads(done.stdout.partition("FOUND ")[2].splitlines()[0])
        orders = max(1, found["requests"])
        return Run(
            orders / found["seconds"], found["p50_ms"], found["p95_ms"], found["p99_ms"],
            found["refused"] + found["broken"],
            (spent[0] - before[0]) / orders * 1e6, (spent[1] - before[1]) / orders,
        )  # fmt: skip

    def _spent(self) -> tuple[float, int]:
        """Processor seconds, and bytes handed to the disk."""
        stat = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        io = dict(
            line.split(": ") for line in Path(f"/proc/{self.pid}/io").read_text().splitlines()
        )
        return sum(map(int, stat[11:13])) / _TICK, int(io["write_bytes"])

    def private_mb(self) -> tuple[float, float]:
        """Memory of the scoring process alone, and what is mapped beside it."""
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        private = sizes["Private_Clean"] + sizes["Private_Dirty"]
        return private / 1024, (sizes["Rss"] - private) / 1024

    def stages(self) -> dict[str, tuple[float, float]]:
        """Seconds and orders by stage, as the service counts them."""
        found: dict[str, dict[str, float]] = {}
        for line in httpx2.get(f"{self.url}/metrics").text.splitlines():
            for part in ("sum", "count"):
                if line.startswith(f"rto_stage_seconds_{part}"):
                    stage = line.split('"')[1]
                    found.setdefault(stage, {})[part] = float(line.split()[-1])
        return {stage: (of["sum"], of["count"]) for stage, of in found.items()}


def rto(home: Path, *words: str) -> str:
    """Run one command in the benchmark's home."""
    made = subprocess.run(
        [sys.executable, str(ROOT / "rto.py"), *words], env=_environment(home), cwd=home,
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return made.stdout


def prepare(home: Path, orders: int) -> None:
    """Invent a year and load it, train trees of 31 leaves on another, and make a key."""
    if (home / "ready").exists():
        return
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    data, learnt = home / "data", home / "learnt"
    say(f"preparing {home} once: inventing and loading {orders:,} orders, and training a model")
    rto(home, "simulate", "--orders", str(orders), "--seed", "5", "--out", str(data))
    rto(home, "simulate", "--orders", str(LEARNT), "--seed", "6", "--out", str(learnt))
    (home / "train.yaml").write_text("trees: {num_leaves: 31, learning_rate: 0.012}\n")
    rto(home, "train", "--data", str(learnt), "--config", str(home / "train.yaml"), "--no-tracking",
        "--out", str(home / "bundle"))  # fmt: skip
    make_regulars(data)
    rto(home, "load", "--data", str(data))
    merchant = largest_merchant(pq.read_table(data / "orders.parquet", columns=["merchant_id"]))
    (home / "key").write_text(rto(home, "key", "new", merchant).split()[-1])
    (home / "ready").touch()


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
        ["pgrep", "-P", str(process.pid), "-f", "serving.scoring"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    pid = int(found.stdout.split()[0])
    subprocess.run(["taskset", "-acp", str(core), str(pid)], check=True, capture_output=True)
    return process, Shop(home, url[0], (home / "key").read_text(), pid), took


def act_on_a_quarter(shop: Shop) -> float:
    """Let the policy act on the riskiest quarter; the threshold found."""
    lines = (shop.home / "bodies").read_text().splitlines()[:ASKED]
    with shop.client() as client:
        answer = client.post("/v1/score/batch?reasons=none", content=_batch(lines))
        risks = [one["probability"] for one in answer.json()["results"]]
        policy = client.get("/v1/policy")
        at = float(np.quantile(risks, 1 - ACTED))
        changed = policy.json() | {
            "thresholds": {"verify": at, "prepaid": None, "hold": None, "block": None},
            "prepaid_thresholds": {"hold": at},
        }
        saved = client.put("/v1/policy", json=changed, headers={"If-Match": policy.headers["etag"]})
        saved.raise_for_status()
    return at


def batch_rate(shop: Shop) -> float:
    """Orders a second of lists of a thousand without reasons, the median of some."""
    lines, rates = (shop.home / "bodies").read_text().splitlines()[:ASKED], []
    with shop.client() as client:
        for _ in range(BATCHES):
            content, began = _batch(lines), time.monotonic()
            client.post("/v1/score/batch?reasons=none", content=content).raise_for_status()
            rates.append(len(lines) / (time.monotonic() - began))
    return statistics.median(rates)


def show_budget(shop: Shop, load: Callable[[], Run]) -> None:
    """Where the time of an order goes, by the service's own histograms."""
    before, run, after = shop.stages(), load(), shop.stages()
    rows, known = [], 0.0
    for stage in after:
        was = before.get(stage, (0.0, 0.0))
        each = (after[stage][0] - was[0]) / max(1.0, after[stage][1] - was[1]) * 1e6
        known += 0.0 if stage == "write" else each
        rows.append((stage, f"{each:.0f}"))
    say("  `write` waits for the flush, while other orders are worked on; the rest is the loop's")
    table(
        ("stage", "mean µs"),
        [*rows, ("HTTP, append, answer", f"{run.cpu_us - known:.0f}"),
         ("processor time per order", f"{run.cpu_us:.0f}")],
    )  # fmt: skip


@click.command()
@click.option("--orders", default=20_000, show_default=True, help="Past orders in the store.")
@click.option("--seconds", default=10, show_default=True, help="How long each load lasts.")
@click.option("--home", type=click.Path(path_type=Path), help="A folder prepared by hand.")
def main(orders: int, seconds: int, home: Path | None) -> None:
    """Print rates, waits, memory, bytes and the budget of the path."""
    _need("wrk", "taskset")
    home = (home or ROOT / "var" / "bench" / f"serving-{orders}").resolve()
    prepare(home, orders)
    (home / "bodies").write_text("\n".join(bodies(home / "data", BODIES)))
    began = time.monotonic()
    rto(home, "--help")
    say(f"{orders:,} past orders, {machine()}; rto --help {time.monotonic() - began:.2f} s")
    process, shop, ready_s = started(home, core=0)
    try:
        _measure(shop, seconds, ready_s)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _measure(shop: Shop, seconds: int, ready_s: float) -> None:
    say(f"ready in {ready_s:.1f} s; acting from {act_on_a_quarter(shop):.3f} on")
    shop.load(16, 3, "acted")
    rows = [
        (name, *_told(shop.load(connections, seconds, reasons)))
        for name, connections, reasons in (
            ("16 connections, a quarter explained", 16, "acted"),
            ("16 connections, all explained", 16, "all"),
            ("16 connections, none explained", 16, "none"),
            ("1 connection, a quarter explained", 1, "acted"),
        )
    ]
    table(
        ("load", "orders/s", "p50 ms", "p95 ms", "p99 ms", "failed", "CPU µs", "bytes written"),
        rows,
    )
    show_budget(shop, lambda: shop.load(16, seconds, "acted"))
    private, mapped = shop.private_mb()
    say(f"batches of {ASKED} without reasons: {batch_rate(shop):,.0f} orders/s")
    say(f"private memory {private:.0f} MB, shared or mapped beside it {mapped:.0f} MB")


def _told(run: Run) -> tuple[str, ...]:
    return (
        f"{run.rate:,.0f}", f"{run.p50_ms:.2f}", f"{run.p95_ms:.2f}", f"{run.p99_ms:.2f}",
        str(run.failed), f"{run.cpu_us:.0f}", f"{run.written:,.0f}",
    )  # fmt: skip


def _batch(lines: list[str]) -> bytes:
    prefix, fresh = _prefix(), _fresh()
    orders = [
        f'{{"order_id":"{prefix}{i}",{line.replace(FRESH, f"{fresh + i:09d}")}'
        for i, line in enumerate(lines)
    ]
    return f"[{','.join(orders)}]".encode()


def _prefix() -> str:
    return f"b{time.time_ns()}-"


def _fresh() -> int:
    return random.SystemRandom().randrange(9 * 10**8)


def _others() -> str:
    return str(min(1, (os.cpu_count() or 1) - 1))


def _need(*programs: str) -> None:
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        raise click.ClickException(
            f"{' and '.join(missing)} not found: apt-get install wrk util-linux"
        )


def _environment(home: Path) -> dict[str, str]:
    kept = {name: v for name, v in os.environ.items() if not name.startswith("RTO_")}
    return kept | {"RTO_HOME": str(home), "PYTHONPATH": str(ROOT)}


if __name__ == "__main__":
    main()

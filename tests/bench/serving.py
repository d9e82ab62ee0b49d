"""The whole path under load: ``make bench-serving``, or ``python -m tests.bench.serving --help``.

One scoring process on one processor, wrk with different orders on another, everything durable: a
year of orders as its past, a blend of trees and linear part, a quarter of the orders acted on and
explained.
The first run prepares its folder, which takes minutes; the next ones begin at once.
"""

from __future__ import annotations

import shutil
import signal
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pyarrow.parquet as pq

from tests.bench.report import machine, say, table
from tests.bench.serving_orders import FRESH, bodies, largest_merchant, make_regulars
from tests.bench.serving_process import ROOT, Run, Shop, fresh, prefix, rto, started, wrk

BARE_SCRIPT = Path(__file__).with_name("rows.lua")
ACTED = 0.25
LEARNT = 30_000  # orders: a model of so many has trees enough, and as many as one of a million
BODIES, ASKED, BATCHES = 8_000, 1_000, 8


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
    (home / "train.yaml").write_text("trees: {num_leaves: 31, learning_rate: 0.018}\n")
    rto(home, "train", "--data", str(learnt), "--config", str(home / "train.yaml"), "--no-tracking",
        "--out", str(home / "bundle"))  # fmt: skip
    make_regulars(data)
    rto(home, "load", "--data", str(data))
    merchant = largest_merchant(pq.read_table(data / "orders.parquet", columns=["merchant_id"]))
    (home / "key").write_text(rto(home, "key", "new", merchant).split()[-1])
    (home / "ready").touch()


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
@click.option("--rivals", is_flag=True, help="Beside it, mlflow serving the bare trees.")
def main(orders: int, seconds: int, home: Path | None, rivals: bool) -> None:
    """Print rates, waits, memory, bytes and the budget of the path."""
    _need("wrk", "taskset", "chrt")
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
    if rivals:
        _measure_bare(home, seconds)


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
    say(f"private memory {private:.0f} MB, mapped files beside it {mapped:.0f} MB")


def _measure_bare(home: Path, seconds: int) -> None:
    from tests.bench.serving_rivals import PATH, served_bare  # mlflow takes seconds to import

    with served_bare(home / "bundle", home / "bare", core=0) as (url, bodies):
        wrk(url, 16, 3, BARE_SCRIPT, str(bodies), PATH)
        rows = []
        for connections in (16, 1):
            found = wrk(url, connections, seconds, BARE_SCRIPT, str(bodies), PATH)
            waits = (f"{found[name]:.2f}" for name in ("p50_ms", "p95_ms", "p99_ms"))
            rate = f"{found['requests'] / found['seconds']:,.0f}"
            rows.append((f"{connections} connections", rate, *waits, f"{found['refused']:.0f}"))
    say("mlflow models serve: the same trees, ready-made features, nothing else")
    table(("load", "rows/s", "p50 ms", "p95 ms", "p99 ms", "failed"), rows)


def _told(run: Run) -> tuple[str, ...]:
    return (
        f"{run.rate:,.0f}", f"{run.p50_ms:.2f}", f"{run.p95_ms:.2f}", f"{run.p99_ms:.2f}",
        str(run.failed), f"{run.cpu_us:.0f}", f"{run.written:,.0f}",
    )  # fmt: skip


def _batch(lines: list[str]) -> bytes:
    begins, number = prefix(), fresh()
    orders = [
        f'{{"order_id":"{begins}{i}",{line.replace(FRESH, f"{number + i:09d}")}'
        for i, line in enumerate(lines)
    ]
    return f"[{','.join(orders)}]".encode()


def _need(*programs: str) -> None:
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        raise click.ClickException(
            f"{' and '.join(missing)} not found: apt-get install wrk util-linux"
        )


if __name__ == "__main__":
    main()

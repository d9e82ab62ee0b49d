"""The whole path under load: ``make bench-serving``, or ``python -m tests.bench.serving --help``.

One scoring process on one processor, wrk with different orders on another, everything durable: a
year of orders as its past, a blend of trees and linear part, a quarter of the orders acted on and
explained.
The first run prepares its folder, which takes minutes; the next ones begin at once.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import pyarrow.parquet as pq

from serving.metrics import STAGES
from tests.bench.report import machine, markdown, say
from tests.bench.serving_busy import busy
from tests.bench.serving_orders import (
    FRESH,
    bodies,
    largest_merchant,
    make_regulars,
    regulars_of,
)
from tests.bench.serving_postgresql import on_postgresql
from tests.bench.serving_process import ROOT, Run, Shop, others, rto, started
from tests.bench.serving_shop import ASKED, WARM_UP_S, act_on_a_quarter, acts, batch_rate

LEARNT = 30_000  # orders: a model of so many has trees enough, and as many as one of a million
BODIES = 8_000
QUARTER = "a quarter acted on and explained"
HEAD = ("load", "past orders", "orders/s", "p50 ms", "p95 ms", "p99 ms", "CPU µs", "bytes written")


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


def show_budget(shop: Shop, load: Callable[[], Run]) -> None:
    """Where the time of an order goes, by the service's own histograms."""
    before, run, after = shop.counted(), load(), shop.counted()
    spent = {name: value - before.get(name, 0.0) for name, value in after.items()}
    each = {
        stage: spent[f'rto_stage_seconds_sum{{stage="{stage}"}}']
        / spent[f'rto_stage_seconds_count{{stage="{stage}"}}']
        for stage in STAGES
    }
    waited_ms = 1e3 * each.pop("write")
    told = {stage: 1e6 * each_s for stage, each_s in each.items()}
    told |= {"HTTP, append, flush, answer": run.cpu_us - sum(told.values()), "all": run.cpu_us}
    acted = 1 - _decisions("ship", spent) / _decisions("", spent)
    say(f"Where an order's time goes, in µs ({acted:.0%} acted on); it then waits {waited_ms:.1f} "
        "ms for its flush, while others are worked on")  # fmt: skip
    markdown(tuple(told), [[f"{value:.0f}" for value in told.values()]])


def _decisions(action: str, counted: Mapping[str, float]) -> float:
    """Decisions of one action, or of all."""
    begins = f'rto_decisions_total{{action="{action}'
    return sum(value for name, value in counted.items() if name.startswith(begins))


@click.command()
@click.option("--orders", default=20_000, show_default=True, help="Past orders in the store.")
@click.option("--seconds", default=10, show_default=True, help="How long each load lasts.")
@click.option("--home", type=click.Path(path_type=Path), help="A folder prepared by hand.")
@click.option("--rivals", is_flag=True, help="Beside it, mlflow and MLServer with the bare trees.")
@click.option("--postgresql", is_flag=True, help="Also with the log on a PostgreSQL of its own.")
def main(orders: int, seconds: int, home: Path | None, rivals: bool, postgresql: bool) -> None:
    """Print rates, waits, memory, bytes and the budget of the path, as the README holds them."""
    _need("wrk", "taskset", "chrt")
    os.sched_setaffinity(0, {int(others())})
    home = (home or ROOT / "var" / "bench" / f"serving-{orders}").resolve()
    prepare(home, orders)
    describe(home)
    began = time.monotonic()
    rto(home, "--help")
    say(f"{machine()}; rto --help {time.monotonic() - began:.2f} s")
    rows = _measured(home, orders, seconds)
    if postgresql:
        rows += on_postgresql(home, orders, seconds)
    if rivals:
        rows += _rivals(home, seconds)
    markdown(HEAD, rows)


def describe(home: Path) -> None:
    """Write the orders to be posted, and say what they are."""
    lines = list(bodies(home / "data", BODIES))
    orders = pq.read_table(home / "data" / "orders.parquet", columns=["merchant_id", "phone"])
    (home / "merchant").write_text(largest_merchant(orders))
    (home / "bodies").write_text("\n".join(lines))
    old = [line for line in lines if FRESH not in line]
    often = set(regulars_of(orders))
    capped = sum(json.loads("{" + line)["customer"]["phone"] in often for line in old)
    say(f"{BODIES:,} different orders, {len(old) / BODIES:.0%} of returning customers and "
        f"{capped / BODIES:.1%} of customers whose records are full")  # fmt: skip


def _measured(home: Path, orders: int, seconds: int) -> list[tuple[str, ...]]:
    """Rows of the table for the log in SQLite; all else is said."""
    shutil.rmtree(home / "compiled", ignore_errors=True)
    with started(home, core=0) as (_, first_s):
        pass
    with started(home, core=0) as (shop, later_s):
        say(f"ready in {first_s:.1f} s at the first start, {later_s:.1f} s later")
        shop.load(16, WARM_UP_S, "all")
        at = act_on_a_quarter(shop)
        acted, explained = acts(shop)
        say(f"from {at:.3f} on {acted:.0%} are acted on, {explained:.0%} explained")
        runs = {
            f"{_many(connections)}, {what}": _load(shop, connections, seconds, reasons)
            for connections, what, reasons in (
                (16, QUARTER, "acted"), (16, "all explained", "all"),
                (16, "none explained", "none"), (1, QUARTER, "acted"),
            )
        }  # fmt: skip
        with busy(shop) as answered:
            run = _load(shop, 16, seconds, "acted")
        runs["16 connections, a quarter, beside simulations and pages"] = run
        meanwhile = " and ".join(f"{n} {what}" for what, n in answered.items())
        say(f"beside orders, {meanwhile} were answered in {seconds} s")
        act_on_a_quarter(shop)
        show_budget(shop, lambda: shop.load(16, seconds, "acted"))
        batches = f"{batch_rate(shop):,.0f}"
        private, mapped = shop.private_mb()
        say(f"private memory {private:.0f} MB, mapped files beside it {mapped:.0f} MB")
    rows = [(name, f"{orders:,}", *run.cells()) for name, run in runs.items()]
    none = ("",) * 5
    return [*rows, (f"batches of {ASKED:,}, none explained", f"{orders:,}", batches, *none)]


def _load(shop: Shop, connections: int, seconds: int, reasons: str) -> Run:
    act_on_a_quarter(shop)
    return shop.load(connections, seconds, reasons)


def _many(connections: int) -> str:
    return "1 connection" if connections == 1 else f"{connections} connections"


def _rivals(home: Path, seconds: int) -> list[tuple[str, ...]]:
    from tests.bench.serving_rivals import RIVALS, load  # mlflow takes seconds to import

    (home / "bare").mkdir(exist_ok=True)
    rows = []
    for name, serves in RIVALS.items():
        with serves(home / "bundle", home / "bare", 0) as served:
            load(served, 16, WARM_UP_S)
            for connections in (16, 1):
                found = load(served, connections, seconds)
                cells = Run(*found, written=0.0).cells()[:-1]
                rows.append((f"{name}, the bare trees, {_many(connections)}", "", *cells, ""))
    return rows


def _need(*programs: str) -> None:
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        raise click.ClickException(
            f"{' and '.join(missing)} not found: apt-get install wrk util-linux"
        )


if __name__ == "__main__":
    main()

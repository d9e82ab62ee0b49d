"""How long a shop waits for ``POST /v1/checkout``: ``python -m tests.bench.checkout``.

The shop, its past and its model are those of the benchmark of serving, which prepares them. Waits
are those of baskets that come at a steady pace, as customers do, over one kept connection.
"""

from __future__ import annotations

import time
from pathlib import Path

import click
import numpy as np

from tests.bench.report import machine, say, table
from tests.bench.serving import BODIES, prepare
from tests.bench.serving_orders import FRESH, bodies
from tests.bench.serving_process import ROOT, Shop, started
from tests.bench.serving_shop import act_on_a_quarter

_SETTLE = 100


def paced(shop: Shop, rate: int, seconds: int, reasons: str) -> tuple[float, float, float]:
    """Median, 99th percentile and worst wait in milliseconds, counted from when each was due."""
    lines = (shop.home / "bodies").read_text().splitlines()
    waits = []
    with shop.client() as client:
        due = time.monotonic()
        for i in range(_SETTLE + rate * seconds):
            due += 1 / rate
            time.sleep(max(0.0, due - time.monotonic()))
            content = "{" + lines[i % len(lines)].replace(FRESH, f"{i:09d}")
            client.post(f"/v1/checkout?reasons={reasons}", content=content).raise_for_status()
            waits.append((time.monotonic() - due) * 1e3)
    median, tail = np.percentile(waits[_SETTLE:], (50, 99))
    return float(median), float(tail), max(waits[_SETTLE:])


@click.command()
@click.option("--orders", default=20_000, show_default=True, help="Past orders in the store.")
@click.option("--seconds", default=10, show_default=True, help="How long each load lasts.")
@click.option("--rate", default=50, show_default=True, help="Baskets a second.")
@click.option("--home", type=click.Path(path_type=Path), help="A folder prepared by hand.")
def main(orders: int, seconds: int, rate: int, home: Path | None) -> None:
    """Print waits at a steady pace, and how many baskets a second there could be."""
    home = (home or ROOT / "var" / "bench" / f"serving-{orders}").resolve()
    prepare(home, orders)
    (home / "bodies").write_text("\n".join(bodies(home / "data", BODIES)))
    rows = []
    with started(home, core=0) as (shop, _):
        act_on_a_quarter(shop)
        for reasons in ("all", "none"):
            waits = paced(shop, rate, seconds, reasons)
            most = shop.load(16, 3, reasons, "/v1/checkout").rate
            rows.append((reasons, *(f"{wait:.2f}" for wait in waits), f"{most:,.0f}"))
    say(f"POST /v1/checkout at {rate} a second, {orders:,} past orders, {machine()}")
    table(("reasons", "p50 ms", "p99 ms", "worst ms", "most a second"), rows)


if __name__ == "__main__":
    main()

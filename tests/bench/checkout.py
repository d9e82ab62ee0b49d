"""How long a shop waits for ``POST /v1/checkout``: ``python -m tests.bench.checkout``.

The shop, its past and its model are those of the benchmark of serving, which prepares them.
"""

from __future__ import annotations

import signal
from pathlib import Path

import click

from tests.bench.report import machine, say, table
from tests.bench.serving import BODIES, ROOT, act_on_a_quarter, prepare, started
from tests.bench.serving_orders import bodies

_LOADS = (("1 connection", 1), ("4 connections", 4), ("16 connections", 16))


@click.command()
@click.option("--orders", default=20_000, show_default=True, help="Past orders in the store.")
@click.option("--seconds", default=8, show_default=True, help="How long each load lasts.")
@click.option("--home", type=click.Path(path_type=Path), help="A folder prepared by hand.")
def main(orders: int, seconds: int, home: Path | None) -> None:
    """Print rates and waits."""
    home = (home or ROOT / "var" / "bench" / f"serving-{orders}").resolve()
    prepare(home, orders)
    (home / "bodies").write_text("\n".join(bodies(home / "data", BODIES)))
    process, shop, _ = started(home, core=0)
    rows = []
    try:
        act_on_a_quarter(shop)
        for reasons in ("all", "none"):
            shop.load(4, 2, reasons, "/v1/checkout")
            for name, connections in _LOADS:
                run = shop.load(connections, seconds, reasons, "/v1/checkout")
                rows.append((f"{name}, reasons {reasons}", f"{run.rate:,.0f}", f"{run.p50_ms:.2f}",
                             f"{run.p99_ms:.2f}", str(run.failed)))  # fmt: skip
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    say(f"POST /v1/checkout, {orders:,} past orders, {machine()}")
    table(("load", "baskets/s", "p50 ms", "p99 ms", "failed"), rows)


if __name__ == "__main__":
    main()

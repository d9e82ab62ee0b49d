"""``rto demo``: the whole path on invented orders."""

from __future__ import annotations

import signal

import click

from features.settings import load_settings
from serving.demo import ORDERS, Demo


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=8000,
    show_default=True,
    help="Port to listen on.",
)
@click.option(
    "--sandbox-port",
    type=click.IntRange(1, 65_535),
    default=8010,
    show_default=True,
    help="Port of the sandbox: the customer's phone beside the order.",
)
@click.option(
    "--orders",
    type=click.IntRange(1),
    default=ORDERS,
    show_default=True,
    help="How many orders to invent; some thousands are enough to learn from.",
)
@click.option("--stop", is_flag=True, help="End once the orders are scored.")
def demo(host: str, port: int, sandbox_port: int, orders: int, *, stop: bool) -> None:
    """Invent a year of orders, train on it, serve it, score a few orders and keep serving.

    WhatsApp is played by a sandbox, with a page that shows the customer's phone.
    What was set up before is used again; delete ``demo`` in RTO_HOME to begin anew.
    """
    for name in (signal.SIGTERM, signal.SIGINT):  # shells let what runs beside them ignore the last
        signal.signal(name, signal.default_int_handler)
    Demo(load_settings(), host, port, orders, sandbox_port).run(stay=not stop)

"""``rto demo``: the whole path on invented orders."""

from __future__ import annotations

import signal

import click

from features.settings import load_settings
from serving.commands.options import HOST, port_option
from serving.demo import ORDERS, Demo


@click.command()
@HOST
@port_option("--port", 8000, "Port to listen on.")
@port_option("--sandbox-port", 8010, "Port of the sandbox: the customer's phone beside the order.")
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

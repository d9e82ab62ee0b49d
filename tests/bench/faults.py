"""Whether scoring waits for a carrier that fails: ``python -m tests.bench.faults``.

Orders come at a steady pace, each of them asked about, while the stand-in for WhatsApp answers
every send with one fault after the other; rounds without one stand between them to compare with.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import click
import httpx2
import numpy as np

from serving.home import Home
from serving.sandbox.graph import Graph
from serving.store.channels import switch_channel
from tests.bench.report import machine, say, table
from tests.serving import shop
from tests.serving.conversation.killing import go_live
from tests.serving.process import served

FAULTS = ("429", "500", "130429", "131056", "190", "reset", "hang")
_SETTLE = 50


class Always(deque[str]):
    """The same fault for every send."""

    def __init__(self, fault: str) -> None:
        super().__init__([fault])

    def popleft(self) -> str:
        """The fault, which stays."""
        return self[0]


def paced(url: str, key: str, rate: int, seconds: int, first: int) -> list[float]:
    """Waits in milliseconds, counted from when each order was due."""
    waits, headers = [], {"Authorization": f"Bearer {key}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
        due = time.monotonic()
        for number in range(first, first + _SETTLE + rate * seconds):
            due += 1 / rate
            time.sleep(max(0.0, due - time.monotonic()))
            customer = shop.ORDER["customer"] | {"phone": f"+9190{number:08d}", "id": f"c{number}"}
            order = shop.order(
                order_id=f"f{number}", created_at=datetime.now(UTC).isoformat(),
                customer=customer, dispatch_cutoff=None,
            )  # fmt: skip
            client.post("/v1/score", json=order).raise_for_status()
            waits.append((time.monotonic() - due) * 1e3)
    return waits[_SETTLE:]


@click.command()
@click.option("--seconds", default=10, show_default=True, help="How long each fault lasts.")
@click.option("--rate", default=20, show_default=True, help="Orders a second.")
def main(seconds: int, rate: int) -> None:
    """Print the waits of orders with and without each fault."""
    rows, graph = [], Graph("1", "-", "-", lively=True)
    with tempfile.TemporaryDirectory() as folder:
        home, url = Path(folder), graph.start()
        # Orders come from a process of their own: the stand-in's customers keep this one busy.
        spawn = multiprocessing.get_context("spawn")
        with (
            served(home, {"RTO_WHATSAPP_URL": url}) as server,
            ProcessPoolExecutor(1, mp_context=spawn) as customer,
        ):
            go_live(home, graph, server.url)
            plan = [name for fault in FAULTS for name in ("none", fault)] + ["none"]
            for place, name in enumerate(plan):
                graph.faults = deque() if name == "none" else Always(name)
                with Home.open(shop.settings_in(home)) as opened, opened.transaction() as log:
                    switch_channel(log.connection, "kurtas", None)
                tried = len(graph.bodies)
                first = place * 1_000_000
                waits = customer.submit(paced, server.url, server.key, rate, seconds, first)
                median, tail = np.percentile(waits.result(), (50, 99))
                rows.append(
                    (name, f"{len(graph.bodies) - tried:,}", f"{median:.2f}", f"{tail:.2f}")
                )
    graph.stop()
    say(f"POST /v1/score at {rate} a second while sends fail, {machine()}")
    table(("fault of every send", "sends tried", "p50 ms", "p99 ms"), rows)


if __name__ == "__main__":
    main()

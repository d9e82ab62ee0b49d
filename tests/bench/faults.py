"""Whether scoring waits for a carrier that fails: ``python -m tests.bench.faults``.

Orders come at a steady pace, each of them asked about, while the stand-in for WhatsApp answers
every send with one fault after the other. Rounds without a fault stand between them to compare
with; in the last ones every message is reported sent and delivered too. Scoring has one processor,
stand-in, customers and worker the other, and no round inherits what another has left to send.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
import httpx2
import numpy as np

from serving.home import Home
from serving.sandbox.graph import Graph
from serving.store.channels import switch_channel
from tests.bench.report import machine, say, table
from tests.bench.serving_process import others
from tests.serving import shop
from tests.serving.conversation.killing import children, go_live
from tests.serving.process import Server, served

NONE, TOLD = "none", "none, statuses follow"
# What hangs is over half a minute later: it comes last.
FAULTS = ("429", "500", "130429", "131056", "190", "reset", "hang")
_SETTLE = 10


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
    os.sched_setaffinity(0, {int(others())})
    with httpx2.Client(base_url=url, headers=headers, timeout=60) as client:
        due = time.monotonic()
        for number in range(first, first + _SETTLE + rate * seconds):
            due += 1 / rate
            customer = shop.ORDER["customer"] | {"phone": f"+9190{number:08d}", "id": f"c{number}"}
            order = shop.order(
                order_id=f"f{number}", created_at=datetime.now(UTC).isoformat(),
                customer=customer, dispatch_cutoff=None,
            )  # fmt: skip
            time.sleep(max(0.0, due - time.monotonic()))
            client.post("/v1/score", json=order).raise_for_status()
            waits.append((time.monotonic() - due) * 1e3)
    return waits[_SETTLE:]


@contextmanager
def parted(server: Server) -> Iterator[None]:
    """Scoring on one processor, everything else on the other."""
    scoring, before = server.scoring_pid(), os.sched_getaffinity(0)
    for pid in {scoring, *children(server).values(), 0}:
        core = "0" if pid == scoring else others()
        subprocess.run(
            ["taskset", "-acp", core, str(pid or os.getpid())], check=True, capture_output=True
        )
    yield
    os.sched_setaffinity(0, before)


def forget(home: Path) -> None:
    """Leave nothing to be sent, and the number free to send."""
    with Home.open(shop.settings_in(home)) as opened, opened.transaction() as log:
        log.connection.execute("UPDATE message SET state='cancelled' WHERE state='waiting'")
        switch_channel(log.connection, "kurtas", None)


@click.command()
@click.option("--seconds", default=10, show_default=True, help="How long each fault lasts.")
@click.option("--rate", default=20, show_default=True, help="Orders a second.")
@click.option("--rounds", default=1, show_default=True, help="How often all faults are played.")
def main(seconds: int, rate: int, rounds: int) -> None:
    """Print the waits of orders with and without each fault."""
    waits: defaultdict[str, list[float]] = defaultdict(list)
    tried: defaultdict[str, int] = defaultdict(int)
    graph = Graph("1", "-", "-")
    plan = [name for fault in FAULTS[:-1] for name in (NONE, fault, TOLD)] * rounds
    with tempfile.TemporaryDirectory() as folder:
        home, url = Path(folder), graph.start()
        # Orders come from a process of their own, so that nothing here delays them.
        spawn = multiprocessing.get_context("spawn")
        with (
            served(home, {"RTO_WHATSAPP_URL": url}) as server,
            ProcessPoolExecutor(1, mp_context=spawn) as customer,
            parted(server),
        ):
            go_live(home, graph, server.url)
            for place, name in enumerate((*plan, NONE, FAULTS[-1])):
                forget(home)
                graph.lively = name == TOLD
                graph.faults = deque() if name in (NONE, TOLD) else Always(name)
                before, first = len(graph.bodies), place * 1_000_000
                found = customer.submit(paced, server.url, server.key, rate, seconds, first)
                waits[name] += found.result()
                tried[name] += len(graph.bodies) - before
    graph.stop()
    say(f"POST /v1/score at {rate} a second while sends fail, {machine()}")
    rows = [(name, f"{len(waits[name]):,}", f"{tried[name]:,}",
             *(f"{value:.2f}" for value in np.percentile(waits[name], (50, 95, 99))))
            for name in (NONE, TOLD, *FAULTS)]  # fmt: skip
    table(("fault of every send", "orders", "sends tried", "p50 ms", "p95 ms", "p99 ms"), rows)


if __name__ == "__main__":
    main()

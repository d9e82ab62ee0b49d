"""Whether scoring waits for a carrier that fails: ``python -m tests.bench.faults``.

Orders come at a steady pace, each of them asked about, while the stand-in for WhatsApp answers
every send with one fault after the other. Rounds without a fault stand between them to compare
with; in the last ones every message is reported sent and delivered too. Scoring has one processor,
stand-in, customers and worker the other, and no round inherits what another has left to send. A
probe flushes beside the service: a round in which others kept the disk busy is played again.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import tempfile
import threading
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
# Above this others keep the disk busy; so many rounds are played at most for each that counts.
_QUIET_MS, _MOST = 25, 4


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
def probed(folder: Path) -> Iterator[list[float]]:
    """How long flushes of somebody else on the same disk take within, in milliseconds."""
    took, stop = [0.0], threading.Event()

    def probe() -> None:
        with (folder / "probe").open("wb", buffering=0) as file:
            while not stop.wait(0.02):
                began = time.monotonic()
                file.write(bytes(4_096))
                os.fdatasync(file.fileno())
                took.append((time.monotonic() - began) * 1e3)

    thread = threading.Thread(target=probe)
    thread.start()
    yield took
    stop.set()
    thread.join()


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
    graph, disturbed = Graph("1", "-", "-"), 0
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
            left = deque((*plan, NONE, FAULTS[-1]))
            for place in range(_MOST * len(left)):
                name = left[0]
                forget(home)
                graph.lively = name == TOLD
                graph.faults = deque() if name in (NONE, TOLD) else Always(name)
                before, first = len(graph.bodies), place * 1_000_000
                with probed(home) as beside:
                    found = customer.submit(paced, server.url, server.key, rate, seconds, first)
                    seen = found.result()
                if place == 0 or max(beside) > _QUIET_MS:  # the first one warms everything up
                    disturbed += place > 0
                    continue
                waits[name] += seen
                tried[name] += len(graph.bodies) - before
                left.popleft()
                if not left:
                    break
    graph.stop()
    say(f"POST /v1/score at {rate} a second while sends fail, {machine()}")
    say(f"{disturbed} rounds played again: a probe's flush took longer than {_QUIET_MS} ms")
    rows = [(name, f"{len(waits[name]):,}", f"{tried[name]:,}",
             *(f"{value:.2f}" for value in np.percentile(waits[name], (50, 95, 99))))
            for name in (NONE, TOLD, *FAULTS) if waits[name]]  # fmt: skip
    table(("fault of every send", "orders", "sends tried", "p50 ms", "p95 ms", "p99 ms"), rows)


if __name__ == "__main__":
    main()

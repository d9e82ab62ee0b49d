"""Kill scoring and worker under load and count what customers received: ``python -m`` this module.

Orders are posted again until they are answered, as a pipeline does; the stand-in counts messages
by our own id. At the end no message may have come twice, none may still be on its way, and every
order that waits must have its timer.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from os import kill
from pathlib import Path
from typing import Any

import httpx2

from serving.home import Home
from serving.sandbox.graph import Graph
from serving.sandbox.setting import connect_sandbox
from serving.store.channels import WHATSAPP
from serving.store.contacts import Contacts
from serving.store.policies import newest_revision, policy_body, save_policy
from tests.serving import postgres, shop
from tests.serving.process import Server, served

_SETTLED_S = 240.0
_BACK_S = 60.0
_FAULTS = ("", "", "", "reset", "500", "130429", "429")


class Load:
    """Posts orders one after the other until told to stop, each until it is answered."""

    def __init__(self, server: Server, first: int) -> None:
        self.posted: list[str] = []
        self._server, self._first = server, first
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._post)
        self._thread.start()

    def stop(self) -> None:
        """End after the order under way."""
        self._stop.set()
        self._thread.join()

    def wait_for(self, orders: int) -> None:
        """Wait until so many were answered, or a server that was killed takes too long."""
        until = time.monotonic() + _BACK_S
        while len(self.posted) < orders and time.monotonic() < until:
            time.sleep(0.01)

    def _post(self) -> None:
        number = self._first
        with self._server.client() as client:
            while not self._stop.is_set():
                number += 1
                self._until_answered(client, self._order(number))
                time.sleep(0.02)

    def _order(self, number: int) -> dict[str, Any]:
        customer = shop.ORDER["customer"] | {"phone": f"+9190000{number:05d}", "id": f"c{number}"}
        return shop.order(
            order_id=f"k{number}", created_at=datetime.now(UTC).isoformat(), customer=customer,
            dispatch_cutoff=None,
        )  # fmt: skip

    def _until_answered(self, client: httpx2.Client, order: dict[str, Any]) -> None:
        while True:
            try:
                answer = client.post("/v1/score", json=order, timeout=20)
                if answer.status_code == 200:
                    self.posted.append(order["order_id"])
                    return
            except httpx2.HTTPError:
                pass
            time.sleep(0.1)


def children(server: Server) -> dict[str, int]:
    """Process ids of scoring and worker."""
    found = subprocess.run(
        ["pgrep", "-a", "-P", str(server.process.pid)], capture_output=True, text=True, check=False
    ).stdout.splitlines()
    named = {"serving.processes.scoring": "scoring", "serving.processes.worker": "worker"}
    return {
        named[module]: int(line.split()[0]) for line in found for module in named if module in line
    }


def go_live(home: Path, graph: Graph, url: str) -> None:
    """Let the shop ask about every order, on the stand-in's number."""
    with Home.open(shop.settings_in(home)) as opened:
        setting = connect_sandbox(opened, "kurtas", home)
        body = policy_body(opened.connection, "kurtas") or {}
        asking = body | {
            "thresholds": {"verify": 0.01, "prepaid": None, "hold": None, "block": None},
            "shares": {"holdout": 0.0, "explore": 0.0},
        }
        with opened.transaction() as log:
            newest = newest_revision(log.connection, "kurtas")
            save_policy(log, "kurtas", asking, expected=newest, now_us=1)
            contacts = Contacts(opened.keyring.sealing)
            channel = WHATSAPP.of(log.connection, contacts, "kurtas")
            assert channel is not None
            wide = channel.account.model_copy(update={"people_a_day": 10_000_000})
            WHATSAPP.keep(log.connection, contacts, "kurtas", wide)
    graph.phone_number_id, graph.token = setting.phone_number_id, setting.token
    graph.app_secret, graph.hook = setting.app_secret, f"{url}/v1/hooks/{setting.endpoint}"


def settled(home: Path) -> dict[str, int]:
    """Messages by state, once none is on its way, or when that takes too long."""
    until = time.monotonic() + _SETTLED_S
    while True:
        with Home.open(shop.settings_in(home)) as opened:
            lines = opened.connection.execute(
                "SELECT state, count(*) FROM message GROUP BY state"
            ).fetchall()
        states = dict(lines)
        if not {"waiting", "sending"} & set(states) or time.monotonic() > until:
            return states
        time.sleep(1)


def counted(home: Path, graph: Graph, posted: list[str]) -> list[str]:
    """What is wrong, in sentences."""
    times = Counter(sent["biz_opaque_callback_data"] for sent in graph.sent)
    with Home.open(shop.settings_in(home)) as opened:
        connection = opened.connection
        orders = connection.execute("SELECT count(*) FROM orders").fetchone()[0]
        per_order = connection.execute(
            "SELECT number, count(*) FROM message GROUP BY number HAVING count(*) > 1"
        ).fetchall()
        timeless = connection.execute(
            """SELECT count(*) FROM orders o WHERE NOT EXISTS
               (SELECT 1 FROM timer t WHERE t.number=o.number AND t.kind='silence')"""
        ).fetchone()[0]
        lost = connection.execute(
            """SELECT count(*) FROM orders o WHERE NOT EXISTS
               (SELECT 1 FROM message m WHERE m.number=o.number)"""
        ).fetchone()[0]
    wrong = {
        "orders answered and not in the log": max(0, len(set(posted)) - orders),
        "messages received twice": sum(1 for n in times.values() if n > 1),
        "orders with two messages": len(per_order),
        "orders without their timer": timeless,
        "orders without their message": lost,
    }
    return [f"{n} {what}" for what, n in wrong.items() if n]


def run(kills: int, seed: int, home: Path) -> bool:
    """Kill so often; True if nothing went wrong."""
    pick, graph = random.Random(seed), Graph("1", "-", "-", lively=True)
    url = graph.start()
    done: Counter[str] = Counter()
    with served(home, {"RTO_WHATSAPP_URL": url}) as server:
        go_live(home, graph, server.url)
        load = Load(server, 10_000)
        while done.total() < kills:
            graph.faults.extend(pick.choice(_FAULTS) for _ in range(3))
            load.wait_for(len(load.posted) + pick.randrange(2, 8))
            time.sleep(pick.uniform(0.0, 0.3))
            victims = children(server)
            if victims:
                name = pick.choice(["scoring", "worker", "worker"])
                if name not in victims:
                    continue
                kill(victims[name], signal.SIGKILL)
                done[name] += 1
                if done.total() % 20 == 0:
                    print(f"{done.total()} kills, {len(load.posted)} orders", flush=True)  # noqa: T201
        load.stop()
        graph.faults.clear()
        states = settled(home)
    graph.stop()
    wrong = counted(home, graph, load.posted)
    print(f"killed {dict(done)}; {len(load.posted)} orders answered; {len(graph.sent)} messages")  # noqa: T201
    print(f"states {states}")  # noqa: T201
    print("nothing went wrong" if not wrong else "WRONG: " + "; ".join(wrong))  # noqa: T201
    return not wrong and not {"waiting", "sending"} & set(states)


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own")
    given = parser.parse_args()
    with postgres.homes(1, remote=given.postgresql) as (home,):
        sys.exit(0 if run(given.kills, given.seed, home) else 1)


if __name__ == "__main__":
    main()

"""A real service whose log goes away: what an order costs before, and what happens meanwhile."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import click
import httpx2

from serving.store.connection import connect
from serving.store.log import body_of
from tests.bench.serving_process import cpu_of_all, cpu_s
from tests.serving import postgres, process, shop

CALLERS = 16
STEADY_S, BACK_S = 10.0, 10.0
DISK = "1g"  # a quick machine writes a quarter of it


@dataclass
class Heard:
    """What the callers were answered."""

    kinds: Counter[str] = field(default_factory=Counter)
    told: dict[str, str] = field(default_factory=dict)
    longest_s: float = 0.0
    whole_at: float = 0.0


class Fault(NamedTuple):
    """How a log is taken away and given back, and what its server has used of the processor."""

    says: str
    begin: Callable[[], object]
    end: Callable[[], object]
    engine_s: Callable[[], float] = lambda: 0.0


def outage(gone_s: float = 60.0) -> None:
    """Load a service, take its log away for a while, and count what came of every order."""
    with tempfile.TemporaryDirectory() as folder, postgres.own_server() as database:
        home, pid = Path(folder), database.pid
        (home / shop.DATABASE_URL).write_text(database.database())
        _play(
            home, gone_s,
            Fault("PostgreSQL stopped", database.stop, database.start, lambda: cpu_of_all(pid)),
        )  # fmt: skip
    with _small_disk() as home:
        filler = home / "filler"
        _play(home, gone_s, Fault("SQLite, its disk full", lambda: _fill(filler), filler.unlink))


def _play(home: Path, gone_s: float, fault: Fault) -> None:
    with process.served(home) as server:
        pid = server.scoring_pid()
        heard, gone, back = Heard(), Heard(), Heard()
        before = cpu_s(pid), fault.engine_s()
        asyncio.run(_call(server, heard, "steady", STEADY_S))
        orders = heard.kinds["whole"]
        application, engine = cpu_s(pid) - before[0], fault.engine_s() - before[1]
        each = [1e6 * spent / orders for spent in (application, engine, application + engine)]
        click.echo(
            f"{fault.says}: before, {orders / STEADY_S:.0f} orders/s by {CALLERS} callers; "
            f"processor time per order: application {each[0]:.0f} µs, database server "
            f"{each[1]:.0f} µs, together {each[2]:.0f} µs"
        )
        fault.begin()
        asyncio.run(_call(server, gone, "gone", gone_s))
        fault.end()
        began = time.monotonic()
        merged_s = asyncio.run(_call_until_merged(server, back)) - began
        click.echo(
            f"gone for {gone_s:.0f} s: {dict(gone.kinds)}, longest answer {gone.longest_s:.2f} s; "
            f"back: {dict(back.kinds)}, whole again after {back.whole_at - began:.1f} s, "
            f"all merged after {merged_s:.1f} s"
        )
    _settle(home, [heard, gone, back])


@contextmanager
def _small_disk() -> Iterator[Path]:
    """A home on a disk of its own (needs the right to mount), the spool on another."""
    with tempfile.TemporaryDirectory() as folder:
        disk, spool = Path(folder) / "disk", Path(folder) / "spool"
        disk.mkdir()
        spool.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(disk)], check=True
        )
        try:
            (disk / "spool").symlink_to(spool)
            yield disk
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


async def _call_until_merged(server: process.Server, heard: Heard) -> float:
    calling = _call(server, heard, "back", BACK_S)
    merged_at, _ = await asyncio.gather(asyncio.to_thread(_merged, server), calling)
    await asyncio.to_thread(_merged, server)  # under load a slow flush may spool a few more
    return merged_at


def _merged(server: process.Server) -> float:
    """When the spool was seen empty."""
    while "\nrto_spooled_decisions 0.0\n" not in httpx2.get(f"{server.url}/metrics").text:
        time.sleep(0.1)
    return time.monotonic()


def _settle(home: Path, heard: list[Heard]) -> None:
    connection = connect(shop.settings_in(home).store_url, readonly=True)
    rows = connection.execute(
        """SELECT o.order_id, e.body FROM event e JOIN orders o ON o.number = e.number
           WHERE e.kind='decided'"""
    ).fetchall()
    connection.close()
    decided = {name: body_of(body)["decision_id"] for name, body in rows}
    told = {name: made for one in heard for name, made in one.told.items()}
    lost = sum(decided.get(name) != made for name, made in told.items())
    click.echo(f"{len(told)} answered decisions: {lost} lost, {len(rows) - len(decided)} doubled")


async def _call(server: process.Server, heard: Heard, name: str, for_s: float) -> None:
    until = time.monotonic() + for_s
    headers = {"Authorization": f"Bearer {server.key}"}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=30) as client:
        await asyncio.gather(
            *(_caller(client, heard, f"{name}-{i}", until) for i in range(CALLERS))
        )


async def _caller(client: httpx2.AsyncClient, heard: Heard, name: str, until: float) -> None:
    n = 0
    while time.monotonic() < until:
        n += 1
        began = time.monotonic()
        answer = await client.post("/v1/score", content=shop.body(order_id=f"{name}-{n}"))
        heard.longest_s = max(heard.longest_s, time.monotonic() - began)
        if answer.status_code != 200:
            heard.kinds[str(answer.status_code)] += 1
            continue
        body = answer.json()
        heard.kinds["degraded" if body["degraded"] else "whole"] += 1
        heard.told[body["order_id"]] = body["decision_id"]
        if not body["degraded"] and not heard.whole_at:
            heard.whole_at = time.monotonic()

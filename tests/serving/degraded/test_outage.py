"""Real processes under real faults: they answer as declared, and recover by themselves."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from serving.degraded.spool import Spool
from serving.degraded.spooled import Spooled
from serving.store.connection import connect
from serving.store.contacts import Contacts
from serving.store.log import body_of
from tests.serving import postgres, process, shop
from tests.serving.process import Server

MEMORY = Path("/dev/shm")
RECOVERED_S = 60.0  # bounds the wait; how long it takes is printed, and measured by a benchmark
OUTAGE_ORDERS = int(os.environ.get("OUTAGE_ORDERS", "20"))


def _score(client: httpx2.Client, order_id: str) -> httpx2.Response:
    return client.post("/v1/score", json=shop.order(order_id=order_id))


def _degraded(client: httpx2.Client, prefix: str) -> dict[str, str]:
    """Orders decided during an outage: the decision of each."""
    told: dict[str, str] = {}
    for i in range(OUTAGE_ORDERS):
        answer = _score(client, f"{prefix}{i}")
        assert answer.status_code == 200, answer.text
        assert answer.json()["degraded"] is True
        told[f"{prefix}{i}"] = answer.json()["decision_id"]
    repeated = _score(client, f"{prefix}0").json()
    assert repeated["decision_id"] == told[f"{prefix}0"]
    return told


def _answered(client: httpx2.Client, order_id: str) -> httpx2.Response:
    """An answer of the next process; the one that was killed may have taken the connection."""
    for _ in range(5):
        try:
            return _score(client, order_id)
        except httpx2.TransportError:
            continue
    raise AssertionError("no answer")


def _recovered(client: httpx2.Client, prefix: str) -> dict[str, Any]:
    """The first answer that is whole again, once everything spooled is in the log."""
    found = _whole(client, prefix)
    until = time.monotonic() + RECOVERED_S
    while "\nrto_spooled_decisions 0.0\n" not in client.get("/metrics").text:
        assert time.monotonic() < until, "decisions stay in the spool"
    return found


def _whole(client: httpx2.Client, prefix: str) -> dict[str, Any]:
    """The first answer that is whole again; a slow disk may spool one at any time."""
    began, n = time.monotonic(), 0
    while time.monotonic() < began + RECOVERED_S:
        n += 1
        try:
            answer = _score(client, f"{prefix}{n}")
        except httpx2.TransportError:
            continue
        if answer.status_code == 200 and not answer.json()["degraded"]:
            sys.stdout.write(f"whole again after {time.monotonic() - began:.1f} s\n")
            found: dict[str, Any] = answer.json()
            return found
    raise AssertionError("no recovery")


def _decided(home: Path) -> dict[str, str]:
    """Every decision of the log by its order; no order has two."""
    connection = connect(shop.settings_in(home).store_url, readonly=True)
    rows = connection.execute(
        """SELECT o.order_id, e.body FROM event e JOIN orders o ON o.number = e.number
           WHERE e.kind='decided'"""
    ).fetchall()
    connection.close()
    assert len(rows) == len(dict(rows))
    return {order_id: str(body_of(body)["decision_id"]) for order_id, body in rows}


def _told(home: Path, told: dict[str, str]) -> None:
    decided = _decided(home)
    assert {name: decided.get(name) for name in told} == told


PLACED = shop.order()["created_at"]
# What needs the log, and can be asked again once it is back.
NOT_NOW = (
    ("GET", "/v1/orders/{}", None), ("GET", "/v1/orders", None), ("GET", "/v1/events", None),
    ("GET", "/v1/policy", None), ("GET", "/v1/lists", None),
    ("PUT", "/v1/orders/{}", shop.order(amount=5)),
    ("POST", "/v1/outcomes", [shop.outcome()]),
    ("POST", "/v1/shipments", [{"order_id": "a", "awb": "1", "shipped_at": PLACED}]),
    ("POST", "/v1/orders/backfill", [shop.order(order_id="past")]),
    ("POST", "/v1/orders/{}/override", {"action": "hold"}),
    ("POST", "/v1/orders/{}/contact", {"response": "silent"}),
    ("POST", "/v1/orders/{}/reply", {"response": "confirmed"}),
    ("POST", "/v1/lists", [{"list": "block", "field": "phone", "value": "+91 90000 00009"}]),
    ("POST", "/v1/policy/simulate", {"days": 30}),
)  # fmt: skip


def _as_declared(client: httpx2.Client, order_id: str) -> dict[str, str]:
    """Every route says when to ask again; a list of orders is decided all the same."""
    for method, path, body in NOT_NOW:
        answer = client.request(
            method, path.format(order_id), json=body, headers={"If-Match": '"0"'}
        )
        assert answer.status_code == 503, (method, path, answer.text)
        assert answer.headers["retry-after"] == "2"
        assert answer.headers["content-type"] == "application/problem+json"
    basket = {name: value for name, value in shop.order().items() if name != "order_id"}
    assert client.post("/v1/checkout", json=basket).json()["degraded"] is True
    names = [f"listed-{i}" for i in range(30)]
    orders = [shop.order(order_id=name) for name in names]
    both = [client.post("/v1/score/batch", json=[*orders, {"order_id": 5}]) for _ in range(2)]
    results, again = (answer.json()["results"] for answer in both)
    assert results == again
    assert results[-1]["problem"]["status"] == 422
    assert all(one["degraded"] for one in results[:-1])
    return {one["order_id"]: one["decision_id"] for one in results[:-1]}


def _ready(client: httpx2.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/readyz").json()
    return found


@pytest.fixture(scope="module")
def quick_disk() -> Iterator[Path | None]:
    """A folder in memory: on a disk that others keep busy log and spool are slow, as declared."""
    if not MEMORY.is_dir():
        yield None
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        Path(folder).chmod(0o755)  # the database's account must reach its data
        yield Path(folder)


@pytest.fixture(scope="module")
def database(quick_disk: Path | None) -> Iterator[postgres.Server]:
    """A PostgreSQL server that the tests may harm."""
    with postgres.own_server(quick_disk) as server:
        yield server


@pytest.fixture(scope="module")
def server(database: postgres.Server, quick_disk: Path | None) -> Iterator[Server]:
    """A service on it."""
    with tempfile.TemporaryDirectory(dir=quick_disk) as folder:
        home = Path(folder)
        (home / shop.DATABASE_URL).write_text(database.database())
        with process.served(home) as running:
            yield running


def test_a_database_that_goes_and_comes_back(database: postgres.Server, server: Server) -> None:
    with server.client() as client:
        first = _recovered(client, "first-")["order_id"]
        database.stop()
        told = _degraded(client, "stopped-")
        assert "out of reach" in " ".join(_ready(client)["warnings"])
        unknown = httpx2.post(
            f"{server.url}/v1/score", json=shop.order(), headers={"Authorization": "Bearer rto_x"}
        )
        assert (unknown.status_code, unknown.json()["fallback_action"]) == (503, "ship")
        told |= _as_declared(client, first)
        database.start()
        _recovered(client, "again-")
        _told(server.home, told)


def test_a_process_killed_during_an_outage_says_so_until_the_log_is_back(
    database: postgres.Server, server: Server
) -> None:
    with server.client() as client:
        _recovered(client, "before-")
        database.stop()
        told = _degraded(client, "spooled-")
    os.kill(server.scoring_pid(), signal.SIGKILL)
    with server.client() as again:
        refused = _answered(again, "refused")
        assert refused.status_code == 503
        assert refused.json()["fallback_action"] == "ship"
        assert again.get("/livez").status_code == 200
    database.start()
    with server.client() as again:
        _recovered(again, "returned-")
    _told(server.home, told)


def test_a_database_that_hangs_and_a_stop_meanwhile(
    database: postgres.Server, server: Server
) -> None:
    with server.client() as client:
        _recovered(client, "before-")  # a key is known from then on
        database.freeze()
        told = _degraded(client, "hung-")
        database.thaw()
        _whole(client, "thawed-")
        database.freeze()
        told |= _degraded(client, "stopping-")
    assert process.stop(server.process) == 0
    left = _spooled(server.home)
    assert {name for name in told if name.startswith("stopping-")} <= set(left)
    database.thaw()
    found = _decided(server.home) | left
    assert {name: found.get(name) for name in told} == told


def _spooled(home: Path) -> dict[str, str]:
    """What a process left in the spool when it ended."""
    spool, records = Spool.open(shop.settings_in(home).spool)
    spool.close()
    contacts = Contacts(shop.KEYRING.sealing)
    left = [Spooled.opened(contacts, record) for record in records]
    return {one.order_id: str(one.record["decision_id"]) for one in left}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder)],
        check=False, capture_output=True,
    )  # fmt: skip
    if not mounted or mounted.returncode:
        pytest.skip("a full disk needs the right to mount one: run as root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(path: Path) -> None:
    """Write until the disk takes nothing more."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_a_disk_that_is_full_and_one_that_refuses_every_write(small_disk: Path) -> None:
    with process.served(small_disk) as server, server.client() as client:
        first = _recovered(client, "first-")
        filler = small_disk / "filler"
        _fill(filler)
        told = _spooled_at_last(client, "full-")
        filler.unlink()
        _recovered(client, "again-")
        _told(small_disk, told)
        with _no_writes(server.scoring_pid()):
            refused = _score(client, "refused")
            assert refused.status_code == 503
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["fallback_action"] == "ship"
            listed = client.post("/v1/score/batch", json=[shop.order(order_id="refused")]).json()
            assert listed["results"][0]["problem"]["fallback_action"] == "ship"
            hold = client.post(f"/v1/orders/{first['order_id']}/override", json={"action": "hold"})
            assert (hold.status_code, hold.headers["retry-after"]) == (503, "2")
            assert _score(client, first["order_id"]).json() == first
            assert client.get("/readyz").status_code == 503
        _recovered(client, "writable-")
        assert "refused" not in _decided(small_disk)


def _spooled_at_last(client: httpx2.Client, prefix: str) -> dict[str, str]:
    """Orders until some are degraded: SQLite's log may have a little room left at first."""
    told: dict[str, str] = {}
    degraded = 0
    while degraded < OUTAGE_ORDERS:
        answer = _score(client, f"{prefix}{len(told)}")
        assert answer.status_code == 200, answer.text
        told[answer.json()["order_id"]] = answer.json()["decision_id"]
        degraded += answer.json()["degraded"]
        assert len(told) < 100 + OUTAGE_ORDERS, "the log is not full"
    return told


@contextmanager
def _no_writes(pid: int) -> Iterator[None]:
    """A process whose every write to a file fails, as on a disk that has become read-only."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

"""Webhooks are arranged by HTTP and at the command line, and survive the worker's death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from features.errors import RefusedError
from serving.commands.hook import hook
from serving.home import Home
from serving.schemas import NewWebhook
from serving.store.connection import connect
from serving.store.contacts import Contacts
from serving.store.merchants import add_merchant
from serving.webhooks.subscriptions import MOST, Arranging
from tests.serving import process, shop
from tests.serving.client import Shop, open_shop
from tests.serving.receiver import Receiver
from tests.serving.shop import LIVE, body, order, run, serving

HOOK = {"url": "https://shop.example.com/rto", "events": ["order.released", "order.cancelled"]}


def played(tmp_path: Path, scene: Any) -> None:
    async def play() -> None:
        async with open_shop(tmp_path) as ask:
            await scene(ask)

    run(play())


def test_a_webhook_is_made_shown_without_its_secret_and_removed(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        made = await ask("POST", "/v1/webhooks", HOOK, 201)
        assert made["secret"].startswith("whsec_")
        (seen,) = (await ask("GET", "/v1/webhooks"))["webhooks"]
        assert seen == {name: v for name, v in made.items() if name != "secret"}
        assert (seen["url"], seen["events"], seen["stopped"]) == (*HOOK.values(), None)
        path = f"/v1/webhooks/{made['webhook_id']}"
        rotated = await ask("POST", f"{path}/rotate")
        assert rotated["secret"] != made["secret"]
        assert await ask("POST", f"{path}/resume") == seen
        await ask("DELETE", path, status=204)
        assert (await ask("GET", "/v1/webhooks"))["webhooks"] == []
        for method, route in (("DELETE", ""), ("POST", "/rotate"), ("POST", "/resume")):
            await ask(method, path + route, status=404)
        await ask("GET", f"{path}/deliveries", status=404)

    played(tmp_path, scene)


def test_neither_address_nor_secret_lies_open_in_the_store(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        made = await ask("POST", "/v1/webhooks", HOOK, 201)
        found = ask.service.connection.execute("SELECT * FROM subscription").fetchone()
        kept = b"".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode()
                        for v in found)  # fmt: skip
        for secret in (made["secret"], made["secret"].removeprefix("whsec_"), "shop.example.com"):
            assert secret.encode() not in kept

    played(tmp_path, scene)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "https://127.0.0.1/"}, {"url": "http://shop.example.com/"},
        {"url": "https://10.1.2.3/"}, {"events": ["order.lost"]}, {"url": None}, {"events": None},
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused_in_a_sentence(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    async def scene(ask: Shop) -> None:
        given = {name: v for name, v in (HOOK | wrong).items() if v is not None}
        told = await ask("POST", "/v1/webhooks", given, 422)
        assert next(iter(wrong)) in told["detail"]

    played(tmp_path, scene)


def test_a_merchant_has_so_many_and_no_more(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        for _ in range(MOST):
            await ask("POST", "/v1/webhooks", HOOK, 201)
        await ask("POST", "/v1/webhooks", HOOK, 422)

    played(tmp_path, scene)


def test_nobody_reaches_the_webhooks_of_another(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        made = await ask("POST", "/v1/webhooks", HOOK, 201)
        other = await ask.with_key("sarees", "live")
        path = f"/v1/webhooks/{made['webhook_id']}"
        assert (await other("GET", "/v1/webhooks"))["webhooks"] == []
        await other("DELETE", path, status=404)
        await other("POST", f"{path}/replay", {"after": 0}, 404)
        reader = await ask.with_key("toys", "live", "read", "score")
        await reader("GET", "/v1/webhooks", status=403)
        await reader("POST", "/v1/webhooks", HOOK, 403)

    played(tmp_path, scene)


def test_a_replay_names_one_thing_and_deliveries_are_listed(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        made = await ask("POST", "/v1/webhooks", HOOK, 201)
        path = f"/v1/webhooks/{made['webhook_id']}"
        await ask("POST", "/v1/score", order())
        for wrong in ({}, {"dead": True, "after": 1}, {"dead": False}):
            await ask("POST", f"{path}/replay", wrong, 422)
        assert await ask("POST", f"{path}/replay", {"delivery_id": "msg_0"}) == {"replayed": 0}
        told = await ask("GET", f"{path}/deliveries?state=dead&limit=5")
        assert told == {"deliveries": [], "next_before": None}
        await ask("GET", f"{path}/deliveries?state=lost", status=422)

    played(tmp_path, scene)


def test_a_merchant_without_http_arranges_webhooks_at_the_command_line(tmp_path: Path) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home, home.transaction() as log:
        add_merchant(log.connection, "kurtas", "K", invented=True, now_us=1)
    here = "http://127.0.0.1:9/"
    webhook_id, secret = _rto(tmp_path, "add", "kurtas", here, "--event", "order.scored").split()
    assert secret.startswith("whsec_")
    assert _rto(tmp_path, "list", "kurtas").split()[:4] == [webhook_id, here, "order.scored", "on"]
    assert _rto(tmp_path, "rotate", "kurtas", webhook_id).startswith("whsec_")
    assert _rto(tmp_path, "replay", "kurtas", webhook_id, "--dead") == "0 are due again\n"
    assert _rto(tmp_path, "deliveries", "kurtas", webhook_id) == ""
    assert _rto(tmp_path, "resume", "kurtas", webhook_id) == "resumed\n"
    with pytest.raises(RefusedError, match="private network"):
        _rto(tmp_path, "add", "kurtas", "https://10.0.0.1/")
    with pytest.raises(RefusedError, match="no merchant"):
        _rto(tmp_path, "add", "nobody", here)
    assert _rto(tmp_path, "remove", "kurtas", webhook_id) == "removed\n"


def _rto(home: Path, *arguments: str) -> str:
    done = CliRunner().invoke(hook, arguments, env={"RTO_HOME": str(home)})
    if done.exception is not None:
        raise done.exception
    return done.output


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A merchant's server that listens."""
    one = Receiver()
    one.url = one.start()  # type: ignore[attr-defined]
    yield one
    one.stop()


def test_a_killed_worker_loses_nothing(tmp_path: Path, receiver: Receiver) -> None:
    orders = 60

    async def placed() -> str:
        async with serving(tmp_path) as service:
            await shop.add_shop(service)
            arranging = Arranging("kurtas", Contacts(shop.KEYRING.sealing), shop.NOON)
            wanted = NewWebhook(url=receiver.url, events=[])  # type: ignore[attr-defined]
            _, secret = await service.writer.submit(lambda log: arranging.add(log, wanted))
            for number in range(orders):
                await service.desk.score(LIVE, body(order_id=f"o{number}"))
            return secret

    secret = run(placed())
    worker = _worker(tmp_path)
    _wait_for(lambda: len(receiver.came) >= 15)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    settings = shop.settings_in(tmp_path)
    with Home(settings, shop.KEYRING, connect(settings.store_url)) as home:  # their leases end
        home.connection.execute("UPDATE delivery SET due_us=0 WHERE state='sending'")
    worker = _worker(tmp_path)
    try:
        _wait_for(lambda: len(set(receiver.ids())) == orders)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    told = {one["data"]["order_id"] for one in receiver.verified(secret)}
    assert told == {f"o{number}" for number in range(orders)}


def _worker(home: Path) -> subprocess.Popen[bytes]:
    keys = {
        "RTO_HASH_KEY": f"1:{shop.KEYRING.hashing.newest.hex()}",
        "RTO_ENCRYPTION_KEY": f"1:{shop.KEYRING.sealing.newest.hex()}",
    }
    return subprocess.Popen(
        [sys.executable, str(process.ROOT / "rto.py"), "worker"],
        env=process.environment(home) | keys, cwd=home,
    )  # fmt: skip


def _wait_for(done: Any) -> None:
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until
        time.sleep(0.005)

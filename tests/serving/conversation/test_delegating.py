"""A merchant whose number is with another provider: questions go out, answers come in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from features.days import DAY_US, HOUR_US, IST, from_us
from serving.api import create_app
from serving.commands.channel import channel
from serving.conversation.sending import Sender
from serving.home import Home
from serving.moments import now_us
from serving.standing import life_of
from serving.store.channels import DELEGATE, Delegate, keep_delegate
from serving.store.connection import connect
from serving.store.contacts import Contacts
from serving.store.merchants import add_merchant, new_key
from serving.store.outbox import messages_of
from tests.serving import shop
from tests.serving.receiver import Receiver
from tests.serving.shop import LIVE
from tests.serving.webhooks.test_delivering import Told, play

AWAKE = Delegate(quiet_from=0, quiet_until=0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A merchant's server that listens."""
    one = Receiver()
    one.url = one.start()  # type: ignore[attr-defined]
    yield one
    one.stop()


class Delegated:
    """A shop that lets another provider ask, and the worker's sender."""

    def __init__(self, told: Told, sender: Sender, key: str) -> None:
        self.told, self.sender, self.key = told, sender, key

    def send(self) -> None:
        """One look of the sender."""
        self.sender.look(self.told.clock())

    async def reply(self, **said: Any) -> Any:
        """What the provider passes on."""
        transport = httpx2.ASGITransport(app=create_app(self.told.service))
        async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as client:
            answer = await client.post(
                "/v1/orders/1001/reply", json=said, headers={"Authorization": f"Bearer {self.key}"}
            )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def states(self) -> list[tuple[str, str | None]]:
        """Of the order's messages, and why."""
        connection = self.told.service.connection
        return [(state, why) for _, state, why in messages_of(connection, self.number())]

    def number(self) -> int:
        """Of the order."""
        held = self.told.service.desk.find(LIVE, "1001")
        assert held is not None
        return held.number

    def stage(self) -> str:
        """Of the order."""
        return life_of(self.told.service.connection, self.number()).stage


def delegated(home: Path, scene: Any, url: str, *events: str, delegate: Delegate = AWAKE) -> None:
    """Play one scene."""

    async def whole(told: Told) -> None:
        def work(log: Any) -> str:
            keep_delegate(log.connection, told.service.contacts, "kurtas", delegate)
            return new_key(log.connection, "kurtas", "live", now_us=1)

        key = await told.service.writer.submit(work)
        settings = shop.settings_in(home)
        with Home(settings, shop.KEYRING, connect(settings.store_url)) as opened:
            sender = Sender(opened)
            try:
                await scene(Delegated(told, sender, key))
            finally:
                sender.close()

    play(home, whole, url, *events)


@pytest.mark.parametrize(
    ("said", "stage", "dispatch", "then"),
    [
        ("confirmed", "confirmed", "go", ["order.confirmed", "order.released"]),
        ("refused", "cancelled", "stop", ["order.cancelled"]),
        ("paid", "switched_to_prepaid", "go", ["order.prepaid", "order.released"]),
        ("corrected", "corrected", "wait", ["order.corrected"]),
        ("person", "held", "wait", ["order.held"]),
        ("stop", "held", "wait", ["order.held"]),
    ],
)
def test_the_provider_is_asked_to_ask_and_its_answer_moves_the_order(
    tmp_path: Path, receiver: Receiver, said: str, stage: str, dispatch: str, then: list[str]
) -> None:
    async def scene(shop: Delegated) -> None:
        answer = await shop.told.score()
        assert (answer["action"], answer["dispatch"]) == ("verify", "wait")
        shop.send()
        shop.send()
        await shop.told.deliver()
        told = {one["type"]: one["data"] for one in receiver.verified(shop.told.secret)}
        asked = told["message.requested"]
        assert (asked["order_id"], asked["purpose"]) == ("1001", "order_check")
        assert asked["expires_at"] == answer["wait_until"]
        assert shop.states() == [("sent", None)]
        assert (await shop.reply(response=said, channel="gupshup"))["dispatch"] == dispatch
        assert shop.stage() == stage
        receiver.taken.clear()
        await shop.told.deliver()
        came = sorted(one["type"] for one in receiver.verified(shop.told.secret))
        assert came == ["message.received", *then]

    delegated(tmp_path, scene, receiver.url)  # type: ignore[attr-defined]


def test_who_said_stop_is_asked_no_more(tmp_path: Path, receiver: Receiver) -> None:
    async def scene(shop: Delegated) -> None:
        await shop.told.score(order_id="before")
        await shop.told.score()
        await shop.reply(response="stop")
        assert shop.states() == [("cancelled", None)]
        shop.send()
        await shop.told.deliver()
        assert receiver.came == []

    delegated(tmp_path, scene, receiver.url, "message.requested")  # type: ignore[attr-defined]


def test_a_silence_that_the_provider_reports_still_ends(tmp_path: Path, receiver: Receiver) -> None:
    async def scene(shop: Delegated) -> None:
        await shop.told.score()
        shop.send()
        await shop.reply(response="silent")
        assert shop.stage() == "silent"
        shop.told.clock.us += DAY_US
        await shop.told.service.acting.tick()
        assert shop.stage() in ("released", "held")

    delegated(tmp_path, scene, receiver.url)  # type: ignore[attr-defined]


def test_where_nobody_listens_a_person_calls(tmp_path: Path, receiver: Receiver) -> None:
    async def scene(shop: Delegated) -> None:
        await shop.told.score()
        shop.send()
        assert shop.states() == [("call", "no webhook takes message.requested")]

    delegated(tmp_path, scene, receiver.url, "order.scored")  # type: ignore[attr-defined]


def test_nobody_is_asked_at_night(tmp_path: Path, receiver: Receiver) -> None:
    async def scene(shop: Delegated) -> None:
        await shop.told.score()
        shop.send()
        assert shop.states() == [("waiting", "quiet hours")]
        shop.told.clock.us += HOUR_US
        shop.send()
        assert shop.states() == [("sent", None)]

    hour = from_us(now_us()).astimezone(IST).hour
    night = Delegate(quiet_from=hour, quiet_until=(hour + 1) % 24)
    url = receiver.url  # type: ignore[attr-defined]
    delegated(tmp_path, scene, url, delegate=night)


def test_a_delegate_is_set_and_removed_at_the_command_line(tmp_path: Path) -> None:
    def rto(*arguments: str) -> str:
        done = CliRunner().invoke(channel, arguments, env={"RTO_HOME": str(tmp_path)})
        assert done.exception is None, done.exception
        return done.output

    with Home.open(shop.settings_in(tmp_path)) as home, home.transaction() as log:
        add_merchant(log.connection, "kurtas", "K", invented=True, now_us=1)
    assert "rto hook add kurtas" in rto("delegate", "kurtas")
    assert rto("stop", "kurtas") == "stopped\n"
    assert rto("resume", "kurtas") == "resumed\n"
    assert rto("delegate", "kurtas", "--off") == "set\n"
    assert rto("news", "kurtas", "--tracking") == "tracking on, feedback off\n"
    assert rto("news", "kurtas") == "tracking on, feedback off\n"
    with Home.open(shop.settings_in(tmp_path)) as home:
        assert DELEGATE.of(home.connection, Contacts(home.keyring.sealing), "kurtas") is None

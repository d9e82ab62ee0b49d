"""The worker that sends: nobody waits for a merchant whose sends hang."""

from __future__ import annotations

from concurrent.futures import wait
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from serving.conversation import sending
from serving.conversation.whatsapp import Sent
from serving.home import Home
from serving.sandbox.graph import Graph
from serving.store.channels import WHATSAPP
from serving.store.claims import doubt
from serving.store.connection import connect
from serving.store.merchants import add_merchant
from serving.store.outbox import Message, newest_of, put_message
from tests.serving import shop
from tests.serving.played import Played, play
from tests.serving.shop import LIVE, NOON, body

HANGING = "123456"


async def another(played: Played) -> None:
    """A second merchant, whose one message is made and due after all of the first's."""
    contacts = played.service.contacts
    held = WHATSAPP.of(played.service.connection, contacts, "kurtas")
    assert held is not None
    account = held.account.model_copy(update={"phone_number_id": "654321"})

    def work(log: Any) -> None:
        add_merchant(log.connection, "sarees", "Sarees", invented=True, now_us=NOON)
        WHATSAPP.keep(log.connection, contacts, "sarees", account)
        put_message(log.connection, waiting(played, "theirs", "sarees", played.clock()))

    await played.service.writer.submit(work)


def waiting(played: Played, name: str, merchant_id: str, due_us: int) -> Message:
    """A question about the order that there is."""
    return Message(
        name, played.number(), merchant_id, "order_check", "waiting", due_us, due_us
    )  # fmt: skip


def test_a_merchant_whose_sends_hang_does_not_hold_up_the_others(
    tmp_path: Path, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended, theirs, begun = Event(), Event(), []

    def hanging(client: Any, url: str, account: Any, to: str, message_id: str, content: Any) -> Any:
        begun.append(message_id)
        if account.phone_number_id == HANGING:
            mended.wait(30)
        else:
            theirs.set()
        return Sent(outside_id=f"wamid.{message_id}")

    monkeypatch.setattr(sending, "send", hanging)

    async def scene(played: Played) -> None:
        await played.service.desk.score(LIVE, body())
        due_us = played.clock() - 1

        def work(log: Any) -> None:
            for n in range(3 * sending.AT_ONCE):
                put_message(log.connection, waiting(played, f"ours {n}", "kurtas", due_us))

        await played.service.writer.submit(work)
        await another(played)
        try:
            for _ in range(3):
                played.sender.look(played.clock())
            assert theirs.wait(10), "it was begun although everything of the other's hangs"
            assert len(begun) == sending.AT_ONCE_EACH + 1
        finally:
            mended.set()
        while len(begun) < 3 * sending.AT_ONCE + 2:
            played.send()
        assert len(set(begun)) == len(begun), "and each was sent once"

    play(tmp_path, graph, scene)


def slow_to_answer(monkeypatch: pytest.MonkeyPatch) -> tuple[Event, Event]:
    """A carrier that takes every message and answers later: one was taken, it may answer."""
    arrived, answered = Event(), Event()

    def slow(client: Any, url: str, account: Any, to: str, message_id: str, content: Any) -> Any:
        arrived.set()
        answered.wait(30)
        return Sent(outside_id=f"wamid.{message_id}")

    monkeypatch.setattr(sending, "send", slow)
    return arrived, answered


def test_who_answers_before_the_carrier_has_told_us_its_name_of_the_message_is_heard(
    tmp_path: Path, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived, answered = slow_to_answer(monkeypatch)

    async def scene(played: Played) -> None:
        await played.service.desk.score(LIVE, body())
        played.sender.look(played.clock())
        try:
            assert arrived.wait(10)
            quick = {"id": "wamid.nobody-knows", "to": "919876543210"}
            assert await played.hook(lambda: graph.write(quick, "Yes")) == [200] * 3
            assert played.stage() == "released"
        finally:
            answered.set()
        played.send()
        assert played.states()[0] == "sent"

    play(tmp_path, graph, scene)


def test_an_answer_belongs_to_what_may_have_arrived(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        graph.faults.extend(["", "130429"])
        await played.service.desk.score(LIVE, body())
        played.send()
        played.clock.us += 1
        await played.service.desk.score(LIVE, body(order_id="2"))
        played.send()
        assert len(graph.sent) == 1, "the second one is to be tried again"
        await played.hook(lambda: graph.write(graph.sent[0], "Yes"))
        assert played.stage() == "released"

    play(tmp_path, graph, scene)


def test_of_two_messages_in_one_instant_the_second_is_the_newest(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        await played.service.desk.score(LIVE, body())
        names = [f"{n:02}" for n in (5, 9, 1, 7, 3)]

        def work(log: Any) -> None:
            for name in names:
                put_message(log.connection, waiting(played, name, "kurtas", played.clock()))

        await played.service.writer.submit(work)
        newest = newest_of(played.service.connection, played.number())
        assert newest is not None
        assert newest.message_id == names[-1]

    play(tmp_path, graph, scene)


def test_what_ended_together_is_settled_in_one_transaction(
    tmp_path: Path, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = slow_to_answer(monkeypatch)[1]

    async def scene(played: Played) -> None:
        for number in range(5):
            customer = shop.ORDER["customer"] | {"phone": f"+91900000000{number}"}
            await played.service.desk.score(LIVE, body(order_id=str(number), customer=customer))
        played.sender.look(played.clock())
        answered.set()
        _, unfinished = wait(played.sender._under_way, 30)
        assert (len(played.sender._under_way), unfinished) == (5, set())
        begun, transaction = count(), Home.transaction
        monkeypatch.setattr(
            Home, "transaction", lambda home: transaction(home) if next(begun) >= 0 else None
        )
        played.send()
        assert next(begun) == 1

    play(tmp_path, graph, scene)


class Rests(Event):
    """A stop that comes once so much was sent, and remembers how long the worker rested."""

    def __init__(self, sent: list[str], messages: int) -> None:
        super().__init__()
        self.sent, self.messages = sent, messages
        self.rested: list[float] = []
        self.resting = Event()

    def wait(self, timeout: float | None = None) -> bool:
        """A rest, in which all that is under way ends."""
        assert timeout is not None
        self.rested.append(timeout)
        self.resting.set()
        super().wait(0.05)
        self.resting.clear()
        return len(self.sent) == self.messages or len(self.rested) > 1_000


def test_a_worker_does_not_rest_while_there_is_more_to_send(
    tmp_path: Path, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    messages = 3 * sending.AT_ONCE_EACH
    rests = Rests(sent, messages)

    def quick(client: Any, url: str, account: Any, to: str, message_id: str, content: Any) -> Any:
        rests.resting.wait(30)
        sent.append(message_id)
        return Sent(outside_id=f"wamid.{message_id}")

    monkeypatch.setattr(sending, "send", quick)

    async def scene(played: Played) -> None:
        await played.allow(quiet_from=0, quiet_until=0)
        for number in range(messages):
            customer = shop.ORDER["customer"] | {"phone": f"+9190000000{number:02}"}
            await played.service.desk.score(LIVE, body(order_id=str(number), customer=customer))
        changes = {"hash_key": shop.secret("hashing"), "encryption_key": shop.secret("sealing")}
        settings = shop.settings_in(tmp_path).model_copy(update=changes)
        sending.keep_sending(settings, rests)
        assert len(sent) == messages
        assert max(rests.rested[1:]) < rests.rested[0]

    play(tmp_path, graph, scene)


@pytest.mark.only_sqlite
def test_looking_for_claims_that_were_left_waits_for_nobody(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        url = shop.settings_in(tmp_path).store_url
        writing, looking = connect(url), connect(url, patient=False)
        writing.begin()
        try:
            assert doubt(looking, played.clock()) == []
        finally:
            writing.rollback()
            writing.close()
            looking.close()

    play(tmp_path, graph, scene)

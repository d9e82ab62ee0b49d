"""The worker that sends: nobody waits for a merchant whose sends hang."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

import pytest

from serving.conversation import sending
from serving.conversation.whatsapp import Sent
from serving.sandbox.graph import Graph
from serving.store.channels import WHATSAPP
from serving.store.merchants import add_merchant
from serving.store.outbox import Message, put_message
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

"""A doubtful order is asked about, answered, released, cancelled or given up waiting for."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from features.days import HOUR_US
from serving.conversation.life import MOVES, UNDISPATCHED, Life, fold
from serving.conversation.messages.templates import Filling
from serving.conversation.sending import Sender
from serving.home import Home
from serving.sandbox.graph import Graph
from serving.store.channels import WHATSAPP, WhatsApp
from serving.store.connection import connect
from serving.upkeep.erasure import Person, erase
from tests.serving import shop
from tests.serving.played import Played, play
from tests.serving.shop import LIVE, ORDER, body


@pytest.mark.parametrize(
    ("button", "dispatch", "stage"),
    [(0, "go", "released"), (1, "wait", "awaiting"), (2, "stop", "cancelled")],
)
def test_a_pressed_button_settles_the_order_once(
    tmp_path: Path, graph: Graph, button: int, dispatch: str, stage: str
) -> None:
    async def scene(played: Played) -> None:
        answer = await played.service.desk.score(LIVE, body())
        assert (answer["action"], answer["dispatch"]) == ("verify", "wait")
        assert played.stage() == "awaiting"
        played.send()
        played.send()
        (sent,) = graph.sent
        assert sent["to"] == "919876543210"
        assert sent["template"]["language"] == {"code": "hi"}
        assert played.states() == ["sent"]
        assert await played.hook(lambda: graph.press(sent, button)) == [200] * 3
        assert played.stage() == stage
        again = await played.service.desk.score(LIVE, body())
        assert again["dispatch"] == dispatch
        kinds = [
            kind
            for (kind,) in played.service.connection.execute(
                "SELECT kind FROM event WHERE number=? ORDER BY seq", (played.number(),)
            ).fetchall()
        ]
        assert kinds.count("replied") == (button != 1)
        assert kinds.count("message_sent") == 1

    play(tmp_path, graph, scene)


def test_what_is_not_signed_by_the_merchant_changes_nothing(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await played.service.desk.score(LIVE, body())
        played.send()
        graph.app_secret = "another secret"
        before = played.service.writer.waiting, played.stage()
        assert await played.hook(lambda: graph.press(graph.sent[0], 0)) == [403] * 3
        assert (played.service.writer.waiting, played.stage()) == before

    play(tmp_path, graph, scene)


def test_silence_ends_in_the_cheapest_action_and_never_in_a_cancellation(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        await played.service.desk.score(LIVE, body())
        played.send()
        played.clock.us += 12 * HOUR_US
        await played.service.acting.tick()
        assert played.stage() in ("released", "held")
        answer = await played.service.desk.score(LIVE, body())
        assert answer["action"] in ("ship", "hold")
        assert await played.service.acting.tick() == 0

    play(tmp_path, graph, scene)


def test_a_cancellation_stops_what_was_not_sent(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await played.service.desk.score(LIVE, body())
        await played.service.desk.score(LIVE, body(record_only=True))
        played.send()
        assert (played.states(), graph.sent) == (["cancelled"], [])
        assert played.stage() == "released"

    play(tmp_path, graph, scene)


def test_stop_is_honoured_for_every_later_order(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await played.service.desk.score(LIVE, body())
        played.send()
        await played.hook(lambda: graph.write(graph.sent[0], "STOP"))
        assert played.stage() == "held"
        await played.service.desk.score(LIVE, body(order_id="2"))
        played.send()
        assert len(graph.sent) == 1

    play(tmp_path, graph, scene)


@pytest.mark.parametrize("words", ["Stop.", "  unsubscribe ", "बंद करो!"])
def test_stop_is_honoured_of_whom_nothing_was_ever_written_to(
    tmp_path: Path, graph: Graph, words: str
) -> None:
    async def scene(played: Played) -> None:
        stranger = {"id": "wamid.0", "to": "919876543210"}
        assert await played.hook(lambda: graph.write(stranger, words)) == [200] * 3
        await played.service.desk.score(LIVE, body())
        played.send()
        assert (graph.sent, played.tasks()) == ([], ["call"])

    play(tmp_path, graph, scene)


def test_the_secret_before_still_signs_whatever_else_is_changed(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        contacts = played.service.contacts
        for changed in ({"app_secret": "the next secret"}, {"token": "another-token"}):
            connection = played.service.connection
            held = WHATSAPP.of(connection, contacts, "kurtas")
            assert held is not None
            account = held.account.model_copy(update={"app_secret_before": "", **changed})

            def work(log: Any, account: WhatsApp = account) -> str:
                return WHATSAPP.keep(log.connection, contacts, "kurtas", account)

            assert await played.service.writer.submit(work) == played.endpoint
        await played.service.desk.score(LIVE, body())
        assert await played.hook(lambda: graph.post({"statuses": []})) == [200] * 3

    play(tmp_path, graph, scene)


def test_the_message_names_the_sum_as_indians_write_it() -> None:
    content = {"amount_paise": 1_234_567_00, "amount_due_paise": None}
    said = Filling(content, "S", "1").check("order_check")
    assert said["components"][0]["parameters"][3]["text"] == "₹12,34,567"


def test_workers_side_by_side_send_each_message_once(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        for number in range(24):
            customer = ORDER["customer"] | {"phone": f"+9190000{number:05d}", "id": f"c{number}"}
            await played.service.desk.score(LIVE, body(order_id=f"m{number}", customer=customer))
        settings, now = played.sender._home.settings, played.clock()

        def work() -> None:
            with Home(settings, shop.KEYRING, connect(settings.store_url)) as home:
                sender = Sender(home)
                for _ in range(8):
                    sender.look(now)
                    sender.settle_ended(0.2, now)
                while sender.busy:
                    sender.settle_ended(10, now)
                sender.close()

        workers = [Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        played.clock.us += HOUR_US // 6  # what failed on a busy machine is tried again by then
        played.send()
        named = [sent["biz_opaque_callback_data"] for sent in graph.sent]
        assert (len(named), len(set(named))) == (24, 24)

    play(tmp_path, graph, scene)


def test_an_erased_person_is_named_by_no_message(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        connection = played.service.connection
        await played.service.desk.score(LIVE, body())
        played.send()
        assert connection.execute("SELECT person FROM message").fetchone()[0] is not None
        with Home(
            played.service.settings, shop.KEYRING, connect(played.service.settings.store_url)
        ) as home:
            erase(home, Person("+919876543210"), now_us=played.clock() + 1)
        assert connection.execute("SELECT person FROM message").fetchall() == [(None,)]

    play(tmp_path, graph, scene)


def test_what_has_left_is_called_back_by_no_answer() -> None:
    for stage in MOVES:
        for move in ("confirmed", "refused", "silent", "hold"):
            if stage not in UNDISPATCHED:
                assert move not in MOVES[stage]
    assert fold([("decided", {"action": "verify"}), ("shipped", {}),
                 ("replied", {"response": "refused"})]).stage == "in_transit"  # fmt: skip
    assert Life().dispatch == "wait"

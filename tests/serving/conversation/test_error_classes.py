"""Every class of the carrier's errors, in an answer and in a status: what is sent again."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.days import HOUR_US
from serving.conversation import sending
from serving.sandbox import graph as stand_in
from serving.sandbox.graph import Graph
from serving.sandbox.razorpay import Razorpay
from serving.store.channels import stopped_channels, switch_channel
from serving.store.log import Log
from serving.store.opt_outs import opt_out, opt_out_of_offers, opted_out, wants_no_offers
from serving.store.outbox import Message, message_named
from tests.serving.payments.test_paying import Paying, act
from tests.serving.played import Played, play
from tests.serving.shop import LIVE, ORDER, body

RETRY = (4, 80007, 130429, 131056, 131000, 131016)
RECIPIENT = (131026, 131049, 131050, 130472)
TEMPLATE = (132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016)
CONFIGURATION = (0, 190, 10, 200, 250, 299, 131042)
ACCOUNT = (368, 131031, 131048)


async def order(played: Played, name: str, phone: int, **changes: object) -> None:
    """One order of a customer of its own, asked about."""
    customer = ORDER["customer"] | {"phone": f"+9190000{phone:05d}", "id": f"c{phone}"}
    await played.service.desk.score(
        LIVE, body(order_id=name, customer=customer, dispatch_cutoff=None, **changes)
    )
    played.send()


def message(played: Played) -> Message:
    """The last one made."""
    found = played.service.connection.execute(
        "SELECT message_id FROM message ORDER BY made_us DESC, message_id DESC LIMIT 1"
    ).fetchone()
    held = message_named(played.service.connection, found[0])
    assert held is not None
    return held


def stopped(played: Played) -> list[str]:
    """Why nothing, or one template, is sent."""
    return [why for _, why in stopped_channels(played.service.connection)]


def test_what_may_be_repeated_is_and_after_six_times_a_person_calls(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        for phone, code in enumerate(("429", *map(str, RETRY))):
            graph.faults.append(code)
            await order(played, code, phone)
            waiting = message(played)
            assert (waiting.state, stopped(played)) == ("waiting", [])
            assert waiting.due_us > played.clock()
            played.clock.us = waiting.due_us
            played.send()
            assert message(played).state == "sent"
        assert len(graph.sent) == 1 + len(RETRY)
        graph.faults.extend(["131000"] * 6)
        await order(played, "again", 99)
        for _ in range(6):
            played.clock.us += HOUR_US // 4
            played.send()
        assert (message(played).state, played.tasks()) == ("call", ["call"])

    play(tmp_path, graph, scene)


@pytest.mark.parametrize("codes", [RECIPIENT, (131047,)])
def test_whoever_cannot_be_reached_is_called_and_nothing_else_stops(
    tmp_path: Path, graph: Graph, codes: tuple[int, ...]
) -> None:
    async def scene(played: Played) -> None:
        for phone, code in enumerate(codes):
            graph.faults.append(str(code))
            await order(played, str(code), phone)
            assert (message(played).state, stopped(played)) == ("call", [])
        played.clock.us += HOUR_US
        played.send()
        assert (graph.sent, played.tasks()) == ([], ["call"] * len(codes))

    play(tmp_path, graph, scene)


@pytest.mark.parametrize("code", [131049, 131050, 130472])
@pytest.mark.parametrize("told", ["in the answer", "in a status"])
def test_an_offer_that_the_carrier_does_not_bring_leaves_the_question_in_its_place(
    tmp_path: Path, graph: Graph, payments: Razorpay, code: int, told: str
) -> None:
    async def scene(paying: Paying) -> None:
        played = paying.played
        await played.aim({"verify": None, "prepaid": 0.2, "hold": None, "block": None})
        await paying.connect(offers=True)
        graph.faults.append(str(code) if told == "in the answer" else "")
        await played.service.desk.score(LIVE, body())
        paying.work()
        if told == "in a status":
            await played.hook(lambda: graph.status(graph.sent[0], "failed", code))
        paying.work()
        assert graph.sent[-1]["template"]["name"] == "order_check"
        assert (played.tasks(), stopped(played)) == ([], [])
        await played.tap("confirm")
        (link,) = paying.links()
        assert str(link.short_url) in played.heard(), "shown within the chat, where it is free"
        await played.service.desk.score(LIVE, body(order_id="1002"))
        paying.work()
        paying.work()
        name = "order_check" if code == 131050 else "prepaid_offer"
        assert graph.sent[-1]["template"]["name"] == name, "only who wants none is offered none"
        assert played.tasks() == []

    act(tmp_path, graph, payments, scene)


def test_whoever_wants_no_offers_may_still_want_nothing_at_all(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        def opt(log: Log) -> list[tuple[bool, bool]]:
            connection, seen = log.connection, []
            for opting in (opt_out_of_offers, opt_out, opt_out_of_offers):
                opting(connection, 7, played.clock())
                seen.append((wants_no_offers(connection, 7), opted_out(connection, 7)))
            return seen

        found = await played.service.writer.submit(opt)
        assert found == [(True, False), (True, True), (True, True)]

    play(tmp_path, graph, scene)


def test_a_template_that_is_refused_stops_alone(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        connection = played.service.connection
        for phone, code in enumerate(TEMPLATE):
            graph.faults.append(str(code))
            await order(played, str(code), phone)
            assert message(played).state == "call"
            assert stopped(played) == [f"template order_check: error {code}"]
            await played.service.writer.submit(
                lambda log: log.connection.execute("DELETE FROM template_stop")
            )
        assert played.tasks() == ["call"] * len(TEMPLATE)
        held = connection.execute("SELECT stopped FROM channel").fetchall()
        assert held == [(None,)], "other templates go on"

    play(tmp_path, graph, scene)


@pytest.mark.parametrize("codes", [CONFIGURATION, ACCOUNT])
def test_a_fault_of_the_account_stops_everything_and_is_named(
    tmp_path: Path, graph: Graph, codes: tuple[int, ...]
) -> None:
    async def scene(played: Played) -> None:
        for phone, code in enumerate(codes):
            graph.faults.append(str(code))
            await order(played, str(code), phone)
            assert (message(played).state, stopped(played)) == ("waiting", [f"error {code}"])
            asked = len(graph.bodies)
            played.clock.us += HOUR_US // 4
            played.send()
            assert len(graph.bodies) == asked, "nothing is tried while it is stopped"
            await played.service.writer.submit(
                lambda log: switch_channel(log.connection, "kurtas", None)
            )
            played.send()
            assert message(played).state == "sent", "the owner has mended it"
        assert len(graph.sent) == len(codes)

    play(tmp_path, graph, scene)


@pytest.mark.parametrize("fault", ["500", "100", "reset", "hang"])
def test_what_may_have_been_taken_is_unknown_until_its_status_comes(
    tmp_path: Path, graph: Graph, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stand_in, "HANG_S", 0.6)
    monkeypatch.setattr(sending, "_ANSWER_S", 0.2)

    async def scene(played: Played) -> None:
        graph.faults.append(fault)
        await order(played, fault, 1)
        assert message(played).state == "unknown"
        for _ in range(3):
            played.clock.us += HOUR_US
            played.send()
        assert len(graph.bodies) == 1, "never sent again by itself"
        if graph.sent:  # it had arrived
            await played.hook(lambda: graph.status(graph.sent[0], "delivered"))
            assert message(played).state == "delivered"

    play(tmp_path, graph, scene)


def test_a_picture_that_is_refused_is_left_out_and_the_question_asked(
    tmp_path: Path, graph: Graph
) -> None:
    items = [ORDER["items"][0] | {"image_url": "https://shop.example.com/kurta.jpg"}]

    async def scene(played: Played) -> None:
        await order(played, "shown", 1, items=items)
        header = graph.sent[0]["template"]["components"][0]["parameters"][0]
        assert header == {"type": "image", "image": {"link": items[0]["image_url"]}}
        await played.hook(lambda: graph.status(graph.sent[0], "failed", 131053))
        played.send()
        graph.faults.append("131053")
        await order(played, "refused", 2, items=items)
        played.send()
        graph.faults.append("132001")
        await order(played, "unapproved", 3, items=items)
        played.send()
        await order(played, "plain", 4, items=items)
        names = [one["template"]["name"] for one in graph.sent]
        assert names == ["order_check_picture"] + ["order_check"] * 4
        assert stopped(played) == ["template order_check_picture: error 132001"]
        assert played.tasks() == []

    play(tmp_path, graph, scene)


@pytest.mark.parametrize(
    ("code", "halted"), [(131026, False), (131031, True), (131000, False), (132015, False)]
)
def test_an_error_that_comes_in_a_status_is_called_about_and_never_repeated(
    tmp_path: Path, graph: Graph, code: int, halted: bool
) -> None:
    async def scene(played: Played) -> None:
        await order(played, "1", 1)
        await played.hook(lambda: graph.status(graph.sent[0], "failed", code))
        assert (message(played).state, played.tasks()) == ("failed", ["call"])
        assert bool(stopped(played)) == halted
        played.clock.us += HOUR_US
        played.send()
        assert len(graph.bodies) == 1
        await played.hook(lambda: graph.status(graph.sent[0], "delivered"))
        assert message(played).state == "delivered", "as the carrier may say afterwards"

    play(tmp_path, graph, scene)


@pytest.mark.parametrize(
    ("agreed", "declared", "written"),
    [(True, False, True), (None, False, False), (None, True, True), (False, True, False)],
)
def test_only_who_agreed_or_is_declared_to_have_is_written_to(
    tmp_path: Path, graph: Graph, agreed: bool | None, declared: bool, written: bool
) -> None:
    async def scene(played: Played) -> None:
        await played.allow(opt_in_declared=declared)
        customer = ORDER["customer"] | {"whatsapp_opt_in": agreed}
        await played.service.desk.score(LIVE, body(customer=customer))
        played.send()
        assert (len(graph.sent) == 1) == written
        assert played.tasks() == ([] if written else ["call"])

    play(tmp_path, graph, scene)

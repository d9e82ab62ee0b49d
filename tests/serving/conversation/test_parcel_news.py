"""Customers are told of their parcels and asked about them, where a shop wants it; labels learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from features.days import DAY_US, HOUR_US, SECOND_US
from serving.conversation.feedback import REASONS
from serving.conversation.manual import shown_tasks
from serving.conversation.messages.sessions import texts
from serving.conversation.messages.templates import shown, submissions
from serving.sandbox.graph import Graph
from serving.store.news import News, want_news
from serving.store.outbox import messages_of
from tests.serving.conversation.test_talking import OTHER, asked, told
from tests.serving.parcels.test_tracking import graph_names, scan
from tests.serving.played import Played, play
from tests.serving.town import export

BOTH = News(tracking=True, feedback=True)


async def want(played: Played, wanted: News) -> None:
    """Switch news on."""
    await played.service.writer.submit(lambda log: want_news(log.connection, "kurtas", wanted))


async def travelled(played: Played, wanted: News, end: str, **more: Any) -> None:
    """A parcel that left, came out and ended, each on a day of its own."""
    await want(played, wanted)
    await asked(played)
    await played.tap("confirm")
    for status in ("shipped", "out_for_delivery"):
        assert await scan(played, status) == 200
        played.send()
        played.clock.us += DAY_US
    assert await scan(played, end, **more) == 200
    played.send()


def label(home: Path) -> dict[str, Any]:
    """The order's row in the export."""
    (row,) = export(home, home / "out").orders.to_pylist()
    found: dict[str, Any] = row
    return found


def feedback(played: Played) -> list[dict[str, Any]]:
    """What the customer said of the parcel."""
    return [e["detail"] for e in told(played)["events"] if e["event"] == "feedback"]


def test_nobody_is_told_or_asked_before_the_shop_wants_it(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await travelled(played, News(), "delivered")
        played.clock.us += 2 * DAY_US
        played.send()
        assert graph_names(played) == ["order_check"]

    play(tmp_path, graph, scene)


def test_a_parcel_is_told_of_when_it_leaves_comes_and_has_come(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        await travelled(played, News(tracking=True), "delivered")
        sent = [one["template"] for one in graph.sent if one["type"] == "template"]
        assert [one["name"] for one in sent] == [
            "order_check", "parcel_shipped", "parcel_today", "parcel_delivered",
        ]  # fmt: skip
        assert "It comes with fast." in shown(sent[1])[0]
        assert "Please keep ₹1,299 ready." in shown(sent[2])[0]
        assert told(played)["treated"], "by the question, which is logged as sent; news is not"
        kinds = [e["event"] for e in told(played)["events"]]
        assert kinds.count("message_sent") == 1

    play(tmp_path, graph, scene)


@pytest.mark.parametrize(
    ("answer", "heard"), [(0, "Thank you. Your order is confirmed"), (1, None)]
)
def test_a_shipment_ends_questions_and_lets_the_thanks_go_that_were_not_sent_yet(
    tmp_path: Path, graph: Graph, answer: int, heard: str | None
) -> None:
    async def scene(played: Played) -> None:
        await asked(played)
        await played.hook(lambda: graph.press(graph.sent[0], answer))
        assert await scan(played, "shipped") == 200
        played.send()
        said = [one for one in graph.sent if one["type"] != "template"]
        assert len(said) == (heard is not None)
        if heard is not None:
            assert played.heard().startswith(heard)

    play(tmp_path, graph, scene)


@pytest.mark.parametrize(("taps", "words"), [((), None), (("address",), OTHER)])
def test_who_was_about_to_change_something_when_the_parcel_left_is_seen_to_by_a_person(
    tmp_path: Path, graph: Graph, taps: tuple[str, ...], words: str | None
) -> None:
    async def scene(played: Played) -> None:
        await asked(played)
        for answer in ("change", *taps):
            await played.tap(answer)
        if words is not None:
            await played.say(words)
        for _ in range(2):
            assert await scan(played, "shipped") == 200
        service = played.service
        (task,) = shown_tasks(service.connection, service.contacts, "kurtas", "inbox", 9)
        assert (task["why"], task["text"]) == ("a change cut off by the shipment", words)
        assert task["until"] is not None, "they may still be written to"

    play(tmp_path, graph, scene)


def test_what_is_no_news_any_more_is_not_told_and_nobody_calls(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        await want(played, BOTH)
        await asked(played)
        await played.tap("confirm")
        await scan(played, "shipped")
        played.clock.us += SECOND_US
        await scan(played, "out_for_delivery")
        played.clock.us += 11 * HOUR_US  # night: nobody is written to
        played.send()
        played.clock.us += 12 * HOUR_US
        played.send()
        assert graph_names(played) == ["order_check", "parcel_shipped"]
        states = messages_of(played.service.connection, played.number())
        assert ("tracking", "cancelled", "no news any more") in states
        await scan(played, "rto_initiated")
        played.send()
        await scan(played, "shipped", awb="AWB2", order_id="1001")
        played.send()
        assert graph_names(played)[-1] == "feedback_returned", "it has ended: none is on its way"
        assert played.tasks() == []

    play(tmp_path, graph, scene)


@pytest.mark.parametrize(
    ("end", "reason", "answer", "learnt"),
    [
        ("rto_initiated", None, "changed_mind", "changed_mind"),
        ("rto_initiated", "other", "not_at_home", "unreachable"),
        ("rto_initiated", "refused", "damaged", "refused"),
        ("delivered", None, "looked_different", "not_as_described"),
    ],
)
def test_why_a_customer_was_not_content_reaches_the_label_but_overwrites_no_courier(
    tmp_path: Path, graph: Graph, end: str, reason: str | None, answer: str, learnt: str
) -> None:
    async def scene(played: Played) -> None:
        await travelled(played, News(feedback=True), end, reason=reason)
        assert len(graph_names(played)) == (1 if end == "delivered" else 2), "a day to open it"
        played.clock.us += DAY_US + SECOND_US
        played.send()
        await played.tap("wrong")
        await played.tap(f"why-{answer}")
        about = "delivered" if end == "delivered" else "rto"
        assert feedback(played) == [
            {"about": about, "answer": answer, "channel": "whatsapp", "reason": REASONS[answer]}
        ]
        assert played.tasks() == []

    play(tmp_path, graph, scene)
    assert label(tmp_path)["outcome_reason"] == learnt


def test_free_words_are_a_suggestion_and_sealed(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await travelled(played, News(feedback=True), "delivered")
        played.clock.us += DAY_US
        played.send()
        await played.tap("good")
        await played.say("The sleeves could be longer")
        await played.say("and the colour deeper")
        assert played.tasks() == ["suggestion", "suggestion"]
        assert [said["answer"] for said in feedback(played)] == ["good", "text", "text"]
        assert feedback(played)[1]["note"] == "The sleeves could be longer"
        raw = played.service.connection.execute("SELECT body FROM event").fetchall()
        assert all(b"sleeves" not in bytes(line) for (line,) in raw)
        heard = [one for one in graph.sent if one["type"] == "text"]
        assert sum("will read it" in one["text"]["body"] for one in heard) == 1

    play(tmp_path, graph, scene)
    assert label(tmp_path)["outcome_reason"] is None


def test_questions_about_orders_come_before_news(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await travelled(played, News(feedback=True), "delivered")
        played.clock.us += 2 * DAY_US
        await played.allow(people_a_day=1)
        played.send()
        assert graph_names(played) == ["order_check"], "half of one is nobody"
        await played.allow(people_a_day=2)
        played.clock.us += HOUR_US
        played.send()
        assert graph_names(played)[-1] == "feedback_delivered"

    play(tmp_path, graph, scene)


def test_a_number_that_may_not_write_holds_up_no_news_and_calls_nobody(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        graph.faults.extend(["", "131026"])
        await want(played, News(tracking=True))
        await asked(played)
        await scan(played, "shipped")
        played.send()
        states = messages_of(played.service.connection, played.number())
        assert states[-1] == ("tracking", "cancelled", "error 131026"), "of one instant, in order"
        assert played.tasks() == []

    play(tmp_path, graph, scene)


def test_every_choice_has_its_word_in_every_language_and_fits() -> None:
    for language, steps in texts().items():
        offered = {row.removeprefix("why-") for name in ("why_delivered", "why_returned")
                   for row in steps[name]["rows"]}  # fmt: skip
        assert offered == set(REASONS), language
        for name in ("why_delivered", "why_returned"):
            assert all(len(title) <= 24 for title in steps[name]["rows"].values())
    for one in submissions():
        (body,) = [part for part in one["components"] if part["type"] == "BODY"]
        assert body["text"].count("{{") == len(body["example"]["body_text"][0]), one["name"]
        assert not body["text"].endswith("}}"), "the carrier refuses such a template"

"""Change something: an address in free words, another person, a day; and what people take over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from features.days import DAY_US, HOUR_US
from features.directory import Directory
from serving.conversation.corrections import read_correction
from serving.conversation.messages.sessions import texts
from serving.orders import story
from serving.sandbox.graph import Graph
from serving.store.outbox import messages_of
from tests.serving.played import Played, play
from tests.serving.shop import LIVE, ORDER, body, order

OTHER = "Flat 7A, Rose Garden, 2nd Cross, near water tank, Koramangala, Bengaluru 560095"
ENGLISH = order(customer=ORDER["customer"] | {"language": "en"}, dispatch_cutoff=None)


async def asked(played: Played, **changes: Any) -> None:
    """An order that was asked about, its customer reading English."""
    await played.service.desk.score(LIVE, json.dumps(ENGLISH | changes).encode())
    played.send()


def told(played: Played) -> dict[str, Any]:
    """The order's whole story."""
    service = played.service
    found = story(service.connection, service.contacts, "kurtas", "1001")
    assert found is not None
    return found


def test_a_corrected_address_is_shown_back_rescored_and_released(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        await asked(played)
        await played.tap("change")
        assert played.heard() == "What would you like to change?"
        await played.tap("address")
        await played.say("where?")
        assert played.heard().startswith("We could not find an address in that.")
        await played.say(OTHER)
        assert "Flat 7A" in played.heard()
        assert "560095" in played.heard()
        assert played.stage() == "awaiting"
        await played.tap("yes")
        assert played.stage() == "released"
        found = told(played)
        assert (found["revision"], found["order"]["pincode"]) == (1, "560095")
        assert found["order"]["landmark"] == "near water tank"
        kinds = [event["event"] for event in found["events"]]
        assert kinds.index("revised") < len(kinds) - 1 - kinds[::-1].index("decided")
        answer = await played.service.desk.score(LIVE, json.dumps(ENGLISH).encode())
        assert (answer["revision"], answer["dispatch"]) == (1, "go"), "posted again as it was"
        assert "confirmed" in played.heard()

    play(tmp_path, graph, scene)


def test_somebody_else_receives_it(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await asked(played)
        await played.tap("change")
        await played.tap("address")
        await played.say("Ravi Kumar, 90000 12345")
        assert "Ravi Kumar, +919000012345" in played.heard()
        await played.say("Yes")
        found = told(played)["order"]
        assert (found["ship_name"], found["ship_phone"]) == ("Ravi Kumar", "+919000012345")
        assert found["address_line1"] == ORDER["shipping_address"]["line1"]

    play(tmp_path, graph, scene)


def test_a_day_is_promised_and_no_hour(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await asked(played, promised_at=None)
        await played.tap("change")
        await played.tap("day")
        assert "hour cannot be promised" in played.heard()
        await played.tap("on-2026-11-23")
        assert played.stage() == "released"
        (replied,) = [e["detail"] for e in told(played)["events"] if e["event"] == "replied"]
        assert (replied["day"], replied["ship_after"]) == ("2026-11-23", "2026-11-23")

    play(tmp_path, graph, scene)


def test_what_is_no_answer_is_for_people_and_sealed(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await asked(played)
        await played.say("Is this pure cotton?")
        assert (played.stage(), played.tasks()) == ("awaiting", ["inbox"])
        notes = [e["detail"].get("note") for e in told(played)["events"] if e["event"] == "message"]
        assert notes == ["Is this pure cotton?"]
        raw = played.service.connection.execute("SELECT body FROM event").fetchall()
        assert all(b"cotton?" not in bytes(line) for (line,) in raw)

    play(tmp_path, graph, scene)


def test_who_began_to_answer_is_not_silent_only_late(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await asked(played)
        await played.tap("change")
        played.clock.us += 12 * HOUR_US
        await played.service.acting.tick()
        responses = [e["detail"]["response"] for e in told(played)["events"]
                     if e["event"] == "replied"]  # fmt: skip
        assert responses == []
        assert played.stage() in ("released", "held")

    play(tmp_path, graph, scene)


@pytest.mark.parametrize("cutoff", [None, "2026-11-20T16:30:00+05:30"])
def test_one_reminder_after_four_hours_where_time_is_left(
    tmp_path: Path, graph: Graph, cutoff: str | None
) -> None:
    async def scene(played: Played) -> None:
        await asked(played, dispatch_cutoff=cutoff)
        for _ in range(3):
            played.clock.us += 4 * HOUR_US + 1
            await played.service.acting.tick()
            played.send()
        names = [sent["template"]["name"] for sent in graph.sent]
        expected = ["order_check", "order_reminder"] if cutoff is None else ["order_check"]
        assert names == expected
        assert await played.service.acting.tick() == 0

    play(tmp_path, graph, scene)


def test_a_change_after_the_answer_is_asked_about_anew(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await asked(played)
        first = graph.sent[0]
        for revision, amount in enumerate((1500, 1600, 1700)):
            changed = json.dumps(ENGLISH | {"amount": amount}).encode()
            await played.service.desk.revise(LIVE, "1001", changed, revision)
            played.send()
        checks = [s for s in graph.sent if s["type"] == "template"]
        assert len(checks) == 3
        assert "1,600" in checks[-1]["template"]["components"][0]["parameters"][3]["text"]
        assert played.tasks() == ["call"], "asked three times: a person calls"
        await played.hook(lambda: graph.press(first, 0))
        assert played.stage() == "awaiting", "an answer to what the order does not say any more"

    play(tmp_path, graph, scene)


def test_a_number_writes_to_no_more_people_than_it_may(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await played.allow(people_a_day=1)
        await asked(played)
        for name, phone in (("2", "+919876500000"), ("3", "+919876543210")):
            customer = ORDER["customer"] | {"phone": phone}
            await played.service.desk.score(LIVE, body(order_id=name, customer=customer))
        played.send()
        assert [sent["to"] for sent in graph.sent] == ["919876543210"] * 2
        played.clock.us += DAY_US + HOUR_US
        played.send()
        assert graph.sent[-1]["to"] == "919876500000", "the next day's turn"

    play(tmp_path, graph, scene)


def test_a_customer_who_declined_is_called(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        customer = ORDER["customer"] | {"whatsapp_opt_in": False}
        await played.service.desk.score(LIVE, body(customer=customer))
        played.send()
        assert (graph.sent, played.tasks()) == ([], ["call"])
        ((_, state, why),) = messages_of(played.service.connection, played.number())
        assert (state, why) == ("call", "no consent")

    play(tmp_path, graph, scene)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("House no 45", {"address_line1": "House no 45, Flat 12B, Lake View Apts"}),
        ("near Shiv temple", {"landmark": "near Shiv temple"}),
        ("pincode 560095", {"pincode": "560095", "city": "Bengaluru Urban", "state": "Karnataka"}),
        ("Flat 7A, Rose Garden, Koramangala, Bengaluru 560095",
         {"pincode": "560095", "city": "Bengaluru", "state": "Karnataka", "landmark": None,
          "address_line1": "Flat 7A, Rose Garden", "address_line2": "Koramangala"}),
        ("12 MG Road, Pune, Maharashtra, 411 001",
         {"pincode": "411001", "city": "Pune", "state": "Maharashtra",
          "address_line1": "12 MG Road", "address_line2": None, "landmark": None}),
    ],
)  # fmt: skip
def test_an_address_is_read_as_it_is_written(text: str, changes: dict[str, Any]) -> None:
    content = {"address_line1": "Flat 12B, Lake View Apts", "pincode": "560034"}
    assert read_correction(text, content, Directory.open()).changes == changes


@pytest.mark.parametrize("text", ["ok", "??", "999999", "12 MG Road, Pune 999999"])
def test_what_holds_no_address_changes_nothing(text: str) -> None:
    read = read_correction(text, {"pincode": "560034"}, Directory.open())
    assert not read.changes
    assert read.why_not


def test_every_language_says_everything_within_the_carriers_limits() -> None:
    english = texts()["en"]
    for language, steps in texts().items():
        assert set(steps) == set(english), language
        for name, step in steps.items():
            titles = step.get("buttons", {}) if isinstance(step, dict) else {}
            assert len(titles) <= 3
            assert all(len(title) <= 20 for title in titles.values()), (language, name)

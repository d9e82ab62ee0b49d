"""What people take over: replies, calls, lost letters; and what the carrier stops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from features.days import DAY_US, HOUR_US
from serving.sandbox.graph import Graph
from serving.store.channels import WHATSAPP, stopped_channels
from serving.store.merchants import new_key
from tests.serving import shop
from tests.serving.conversation.test_talking import asked
from tests.serving.played import Played, play
from tests.serving.shop import LIVE, body


async def told(played: Played, method: str, path: str, said: Any = None) -> Any:
    """One request with a key of the shop's."""
    if not hasattr(played, "key"):
        played.key = await played.service.writer.submit(  # type: ignore[attr-defined]
            lambda log: new_key(log.connection, "kurtas", "live", now_us=shop.NOON)
        )
    headers = {"Authorization": f"Bearer {played.key}"}  # type: ignore[attr-defined]
    return await played.client.request(method, path, json=said, headers=headers)


def test_a_reply_is_read_answered_within_a_day_and_done(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        await asked(played)
        assert (
            await told(played, "POST", "/v1/orders/1001/message", {"text": "Hi"})
        ).status_code == 409
        await played.say("Is this pure cotton?")
        (task,) = (await told(played, "GET", "/v1/tasks?kind=inbox")).json()["tasks"]
        assert (task["order_id"], task["text"]) == ("1001", "Is this pure cotton?")
        free = {"text": "Yes, pure cotton."}
        assert (await told(played, "POST", "/v1/orders/1001/message", free)).status_code == 200
        played.send()
        assert played.heard() == "Yes, pure cotton."
        path = f"/v1/tasks/{task['task_id']}/done"
        assert (await told(played, "POST", path, {"by": "Ravi"})).json() == {"changed": True}
        assert (await told(played, "POST", path, {})).json() == {"changed": False}
        assert (await told(played, "POST", "/v1/tasks/none/done", {})).status_code == 404
        assert (await told(played, "GET", "/v1/tasks?kind=joy")).status_code == 422
        played.clock.us += DAY_US
        assert (await told(played, "POST", "/v1/orders/1001/message", free)).status_code == 409

    play(tmp_path, graph, scene)


def test_what_did_not_arrive_is_listed_and_sent_again_but_never_a_doubtful_one_unasked(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        graph.faults.extend(("131026", "500"))
        await asked(played)
        (letter,) = (await told(played, "GET", "/v1/messages")).json()["messages"]
        assert (letter["order_id"], letter["state"], letter["why"]) == (
            "1001",
            "call",
            "error 131026",
        )
        path = f"/v1/messages/{letter['message_id']}/retry"
        assert (await told(played, "POST", path, {})).json() == {"changed": True}
        played.send()
        assert (played.states(), graph.sent) == (["unknown"], [])
        assert (await told(played, "POST", path, {})).json() == {"changed": False}
        assert (await told(played, "POST", path, {"doubtful": True})).json() == {"changed": True}
        played.send()
        assert (played.states(), len(graph.sent)) == (["sent"], 1)
        assert played.tasks() == ["call"], "sent is not arrived"
        await played.hook(lambda: graph.status(graph.sent[0], "delivered"))
        assert (played.states(), played.tasks()) == (["delivered"], [])

    play(tmp_path, graph, scene)


def test_a_message_that_arrives_ends_no_call_that_is_about_something_else(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        await asked(played)
        await played.say("Is this pure cotton?")
        await played.say("STOP")
        assert sorted(played.tasks()) == ["call", "inbox"]
        await played.hook(lambda: graph.status(graph.sent[0], "read"))
        assert sorted(played.tasks()) == ["call", "inbox"]

    play(tmp_path, graph, scene)


@pytest.mark.parametrize(
    ("field", "value", "stopped"),
    [
        ("message_template_status_update",
         {"event": "PAUSED", "message_template_name": "order_check"},
         ["template order_check: paused"]),
        ("template_category_update",
         {"message_template_name": "order_check", "previous_category": "UTILITY",
          "new_category": "MARKETING"},
         ["template order_check: moved to MARKETING, which costs several times as much"]),
        ("account_update", {"event": "ACCOUNT_VIOLATION"}, ["the account: account_violation"]),
        ("phone_number_quality_update", {"event": "FLAGGED", "current_limit": "TIER_250"},
         ["the number's quality is flagged as low"]),
    ],
)  # fmt: skip
def test_what_the_carrier_stops_sends_no_more_and_is_called_about(
    tmp_path: Path, graph: Graph, field: str, value: dict[str, Any], stopped: list[str]
) -> None:
    async def scene(played: Played) -> None:
        assert await played.hook(lambda: graph.post(value, field)) == [200] * 3
        connection = played.service.connection
        assert [why for _, why in stopped_channels(connection)] == stopped
        await played.service.desk.score(LIVE, body())
        played.send()
        played.clock.us += HOUR_US
        played.send()
        assert (graph.sent, played.tasks()) == ([], ["call"])

    play(tmp_path, graph, scene)


def test_the_carriers_limit_is_kept_as_it_says_it(tmp_path: Path, graph: Graph) -> None:
    async def scene(played: Played) -> None:
        up = {"event": "UPGRADE", "current_limit": "TIER_10K"}
        await played.hook(lambda: graph.post(up, "phone_number_quality_update"))
        held = WHATSAPP.of(played.service.connection, played.service.contacts, "kurtas")
        assert held is not None
        assert (held.account.people_a_day, held.stopped) == (10_000, None)
        back = {"event": "APPROVED", "message_template_name": "order_check"}
        await played.hook(lambda: graph.post(back, "message_template_status_update"))
        await played.service.desk.score(LIVE, body())
        played.send()
        assert len(graph.sent) == 1

    play(tmp_path, graph, scene)

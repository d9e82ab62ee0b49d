"""The whole story of one order, from its score to its label, on both engines."""

from __future__ import annotations

import json
from pathlib import Path

from features.days import DAY_US
from serving.sandbox.graph import Graph
from tests.serving.played import Played, play
from tests.serving.shop import LIVE, Steady
from tests.serving.test_talking import ENGLISH, OTHER, told
from tests.serving.test_tracking import scan
from tests.serving.town import export


def test_asked_corrected_rescored_released_failed_redelivered_and_a_label(
    tmp_path: Path, graph: Graph
) -> None:
    async def scene(played: Played) -> None:
        service = played.service
        answer = await service.desk.score(LIVE, json.dumps(ENGLISH).encode())
        assert (answer["tier"], answer["action"], answer["dispatch"]) == ("high", "verify", "wait")
        played.send()
        await played.tap("change")
        await played.tap("address")
        await played.say(OTHER)
        service.champion.scorer = Steady(0.25)
        await played.tap("yes")
        decided = [e["detail"]["probability"] for e in told(played)["events"]
                   if e["event"] == "decided"]  # fmt: skip
        assert decided == [0.4, 0.25]
        again = await service.desk.score(LIVE, json.dumps(ENGLISH).encode())
        assert (again["revision"], again["dispatch"]) == (1, "go")
        for status in ("shipped", "out_for_delivery", "ndr"):
            played.clock.us += DAY_US
            assert await scan(played, status, remark="Customer not available") == 200
        played.send()
        await played.tap("retry")
        await played.tap("on-")
        for status in ("out_for_delivery", "delivered"):
            played.clock.us += DAY_US
            assert await scan(played, status) == 200
        assert told(played)["stage"] == "delivered"

    play(tmp_path, graph, scene)
    (row,) = export(tmp_path, tmp_path / "out").orders.to_pylist()
    assert (row["outcome"], row["intervention"], row["response"]) == (
        "delivered", "verify", "corrected",
    )  # fmt: skip

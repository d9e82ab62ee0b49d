"""Under overload reasons go first, then history and model, then orders are turned away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from serving.commands.explain import page
from serving.decisions import Judgement
from serving.judge import LEFT_OUT, Judge
from serving.line import CrowdedError, Effort, Limits, Line
from serving.metrics import Metrics
from serving.straight import Straight
from serving.turns import Stages
from tests.serving.client import Shop, played
from tests.serving.shop import order, run

SHORT = Limits(brief=2, degraded=4, refused=6)


def test_who_comes_later_gets_less() -> None:
    async def come(line: Line) -> Effort | str:
        try:
            return await line.wait()
        except CrowdedError:
            return "refused"

    async def scene() -> list[Any]:
        line = Line(SHORT)
        crowd = await asyncio.gather(*(come(line) for _ in range(8)))
        assert line.length == 0
        return [*crowd, await come(line)]

    two = ["full", "full", "brief", "brief", "degraded", "degraded", "refused", "refused"]
    assert run(scene()) == [*two, "full"]


def test_a_crowd_is_answered_in_the_documented_order(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        ask.service.line.limits = SHORT
        asked = (ask.raw("POST", "/v1/score", order(order_id=f"o{i}")) for i in range(8))
        answers = await asyncio.gather(*asked)
        assert [answer.status_code for answer in answers] == [200] * 6 + [429] * 2
        assert answers[-1].headers["retry-after"] == "1"
        told = [answer.json() for answer in answers[:6]]
        assert [bool(one["reasons"]) for one in told] == [True, True] + [False] * 4
        assert [one["warnings"] for one in told] == [[], [], [LEFT_OUT], [LEFT_OUT], [], []]
        assert [one["degraded"] for one in told] == [False] * 4 + [True] * 2
        assert [one["model"] for one in told] == ["steady-1"] * 4 + ["prior-1"] * 2
        # What was decided in a crowd stands, and counts.
        again = await ask("POST", "/v1/score", order(order_id="o5"))
        assert again == told[5]
        assert (await ask("POST", "/v1/score", order()))["evidence"]["phone_orders"] == 6

    played(tmp_path, scene)


@pytest.mark.parametrize(("on_failure", "dispatch"), [("ship", "go"), ("hold", "wait")])
def test_a_degraded_decision_follows_the_merchants_failure_setting(
    tmp_path: Path, on_failure: str, dispatch: str
) -> None:
    async def scene(ask: Shop) -> None:
        policy = await ask("GET", "/v1/policy") | {"mode": "act", "on_failure": on_failure}
        await ask("PUT", "/v1/policy", policy, If_Match='"0"')
        ask.service.line.limits = Limits(brief=0, degraded=0, refused=1)
        answer = await ask("POST", "/v1/score", order())
        assert (answer["degraded"], answer["dispatch"], answer["arm"]) == (True, dispatch, None)
        connection = ask.service.connection
        row = connection.execute("SELECT data FROM event WHERE kind='decided'")
        assert row.fetchone() == (None,)
        assert "the decision is degraded" in page(connection, answer["decision_id"])

    played(tmp_path, scene)


def test_fifty_equal_posts_at_once_have_one_decision(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        answers = await asyncio.gather(*(ask.raw("POST", "/v1/score", order()) for _ in range(50)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        kinds = ask.service.connection.execute("SELECT kind FROM event WHERE number IS NOT NULL")
        assert kinds.fetchall() == [("placed",), ("decided",)]

    played(tmp_path, scene)


def _stages(passed: list[str], name: str) -> Stages[str]:
    passed.append(f"{name}1")
    yield
    passed.append(f"{name}2")
    return name


def test_orders_that_wait_together_take_each_stage_one_after_the_other() -> None:
    passed: list[str] = []

    async def scene() -> list[str]:
        line, laps = Line(), Metrics().laps()
        alone = await line.passing(_stages(passed, "x"), laps)
        return [
            alone,
            *await asyncio.gather(*(line.passing(_stages(passed, n), laps) for n in "abc")),
        ]

    assert run(scene()) == ["x", "a", "b", "c"]
    assert passed == ["x1", "x2", "a1", "b1", "c1", "a2", "b2", "c2"]


def test_who_comes_during_a_flush_waits_for_its_end_and_for_those_who_come_meanwhile() -> None:
    passed: list[str] = []

    async def scene() -> None:
        flushing = True
        line, laps = Line(flushing=lambda: flushing), Metrics().laps()
        coming = [line.passing(_stages(passed, "a"), laps)]
        for _ in range(5):
            await asyncio.sleep(0)
        coming.append(line.passing(_stages(passed, "b"), laps))
        await asyncio.sleep(0)
        assert (passed, line.length) == ([], 2)
        flushing = False
        line.serve()
        await asyncio.gather(*coming)

    run(scene())
    assert passed == ["a1", "b1", "a2", "b2"]


def test_a_flush_that_takes_long_and_one_who_fails_hold_up_nobody() -> None:
    passed: list[str] = []

    def fails() -> Stages[str]:
        yield
        raise ValueError

    async def scene() -> list[Any]:
        line, laps = Line(flushing=lambda: True), Metrics().laps()
        both = (line.passing(fails(), laps), line.passing(_stages(passed, "a"), laps))
        async with asyncio.timeout(10):
            return list(await asyncio.gather(*both, return_exceptions=True))

    failed, answered = run(scene())
    assert (type(failed), answered) == (ValueError, "a")


def test_so_many_wait_for_no_flush() -> None:
    passed: list[str] = []

    async def scene() -> None:
        line, laps = Line(flushing=lambda: True), Metrics().laps()
        all_of_them = [line.passing(_stages(passed, "a"), laps) for _ in range(16)]
        for _ in range(3):
            await asyncio.sleep(0)
        assert all(one.done() for one in all_of_them)

    run(scene())


def test_whoever_repeats_an_order_whose_decision_failed_decides_it(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        judge, times = type(ask.service.judge), iter((True, False))
        usual = judge.judging

        def judging(self: Judge, *given: Any, **named: Any) -> Stages[Judgement]:
            if next(times):
                raise RuntimeError
            return usual(self, *given, **named)

        with mock.patch.object(judge, "judging", judging):
            asked = (ask.raw("POST", "/v1/score", order()) for _ in range(2))
            answers = await asyncio.gather(*asked)
        assert [answer.status_code for answer in answers] == [500, 200]

    played(tmp_path, scene)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (order(), {}),
        (order(), {"RTO-Deadline-Ms": "never"}),
        (order(), {"Authorization": "Bearer nobody"}),
        (order(order_id=None), {}),
        (order(note="x" * 300_000), {}),
    ],
)
def test_the_straight_way_answers_like_the_usual_one(
    tmp_path: Path, body: dict[str, Any], headers: dict[str, str]
) -> None:
    async def scene(ask: Shop) -> None:
        straight = await ask.raw("POST", "/v1/score", body, headers)
        with mock.patch.object(Straight, "_straight", return_value=None):
            usual = await ask.raw("POST", "/v1/score", body, headers)
        assert straight.status_code == usual.status_code
        assert straight.content == usual.content
        assert straight.headers == usual.headers

    played(tmp_path, scene)


def test_a_deadline_that_passed_in_line_is_no_decision(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        with mock.patch.object(type(ask.service.writer), "busy", True):  # 5 ms for the flush
            told = await ask("POST", "/v1/score", order(), 503, RTO_Deadline_Ms="1")
        assert told["fallback_action"] == "ship"
        assert (await ask("GET", "/v1/events"))["events"] == []

    played(tmp_path, scene)

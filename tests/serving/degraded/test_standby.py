"""While the log is out of reach orders are decided all the same, and come into it exactly once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from models.policy import default_policy
from serving.deadline import Deadline, LateError
from serving.decisions import Answer
from serving.degraded.spool import Spool, SpoolDownError
from serving.degraded.standby import NoDecisionError
from serving.desk import OtherContentError
from serving.service import Service
from serving.store.faults import LogDownError
from serving.store.log import body_of
from serving.store.policies import save_policy
from serving.wish import Wish
from tests.serving import shop
from tests.serving.degraded.gone import Gone, out_of_reach
from tests.serving.shop import LIVE, add_shop, body, run, serving


async def _score(service: Service, **changes: Any) -> Answer:
    return await service.standby.score(LIVE, body(**changes), Wish())


def _decided(service: Service) -> list[tuple[str, str]]:
    found = service.connection.execute(
        """SELECT o.order_id, e.body FROM event e JOIN orders o ON o.number = e.number
           WHERE e.kind = 'decided' ORDER BY e.seq"""
    )
    return [(order_id, str(body_of(held)["decision_id"])) for order_id, held in found]


def test_an_order_is_decided_degraded_and_merged_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            before = await _score(service, order_id="before")
            with out_of_reach(service):
                first = await _score(service, order_id="a")
                assert (first["degraded"], first["action"], first["arm"]) == (True, "ship", None)
                assert first["reasons"] == []
                both = await asyncio.gather(*(_score(service, order_id="b") for _ in range(9)))
                assert all(answer == both[0] for answer in both)
                assert await _score(service, order_id="a") == first
                with pytest.raises(OtherContentError) as other:
                    await _score(service, order_id="a", amount=1)
                assert other.value.decision == first
                assert (service.reach.up, service.standby.spooled) == (False, 2)
            await service.tick()
            assert (service.reach.up, service.standby.spooled) == (True, 0)
            assert await _score(service, order_id="a") == first
            assert not (await _score(service, order_id="after"))["degraded"]
            assert [name for name, _ in _decided(service)] == ["before", "a", "b", "after"]
            assert dict(_decided(service))["a"] == first["decision_id"]
            evidence = (await _score(service, order_id="last"))["evidence"]["phone_orders"]
            assert evidence == 4
            assert not before["degraded"]

    run(scene())


def test_whole_decisions_go_on_while_spooled_ones_are_merged(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            with out_of_reach(service):
                spooled = await _score(service, order_id="a")
            await service.standby.probe()
            assert (service.reach.up, service.standby.spooled) == (True, 1)
            assert not (await _score(service, order_id="b"))["degraded"]
            assert await _score(service, order_id="a") == spooled
            await service.tick()
            assert [name for name, _ in _decided(service)] == ["b", "a"]
            assert await _score(service, order_id="a") == spooled
            assert service.standby._kept == {}

    run(scene())


def test_the_merchant_s_failure_setting_says_what_is_done(tmp_path: Path) -> None:
    holding = replace(default_policy(), mode="act", on_failure="hold").to_json()

    async def scene() -> None:
        async with serving(tmp_path) as service:
            await add_shop(service)
            await service.writer.submit(
                lambda log: save_policy(log, "kurtas", holding, expected=0, now_us=1)
            )
            await _score(service, order_id="before")
            with out_of_reach(service):
                answer = await _score(service, order_id="a")
                assert (answer["action"], answer["dispatch"]) == ("hold", "wait")
                service.standby._spool = _Full()  # type: ignore[assignment]
                with pytest.raises(NoDecisionError, match="fallback is to hold"):
                    await _score(service, order_id="b")
            service.standby._spool = None
            await service.tick()
            assert [name for name, _ in _decided(service)] == ["before", "a"]

    run(scene())


class _Full:
    """A spool on a full disk."""

    empty = True

    def append(self, _: object) -> None:
        raise SpoolDownError("the spool takes nothing: No space left on device")

    def close(self) -> None:
        """Nothing to close."""


def test_what_was_told_last_stands_where_the_log_held_the_order_already(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            first = await _score(service, order_id="a")
            with out_of_reach(service):
                service.standby._desk = replace(service.desk, connection=Gone())  # type: ignore[arg-type]
                second = await _score(service, order_id="a")
                service.standby._desk = service.desk
                assert second["decision_id"] != first["decision_id"]
            for _ in range(2):  # merging twice is merging once
                service.reach.lost("again")
                spooled = list(service.standby._spooled)
                await service.tick()
                service.standby._spooled += spooled
            service.standby._spooled.clear()
            assert _decided(service) == [("a", first["decision_id"])]
            overridden = service.connection.execute(
                "SELECT body FROM event WHERE kind='overridden'"
            ).fetchall()
            assert [body_of(held)["decision_id"] for (held,) in overridden] == [
                second["decision_id"]
            ]

    run(scene())


def test_what_a_killed_process_left_in_the_spool_is_merged_by_the_next(tmp_path: Path) -> None:
    async def outage() -> Answer:
        async with serving(tmp_path) as service:
            with out_of_reach(service):
                return await _score(service, order_id="a")

    async def later() -> list[tuple[str, str]]:
        async with serving(tmp_path) as service:
            assert service.reach.up
            return _decided(service)

    first = run(outage())
    left = Spool.open(shop.settings_in(tmp_path).spool)[1]
    assert len(left) == 1
    assert b"98765" not in left[0]
    assert run(later()) == [("a", first["decision_id"])]
    assert Spool.open(shop.settings_in(tmp_path).spool)[1] == []
    assert run(later()) == [("a", first["decision_id"])]


def test_a_write_that_hangs_is_given_up_and_what_it_wrote_later_is_overridden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.service.STUCK_S", 0.05)
    monkeypatch.setattr("serving.service._WATCH_S", 0.01)

    async def scene() -> None:
        async with serving(tmp_path) as service:
            loop, log = asyncio.get_running_loop(), service.writer._log
            commit, go_on = log.commit, asyncio.Event()

            def hang() -> None:
                asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
                commit()

            log.commit = hang  # type: ignore[method-assign]
            answer = await _score(service, order_id="a")
            assert answer["degraded"]
            with pytest.raises(LogDownError, match="does not answer"):
                service.writer.submit(lambda _: None)
            monkeypatch.undo()
            log.commit = commit  # type: ignore[method-assign]
            go_on.set()
            await _until_up(service)
            ((name, decision_id),) = _decided(service)
            assert (name, decision_id != answer["decision_id"]) == ("a", True)
            again = await _score(service, order_id="a")
            assert (again["dispatch"], again["decision_id"]) == ("go", decision_id)

    run(scene())


def test_who_waits_too_long_for_a_slow_log_is_decided_without_it_and_nobody_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.service.LATE_S", 0.05)
    monkeypatch.setattr("serving.service._WATCH_S", 0.01)

    async def scene() -> None:
        async with serving(tmp_path) as service:
            loop, log = asyncio.get_running_loop(), service.writer._log
            commit, go_on = log.commit, asyncio.Event()

            def slow() -> None:
                asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
                commit()

            log.commit = slow  # type: ignore[method-assign]
            late = await _score(service, order_id="late")
            assert (late["degraded"], service.reach.up) == (True, True)
            monkeypatch.undo()
            log.commit = commit  # type: ignore[method-assign]
            waiting = asyncio.ensure_future(_score(service, order_id="next"))
            go_on.set()
            assert not (await waiting)["degraded"]
            await service.tick()
            assert (service.reach.up, service.standby.spooled) == (True, 0)
            assert [name for name, _ in _decided(service)] == ["late", "next"]
            told = service.connection.execute(
                "SELECT body FROM event WHERE kind='overridden'"
            ).fetchall()
            assert [body_of(held)["decision_id"] for (held,) in told] == [late["decision_id"]]

    run(scene())


async def _until_up(service: Service) -> None:
    """Tick until the log is within reach; the writer may need a moment."""
    for _ in range(1_000):
        try:
            await service.tick()
        except LogDownError:
            await asyncio.sleep(0.01)
        else:
            if service.reach.up:
                return
    raise AssertionError("the log stays out of reach")


def test_nobody_waits_for_a_spool_that_hangs_longer_than_declared_or_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            standby, go_on = service.standby, Event()
            append = standby._append

            def hang(records: list[bytes]) -> None:
                go_on.wait()
                append(records)

            standby._append = hang  # type: ignore[method-assign]
            with out_of_reach(service):
                hurried = Wish(Deadline.read("20"))
                with pytest.raises(LateError):
                    await standby.score(LIVE, body(order_id="a"), hurried)
                assert service.reach.why == "gone for a test"
                monkeypatch.setattr("serving.degraded.standby._FLUSH_S", 0.02)
                for order_id in ("a", "b"):  # one that is on its way, one that is new
                    with pytest.raises(NoDecisionError, match="did not answer within"):
                        await _score(service, order_id=order_id)
                monkeypatch.undo()
                go_on.set()
                known = await _score(service, order_id="a")
                assert known["degraded"]
            await _until_up(service)
            assert _decided(service)[0] == ("a", known["decision_id"])

    run(scene())


def test_an_order_that_the_spool_refused_behind_its_caller_s_back_is_decided_anew(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            standby, go_on = service.standby, Event()
            append = standby._append

            def refuse(_: list[bytes]) -> None:
                go_on.wait()
                raise SpoolDownError("no space")

            standby._append = refuse  # type: ignore[method-assign,assignment]
            with out_of_reach(service):
                with pytest.raises(LateError):
                    await standby.score(LIVE, body(order_id="a"), Wish(Deadline.read("20")))
                standby._append = append  # type: ignore[method-assign]
                go_on.set()
                while standby._kept:  # the refusal reaches the loop a few turns later
                    await asyncio.sleep(0)
                assert (await _score(service, order_id="a"))["degraded"]

    run(scene())

"""Failed deliveries: what is open, what people do about it, and what became of the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic_core import to_json

from features.days import DAY_US, HOUR_US
from serving.board.failures import failed_deliveries, together
from serving.board.maturity import Settled
from serving.board.reading import catch_up
from serving.board.summary import Summary
from serving.moments import rfc3339
from serving.store.log import Log
from serving.store.tasks import add_task
from serving.weeks import week_of
from tests.serving import shop
from tests.serving.pages.rooms import Rooms, visited
from tests.serving.pages.test_board import NOW, count
from tests.serving.shop import Steady, order

PLACED = "2026-11-16T10:00:00+05:30"


async def _append(
    rooms: Rooms, name: str, kind: Any, *, ago_us: int = 0, note: str = "", **body: Any
) -> None:
    """One entry about an order, as hooks leave it."""
    service, at = rooms.service, rooms.service.clock() - ago_us

    def work(log: Log) -> None:
        held = log.find("kurtas", name)
        assert held is not None
        seq = log.append(kind, body, at_us=at, known_us=at, order=held)
        if note:
            service.contacts.keep(log.connection, seq, to_json({"note": note}))

    await service.writer.submit(work)


async def _failed(
    rooms: Rooms, name: str, *, ago_us: int = HOUR_US, attempt: int = 1,
    reason: str = "unreachable", courier: str = "fast",
) -> None:  # fmt: skip
    """A delivery that failed some time ago."""
    if attempt == 1:
        await rooms.ask("POST", "/v1/score", order(order_id=name, created_at=PLACED))
        await _append(rooms, name, "shipped", ago_us=2 * DAY_US, awb=f"A-{name}", courier=courier)
    await _append(rooms, name, "ndr", ago_us=ago_us, attempt=attempt, reason=reason,
                  courier=courier, note="Door locked")  # fmt: skip


async def _do(rooms: Rooms, name: str, do: str, **more: str) -> int:
    person = rooms.person("operator")
    return (await person.post("/failed", {"order": name, "do": do} | more)).status_code


async def _last(rooms: Rooms, name: str) -> dict[str, Any]:
    events = (await rooms.ask("GET", f"/v1/orders/{name}"))["events"]
    found: dict[str, Any] = events[-1]["detail"] | {"event": events[-1]["event"]}
    return found


def test_the_least_time_left_comes_first_and_a_viewer_only_reads(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _failed(rooms, "later", ago_us=2 * HOUR_US)
        await _failed(rooms, "soon", ago_us=23 * HOUR_US, reason="refused")
        page = (await rooms.person("viewer").get("/failed")).text
        assert page.index(">soon</a>") < page.index(">later</a>")
        for said in ("1 h 0 min", "Refused at the door", "Door locked", "attempt 1", "not asked"):
            assert said in page, said
        assert 'name="do"' not in page
        assert 'value="ask"' in (await rooms.person("operator").get("/failed")).text
        await rooms.ask.with_key("sarees", "live")
        stranger = rooms.person("owner", merchant_id="sarees", email="b@example.com")
        assert ">soon<" not in (await stranger.get("/failed")).text
        done = await stranger.post("/failed", {"order": "soon", "do": "refused"})
        assert done.status_code == 404

    visited(tmp_path, scene, scorer=Steady(0.4))


def test_asking_again_puts_the_question_into_the_outbox_once(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _failed(rooms, "one")
        assert await _do(rooms, "one", "ask") == 303
        assert await _do(rooms, "one", "ask") == 422
        page = await rooms.person("viewer").see("/failed")
        assert "asked" in page
        assert "not asked" not in page
        messages = "SELECT purpose, state FROM message"
        assert rooms.house.connection.execute(messages).fetchall() == [("ndr", "waiting")]
        timers = rooms.house.connection.execute("SELECT kind, due_us FROM timer").fetchall()
        assert timers == [("ndr", rooms.service.clock() - HOUR_US + DAY_US)]
        await _failed(rooms, "old", ago_us=25 * HOUR_US)
        assert await _do(rooms, "old", "ask") == 422

    visited(tmp_path, scene, scorer=Steady(0.4))


def test_what_was_said_on_the_phone_is_passed_on_as_an_answer(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _failed(rooms, "one")

        def to_call(log: Log) -> None:
            held = log.find("kurtas", "one")
            assert held is not None
            add_task(log.connection, held, "call", "no answer after a failed delivery", now_us=1)

        await rooms.service.writer.submit(to_call)
        assert await _do(rooms, "one", "day", day="2026-11-22") == 303
        said = await _last(rooms, "one")
        assert (said["event"], said["response"], said["ship_after"], said["attempt"]) == (
            "contacted", "confirmed", "2026-11-22", 1,
        )  # fmt: skip
        assert (await rooms.ask("GET", "/v1/tasks"))["tasks"] == []
        assert await _do(rooms, "one", "address", address="x") == 422
        where = "Gate 2, Lake View Apts, near post office, Bengaluru 560034"
        assert await _do(rooms, "one", "address", address=where) == 303
        assert (await _last(rooms, "one"))["changes"]["address_line1"] == "Gate 2"
        assert await _do(rooms, "one", "dispute") == 303
        (task,) = (await rooms.ask("GET", "/v1/tasks"))["tasks"]
        assert (task["kind"], task["order_id"]) == ("dispute", "one")
        page = await rooms.person("viewer").see("/failed")
        assert "Deliver again from 2026-11-22 on · Another address · Nobody came" in page
        story = await rooms.ask("GET", "/v1/orders/one")
        assert (story["stage"], story["revision"]) == ("ndr", 0)

    visited(tmp_path, scene, scorer=Steady(0.4))


def test_what_cannot_be_passed_on_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _failed(rooms, "one")
        for day in ("2026-11-19", "2027-11-22", "", "tomorrow"):
            assert await _do(rooms, "one", "day", day=day) == 422, day
        assert await _do(rooms, "one", "joy") == 422
        await _append(rooms, "one", "out_for_delivery")
        assert await _do(rooms, "one", "refused") == 422
        assert "No failed delivery is open." in await rooms.person("viewer").see("/failed")

    visited(tmp_path, scene, scorer=Steady(0.4))


def test_the_table_counts_each_attempt_by_reason_and_courier(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        saved = ("confirmed", "not_attempted")
        for number in range(8):
            name = f"order {number}"
            await _failed(rooms, name, ago_us=20 * HOUR_US)
            if number < 2:
                await _append(rooms, name, "replied", ago_us=19 * HOUR_US, attempt=1,
                              response=saved[number])  # fmt: skip
                await _append(rooms, name, "replied", ago_us=18 * HOUR_US, attempt=1,
                              response="confirmed")  # fmt: skip
            else:
                await _failed(rooms, name, ago_us=2 * HOUR_US, attempt=2, reason="refused")
            await rooms.ask("POST", "/v1/outcomes", [{
                "order_id": name, "outcome": "delivered" if number < 2 else "rto",
                "outcome_at": rfc3339(rooms.service.clock() - HOUR_US)}])  # fmt: skip
        with Summary.open(rooms.house.settings.board) as summary:
            catch_up(summary, rooms.house.home.connection)
            week = week_of((shop.NOON // DAY_US) - 4)
            window = Settled(frozenset({week}), (), 7 * week)
            rows = failed_deliveries(summary, "kurtas", window)
            told = [(f.reason, f.courier, f.attempt, f.failed, f.saved.hits, f.saved.tries,
                     f.denied.hits, f.denied.tries) for f in rows]  # fmt: skip
            assert told == [("unreachable", "fast", 1, 8, 2, 8, 1, 2),
                            ("refused", "fast", 2, 6, 0, 6, 0, 0)]  # fmt: skip
            whole, denied = together(rows)
            assert (whole.hits, whole.tries, denied.hits, denied.tries) == (2, 14, 1, 2)

    visited(tmp_path, scene, scorer=Steady(0.4))


def test_the_page_and_its_csv_show_the_table_of_settled_weeks_only(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        for number in range(3):
            await _failed(rooms, f"o{number}", ago_us=7 * DAY_US)
            await rooms.ask("POST", "/v1/outcomes", [{
                "order_id": f"o{number}", "outcome": "delivered",
                "outcome_at": rfc3339(rooms.service.clock() - HOUR_US)}])  # fmt: skip
        viewer = rooms.person("viewer")
        assert "are being counted" in await viewer.see("/failed")
        assert len((await viewer.get("/failed/table")).text.splitlines()) == 1
        count(rooms)
        page = await viewer.see("/failed?days=365")
        assert "100% of failed deliveries arrived after all" in page
        assert "Customer not reached fast 1 3 3 100%" in page
        csv = (await viewer.get("/failed/table")).text.splitlines()
        assert csv[1].startswith("unreachable,fast,1,3,3,3,1.0,")

    visited(tmp_path, scene, scorer=Steady(0.4), clock=shop.Clock(NOW + 7 * DAY_US))


def test_what_customers_say_afterwards_stands_by_the_order_and_among_the_causes(
    tmp_path: Path,
) -> None:
    async def scene(rooms: Rooms) -> None:
        for number, answer in enumerate(("damaged", "damaged", "good")):
            name = f"o{number}"
            await rooms.ask("POST", "/v1/score", order(order_id=name, created_at=PLACED))
            await rooms.ask("POST", "/v1/outcomes", [{
                "order_id": name, "outcome": "delivered",
                "outcome_at": rfc3339(rooms.service.clock() - HOUR_US)}])  # fmt: skip
            await _append(rooms, name, "feedback", about="delivered", answer="wrong_product")
            await _append(rooms, name, "feedback", about="delivered", answer=answer)
        await _append(rooms, "o2", "feedback", note="A bigger box", about="delivered",
                      answer="text")  # fmt: skip
        count(rooms)
        viewer = rooms.person("viewer")
        page = await viewer.see("/returns?by=cause&days=365")
        assert "What customers say of deliveries" in page
        assert "Damaged 2 67%" in page
        assert "All was well 1 33%" in page
        assert "Wrong product" not in page
        story = await viewer.see("/orders/o2")
        assert "All was well" in story
        assert "A bigger box" in story

    visited(tmp_path, scene, scorer=Steady(0.4), clock=shop.Clock(NOW + 7 * DAY_US))

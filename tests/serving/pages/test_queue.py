"""The queue: what waits, in which order, and what people do about it."""

from __future__ import annotations

from pathlib import Path

from models.policy import default_policy
from tests.serving.pages.rooms import Rooms, visited
from tests.serving.shop import Steady, order

HOLDING = {"verify": None, "prepaid": None, "hold": 0.3, "block": None}


async def _go_live(rooms: Rooms) -> None:
    policy = default_policy().to_json() | {"mode": "act", "thresholds": HOLDING}
    policy["shares"] = {"holdout": 0.0, "explore": 0.0}
    await rooms.ask("PUT", "/v1/policy", policy, If_Match='"0"')


def _doubtful(order_id: str, amount: int, cutoff: str = "2026-11-20T19:00:00+05:30") -> object:
    return order(order_id=order_id, amount=amount, dispatch_cutoff=cutoff)


def test_what_waits_stands_by_its_cut_off_and_then_by_rupees(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _go_live(rooms)
        for one in (_doubtful("cheap", 500), _doubtful("dear", 9000),
                    _doubtful("soon", 400, "2026-11-20T13:00:00+05:30")):  # fmt: skip
            await rooms.ask("POST", "/v1/score", one)
        page = await rooms.person("viewer").get("/queue")
        places = [page.text.index(f'data-order="{name}"') for name in ("soon", "dear", "cheap")]
        assert places == sorted(places)
        assert "1 h 0 min" in page.text
        assert 'value="approve"' not in page.text
        assert 'value="approve"' in (await rooms.person("operator").get("/queue")).text

    visited(tmp_path, scene, scorer=Steady(0.8))


def test_orders_are_decided_one_by_one_and_in_bulk(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _go_live(rooms)
        for name in ("a/b", "c", "d"):
            await rooms.ask("POST", "/v1/score", _doubtful(name, 1200))
        person = rooms.person("operator")
        done = await person.post(
            "/queue", {"do": "approve", "order": ["a/b", "c"], "note": "known"}
        )
        assert done.headers["location"] == "/app/queue"
        assert "Ship: 2 orders." in (await person.see("/queue"))
        story = await rooms.ask("GET", "/v1/orders?order_id=a/b")
        assert story["decision"]["dispatch"] == "go"
        assert story["events"][-1]["detail"]["note"] == "known"
        assert story["events"][-1]["detail"]["by"].startswith("user ")
        page = (await person.get("/queue")).text
        assert 'data-order="c"' not in page
        assert 'data-order="d"' in page

    visited(tmp_path, scene, scorer=Steady(0.8))


def test_a_call_that_reaches_nobody_is_kept_and_the_order_waits_on(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _go_live(rooms)
        await rooms.ask("POST", "/v1/score", _doubtful("d", 1200))
        person = rooms.person("operator")
        for do in ("unreachable", "wrong_number"):
            await person.post("/queue", {"do": do, "order": "d"})
        assert 'data-order="d"' in (await person.get("/queue")).text
        await person.post("/queue", {"do": "refused", "order": "d"})
        assert 'data-order="d"' not in (await person.get("/queue")).text
        told = [event["detail"].get("response") for event in await _events(rooms, "d")]
        assert told[-4:] == ["unreachable", "wrong_number", "refused", None]

    visited(tmp_path, scene, scorer=Steady(0.8))


def test_a_colleague_takes_an_order_and_hands_it_back(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        await _go_live(rooms)
        await rooms.ask("POST", "/v1/score", _doubtful("d", 1200))
        person = rooms.person("operator")
        me = rooms.house.connection.execute("SELECT account_id FROM account").fetchone()[0]
        await person.post("/queue", {"do": "assign", "order": "d", "assignee": me})
        assert 'data-order="d"' in (await person.get("/queue?mine=1")).text
        await person.post("/queue", {"do": "assign", "order": "d", "assignee": ""})
        assert 'data-order="d"' not in (await person.get("/queue?mine=1")).text
        assert 'data-order="d"' in (await person.get("/queue")).text

    visited(tmp_path, scene, scorer=Steady(0.8))


async def _events(rooms: Rooms, order_id: str) -> list[dict[str, dict[str, object]]]:
    found: list[dict[str, dict[str, object]]] = (await rooms.ask("GET", f"/v1/orders/{order_id}"))[
        "events"
    ]
    return found

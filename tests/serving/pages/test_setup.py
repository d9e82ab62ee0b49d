"""Set-up: a shop's file becomes orders to look at, and history once their columns are right."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from serving.pages import setup
from tests.serving import shop
from tests.serving.pages.rooms import Person, Rooms, visited

MAPPING = """name: own
says: The shop's own file
row_is: order
dates: {format: "%Y-%m-%d %H:%M:%S", zone: Asia/Kolkata}
columns:
  order_id: number
  created_at: placed
  amount: total
  pincode: pin
  outcome: {column: end, values: {delivered: delivered, rto: rto}}
outcome_delay_days: 14
"""
ORDERS = """number,placed,total,pin,end
1,2026-09-01 10:00:00,900,560034,delivered
2,2026-09-02 10:00:00,1200,560034,rto
"""


async def _done(rooms: Rooms, person: Person) -> str:
    """The page once nothing is running."""
    for _ in range(1800):
        page = (await person.get("/setup")).text
        if "<progress" not in page:
            return page
        await asyncio.sleep(0.1)
    raise AssertionError("it never ended")


async def _send(person: Person, orders: str, mapping: str) -> int:
    files = {"export": ("orders.csv", orders.encode(), "text/csv")}
    if mapping:
        files["mapping_file"] = ("own.yaml", mapping.encode(), "text/yaml")
    answer = await person.client.post(
        "/app/setup/files", data={"csrf": person.csrf}, files=files,
        headers={"Cookie": f"rto_session={person.token}"},
    )  # fmt: skip
    return answer.status_code


def test_a_file_is_read_shown_and_becomes_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTO_HOME", str(tmp_path))
    for name, kind in (("RTO_HASH_KEY", "hashing"), ("RTO_ENCRYPTION_KEY", "sealing")):
        monkeypatch.setenv(name, shop.secret(kind).get_secret_value())

    async def scene(rooms: Rooms) -> None:
        person = rooms.person()
        assert await _send(person, ORDERS, "") == 422
        assert not list(tmp_path.glob("setup/*/*")), "a refused upload leaves nothing"
        assert await _send(person, ORDERS, "no mapping: [") == 303
        page = await _done(rooms, person)
        assert 'class="note bad"' in page
        assert ">Go live<" not in page
        assert "Offered once your past orders count." in page
        assert await _send(person, ORDERS, MAPPING.replace("amount: total", "amount: sum")) == 303
        assert "The file has no column “sum”, so it does not" in await _done(rooms, person)
        assert await _send(person, ORDERS, MAPPING) == 303
        page = await _done(rooms, person)
        assert "2 orders were read." in page, page
        assert "560034" in page
        monkeypatch.setattr(setup, "find_spec", lambda _: None)
        assert (await person.post("/setup/learn")).status_code == 422
        assert (await person.post("/setup/use")).status_code == 303
        page = await _done(rooms, person)
        assert "Your past orders count:" in page, page
        assert ">Go live<" in page
        story = await rooms.ask("GET", "/v1/orders/2")
        assert story["state"] == "rto"
        held = [path.name for path in tmp_path.glob("setup/*/*")]
        assert "data" not in held, "what names customers is deleted once it is in the log"
        assert "export.csv" not in held

    visited(tmp_path, scene)

"""One order's page: what somebody who works with it may do there."""

from __future__ import annotations

from pathlib import Path

from tests.serving.pages.rooms import Rooms, visited
from tests.serving.shop import order


def test_an_operator_puts_an_orders_own_number_on_a_list_and_no_other(tmp_path: Path) -> None:
    async def scene(rooms: Rooms) -> None:
        operator = rooms.person("operator")
        said = order(order_id="1", customer={"name": "Asha", "phone": "+919811111111"})
        await rooms.ask("POST", "/v1/score", said)
        listing = {"order": "1", "list": "block", "field": "phone", "value": "+919822222222"}
        assert (await operator.post("/orders/list", listing)).status_code == 303
        (entry,) = (await rooms.ask("GET", "/v1/lists"))["entries"]
        assert (entry["field"], entry["hint"], entry["reason"]) == ("phone", "…1111", "order 1")
        for wrong in ({"field": "email"}, {"field": "pincode"}, {"order": "2"}):
            assert (await operator.post("/orders/list", listing | wrong)).status_code == 422
        again = await rooms.ask("POST", "/v1/score", said | {"order_id": "2"})
        assert (again["policy_action"], again["rule"]) == ("block", "block list: phone")
        page = await operator.see("/orders/2")
        assert "Put on a list" in page

    visited(tmp_path, scene)

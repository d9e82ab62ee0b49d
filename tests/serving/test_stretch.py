"""A list decided in stages leaves the log that its orders would have left one by one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from zlib import crc32

from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import RtoError
from features.row import Row
from models.arms import Shares
from models.policy import Policy
from models.risk import Risk
from models.thresholds import Thresholds
from serving.batch import Batch
from serving.service import Service
from serving.store.merchants import Access
from serving.store.policies import save_policy
from serving.wish import Wish
from tests.serving import shop

# Holds and blocks many; a person is in no arm, so that the past alone decides.
SEVERE = Policy(
    mode="act",
    thresholds=Thresholds(verify=0.3, hold=0.5, block=0.8),
    shares=Shares(holdout=0.0, explore=0.0),
    reviews_per_day=4,
)


class Fickle(shop.Steady):
    """A model that answers anything else when anything in a row is else."""

    def score(self, row: Row, extra: Mapping[str, float | str]) -> Risk:
        """By all that was seen of the order and of its past."""
        return self._risk._replace(probability=crc32(row.values.tobytes()) / 2**32)


def _order(number: int, phone: int, device: int, where: int, sku: int, ip: int) -> dict[str, Any]:
    """Few of each, so that most orders share something, and some share all with others near."""
    named = {"phone": f"+91 90000 0000{phone}"} if phone else {}
    item = {"sku": f"S{sku}", "category": "kurta", "quantity": 1, "price": 100 + sku}
    return shop.order(
        order_id=f"o{number}",
        customer={"name": "Asha Rao"} | named,
        items=[item],
        shipping_address={"line1": f"Flat {where}", "pincode": ("560034", "110001")[where % 2]},
        device={"ip": f"203.0.{ip}.9", "device_id": f"d-{device}" if device else None},
    )


few = partial(st.integers, 0)
ORDERS = st.lists(
    st.builds(_order, few(40), few(5), few(4), few(6), few(3), few(3)), min_size=1, max_size=45
)


def _events(service: Service, after: int) -> list[tuple[Any, ...]]:
    """All that the log says of orders, but for what is drawn anew everywhere."""
    found = service.connection.execute(
        """SELECT seq, number, kind, was, becomes, known_us, data, body FROM event
           WHERE seq > ? AND number IS NOT NULL ORDER BY seq""",
        (after,),
    ).fetchall()
    return [
        (*line, json.loads(body) | {"decision_id": None, "draw": None}) for *line, body in found
    ]


async def _alone(service: Service, access: Access, order: dict[str, Any]) -> dict[str, Any]:
    try:
        return await service.desk.score(access, json.dumps(order).encode())
    except RtoError as error:
        return {"problem": str(error)}


def _told(results: list[dict[str, Any]]) -> list[object]:
    return [r.get("action", "refused") for r in results]


async def _severe(service: Service, merchant_id: str) -> None:
    policy = SEVERE.to_json()
    save = partial(save_policy, merchant_id=merchant_id, body=policy, expected=0, now_us=shop.NOON)
    await service.writer.submit(save)


async def _both(listed: Service, single: Service, name: str, orders: list[dict[str, Any]]) -> None:
    """The same orders as a list here and one by one there, by a merchant of their own."""
    access = Access(name, "live")
    for service in (listed, single):
        await _severe(service, name)
    after = listed.history.seq
    assert after == single.history.seq
    results = await Batch(listed.desk, access, Wish()).score(orders)
    assert _told(results) == _told([await _alone(single, access, one) for one in orders])
    assert _events(listed, after) == _events(single, after)


def test_a_list_leaves_the_log_that_its_orders_leave_one_by_one(tmp_path: Path) -> None:
    names, actions = count(), set()

    async def opened(stack: AsyncExitStack, name: str) -> Service:
        return await stack.enter_async_context(shop.serving(tmp_path / name, scorer=Fickle()))

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        listed = runner.run(opened(stack, "listed"))
        single = runner.run(opened(stack, "single"))

        @settings(max_examples=60, deadline=None)
        @given(ORDERS)
        def alike(orders: list[dict[str, Any]]) -> None:
            runner.run(_both(listed, single, f"m{next(names)}", orders))

        try:
            alike()
            actions = {line[-1]["action"] for line in _events(listed, 0) if line[2] == "decided"}
        finally:
            runner.run(stack.aclose())
    assert actions == {"ship", "verify", "hold", "block"}

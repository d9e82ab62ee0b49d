"""A list of orders: each sees those before it, and gets what it would have got alone."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np

from serving.batch import Batch
from serving.deadline import Deadline
from serving.service import Service
from serving.wish import Wish
from tests.serving import shop
from tests.serving.shop import LIVE, order, run, serving


async def _scored(service: Service, *orders: object, **wish: Any) -> list[dict[str, Any]]:
    return await Batch(service.desk, LIVE, Wish(**wish)).score(orders)


def _rows(service: Service) -> list[bytes]:
    return [
        data
        for (data,) in service.connection.execute(
            "SELECT data FROM event WHERE kind='decided' ORDER BY seq"
        ).fetchall()
    ]


def test_orders_of_a_list_see_each_other_as_if_they_had_come_one_by_one(tmp_path: Path) -> None:
    orders = [order(order_id=f"o{i}", amount=100 + i % 7) for i in range(60)]

    async def scene() -> None:
        async with serving(tmp_path / "many") as many, serving(tmp_path / "single") as single:
            answers = await _scored(many, *orders)
            assert [a["evidence"]["phone_orders"] for a in answers] == list(range(60))
            for one in orders:
                await single.desk.score(LIVE, json.dumps(one).encode())
            assert _rows(many) == _rows(single)
            assert len(many.history.ledger.read([0])) == 1
            again = await single.desk.score(LIVE, shop.body(order_id="last"))
            after = await many.desk.score(LIVE, shop.body(order_id="last"))
            assert again["evidence"] == after["evidence"]

    run(scene())


def test_each_order_of_a_list_has_its_answer_or_its_problem(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            first = await service.desk.score(LIVE, shop.body(order_id="known"))
            results = await _scored(
                service,
                order(order_id="known"),
                order(order_id="known", amount=1),
                {"order_id": 5},
                "no order",
                order(order_id="new"),
                order(order_id="new"),
                order(order_id="new", amount=1),
            )
            assert results[0] == first
            statuses = [r["problem"]["status"] if "problem" in r else 200 for r in results]
            assert statuses == [200, 409, 422, 400, 200, 200, 409]
            assert results[1]["problem"]["decision"] == first
            assert results[4] == results[5]
            assert sum(service.metrics.decisions.values()) == 2

    run(scene())


def test_a_list_and_single_orders_at_once_decide_each_order_once(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            orders = [order(order_id=f"o{i}") for i in range(50)]
            lists = [_scored(service, *orders) for _ in range(3)]
            singles = [service.desk.score(LIVE, json.dumps(one).encode()) for one in orders]
            *many, single = await asyncio.gather(*lists, asyncio.gather(*singles))
            assert all(one == single for one in many)
            assert len(_rows(service)) == 50

    run(scene())


def test_only_orders_that_would_be_acted_on_are_explained_where_asked_so(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            acted = await _scored(service, order(order_id="acted"), explained="acted")
            none = await _scored(service, order(order_id="none"), explained="none")
            assert acted[0]["policy_action"] != "ship"
            assert acted[0]["reasons"] != []
            assert none[0]["reasons"] == []
            assert none[0]["warnings"] == []
        async with serving(tmp_path, scorer=shop.Steady(0.01)) as service:
            (shipped,) = await _scored(service, order(order_id="s"), explained="acted")
            assert (shipped["policy_action"], shipped["reasons"]) == ("ship", [])

    run(scene())


def test_a_chunk_that_must_be_repeated_leaves_history_as_it_is(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:

            def spoil(_: object) -> None:
                raise ValueError("spoilt")

            spoiler = service.writer.submit(spoil)
            answers = await _scored(service, *(order(order_id=f"o{i}") for i in range(5)))
            assert isinstance(
                (await asyncio.gather(spoiler, return_exceptions=True))[0], ValueError
            )
            assert [a["evidence"]["phone_orders"] for a in answers] == [0, 1, 2, 3, 4]
            assert np.frombuffer(_rows(service)[-1]).any()

    run(scene())


def test_orders_that_nobody_waits_for_are_not_begun(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as service:
            orders = [order(order_id=f"o{i}") for i in range(60)]
            # The deadline passes within the first part of the list.
            seconds = iter([-1.0, -1.0])
            passing = Deadline(0.0, clock=lambda: next(seconds, 1.0))
            results = await _scored(service, *orders, deadline=passing)
            statuses = [r["problem"]["status"] if "problem" in r else 200 for r in results]
            assert statuses == [200] * 40 + [503] * 20
            assert results[-1]["problem"]["fallback_action"] == "ship"
            assert len(_rows(service)) == 40

    run(scene())

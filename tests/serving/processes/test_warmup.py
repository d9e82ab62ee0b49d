"""After its start a scoring process compiles nothing more: no order waits for a compiler."""

from __future__ import annotations

import gc
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from numba.core.dispatcher import Dispatcher

from serving.batch import Batch
from serving.folds import publish_fold
from serving.service import Service
from serving.store.connection import connect
from serving.wish import Wish
from tests.serving import shop


def _signatures() -> set[str]:
    found = (one for one in gc.get_objects() if isinstance(one, Dispatcher))
    return {f"{one.py_func.__qualname__}{types}" for one in found for types in one.signatures}


async def _orders(service: Service, prefix: str) -> None:
    """Strangers, a customer who comes back, a household, an order changed, a list of orders."""
    score, customer = service.desk.score, shop.ORDER["customer"]
    for n in range(3):
        await score(shop.LIVE, shop.body(order_id=f"{prefix}{n}"))
    for n in range(3):
        other = customer | {"phone": f"+9190000000{n:02d}", "id": f"{prefix}{n}"}
        await score(shop.LIVE, shop.body(order_id=f"{prefix}h{n}", customer=other))
    bare = shop.order(order_id=f"{prefix}bare", customer=None, shipping_address=None, device=None)
    await score(shop.LIVE, json.dumps(bare).encode())
    changed = shop.body(order_id=f"{prefix}0", amount=2500)
    await service.desk.revise(shop.LIVE, f"{prefix}0", changed, 0)
    several = [shop.order(order_id=f"{prefix}b{n}") for n in range(3)]
    await Batch(service.desk, shop.LIVE, Wish(), service.standby).score(several)


async def _scene(home: Path) -> list[str]:
    async with shop.serving(home) as service:
        await shop.add_shop(service)
        before = _signatures()
        await _orders(service, "a")
        late = _signatures() - before
        settings = service.settings
        with closing(connect(settings.store_url)) as worker:
            publish_fold(worker, settings.folds_dir, now_us=shop.NOON)
        before = _signatures()
        await service.tick()
        assert service.history.fold.boundary
        await _orders(service, "b")
        return sorted(late | (_signatures() - before))


def _compiled_late() -> Any:
    with TemporaryDirectory() as folder:
        return shop.run(_scene(Path(folder)))


def test_after_the_start_no_order_waits_for_a_compiler() -> None:
    # In a process of its own: what other tests have compiled would hide what this one does.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as fresh:
        assert fresh.submit(_compiled_late).result() == []

"""How many webhooks a worker delivers: ``python -m tests.bench.delivering``.

Receiver and worker share one machine and one Python each; the receiver verifies nothing.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from serving.home import Home
from serving.moments import now_us
from serving.schemas import NewWebhook
from serving.store.connection import connect
from serving.webhooks.delivering import Deliverer
from serving.webhooks.subscriptions import Arranging
from tests.bench.report import machine, say
from tests.serving import shop
from tests.serving.receiver import Receiver


async def delivered(home: Path, url: str, orders: int) -> float:
    """Seconds from the first look to the last delivery."""
    async with shop.serving(home) as service:
        await shop.add_shop(service)

        def work(log: Any) -> object:
            wanted = NewWebhook(url=url, events=["order.scored"])
            return Arranging("kurtas", service.contacts, shop.NOON).add(log, wanted)

        await service.writer.submit(work)
        for number in range(orders):
            await service.desk.score(shop.LIVE, shop.body(order_id=f"o{number}"))
    settings = shop.settings_in(home)
    with Home(settings, shop.KEYRING, connect(settings.store_url)) as opened:
        deliverer, began, last = Deliverer(opened), time.monotonic(), time.monotonic()
        while last - began < 120:
            await deliverer.look(now_us)
            if deliverer.busy:
                await deliverer.settle_ended(1.0, now_us)
                last = time.monotonic()
            elif time.monotonic() - last > 0.5:
                break
        await deliverer.close()
    return last - began


@click.command()
@click.option("--orders", default=1_000, show_default=True)
def main(orders: int) -> None:
    """Print deliveries a second."""
    receiver = Receiver()
    url = receiver.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            took = asyncio.run(delivered(Path(folder), url, orders))
    finally:
        receiver.stop()
    assert len(set(receiver.ids())) == orders
    say(f"{orders} webhooks to one address in {took:.1f} s, {machine()}")
    say(f"  {orders / took:,.0f} a second; {len(receiver.came) - orders} came twice")


if __name__ == "__main__":
    main()

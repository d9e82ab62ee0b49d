"""A backlog of orders at a shop that limits us: ``python -m`` this module for 10,000 of them.

The webhooks are off, so that all of them are read; then each is held, tagged and assessed, and half
of them are confirmed and released. In the middle of it the token is revoked and replaced. Counted
at the stand-in: how often it had to throttle us, and whether everything arrived.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.days import SECOND_US
from serving.audit import audited
from serving.moments import now_us, rfc3339
from serving.sandbox.shopify import Storefront
from serving.shops.polling import EVERY_US, Polling
from tests.serving.shop import LIVE
from tests.serving.shops.test_shopify import ORDER, SECRET
from tests.serving.shops.test_writing import ACCOUNT, Plugged, play

# At most so many of a thousand requests may be throttled.
BOUND = 1.0
# Counting what stands in the shop takes as long as there are orders.
_LOOK_S = 0.1
NEXT = ACCOUNT.model_copy(update={"token": "shpat_the_next"})
_SAID = {n: v for n, v in ORDER.items() if n not in ("id", "name", "created_at", "updated_at")}


@dataclass
class Came:
    """What the stand-in counted.

    Parameters
    ----------
    right : int
        Orders that look there as they stand here.
    stopped : str or None
        What the alert about the revoked token said.
    """

    orders: int
    requests: int = 0
    throttled: int = 0
    right: int = 0
    seconds: float = 0.0
    stopped: str | None = None
    alerts: int = 0

    @property
    def share(self) -> float:
        """Throttled requests of a thousand."""
        return 1_000.0 * self.throttled / max(1, self.requests)


def backlog(home: Path, orders: int, restore: float) -> Came:
    """Play it.

    Parameters
    ----------
    restore : float
        Points that come back each second; 100 at a standard shop.
    """
    front = Storefront(ACCOUNT.token, SECRET, restore=restore, hooks_on=False)
    front.url = front.start()  # type: ignore[attr-defined]
    came = Came(orders)

    async def scene(plugged: Plugged) -> None:
        begun = time.monotonic()
        await _read_all(plugged, front, orders)
        await _until(plugged, lambda: _written(front) >= orders // 3)
        front.token = NEXT.token
        await _until(plugged, lambda: plugged.following()[0].stopped is not None)
        came.stopped = plugged.following()[0].stopped
        did = [what["did"] for *_, what in audited(plugged.service.connection, "kurtas", 50)]
        came.alerts = did.count("webhook switched off")
        await plugged.connect(NEXT)
        for number in range(0, orders, 2):
            await plugged.reply("confirmed", f"#{number}")
        await _until(plugged, lambda: _right(front, orders) == orders)
        came.right, came.requests = _right(front, orders), len(front.asked) + front.throttled
        came.throttled, came.seconds = front.throttled, time.monotonic() - begun

    try:
        play(home, front, scene)
    finally:
        front.stop()
    return came


async def _read_all(plugged: Plugged, front: Storefront, orders: int) -> None:
    """Let the orders come while nobody tells of them, and read them."""
    service, clock = plugged.service, plugged.clock
    url = front.url  # type: ignore[attr-defined]
    front.clock = lambda: clock.us / 1e6
    polling = Polling(service.taking, service.contacts, url, clock)
    await polling.look()
    try:
        for number in range(orders):
            phone = f"+9190{number:08d}"
            address = ORDER["shipping_address"] | {"phone": phone}
            customer = {"id": number, "first_name": "Asha", "last_name": "Rao"}
            said = _SAID | {"shipping_address": address, "customer": customer, "email": None}
            front.place(number, "COD", **said)
        clock.us += EVERY_US
        await polling.look()
    finally:
        await polling.end()
    assert service.desk.find(LIVE, f"#{orders - 1}") is not None


async def _until(plugged: Plugged, done: Any) -> None:
    """Looks of a worker until something is so; an hour at the most."""
    deadline, looked = time.monotonic() + 3_600, 0.0
    while True:
        if (now := time.monotonic()) - looked >= _LOOK_S:
            if done():
                return
            looked = time.monotonic()
        assert now < deadline, "it does not come to an end"
        await plugged.deliverer.look(plugged.clock)
        if not plugged.deliverer.busy:  # what failed is due again later
            plugged.clock.us += 60 * SECOND_US
        await plugged.deliverer.settle_ended(0.5, plugged.clock)


def _written(front: Storefront) -> int:
    return sum(bool(told) for told in front.assessments.values())


def _right(front: Storefront, orders: int) -> int:
    """Orders that are held, or released, and tagged and assessed as they should be."""
    released, held = {"COD", "rto-high", "rto-confirmed"}, {"COD", "rto-high", "rto-waiting"}
    return sum(
        front.tags[n] == (held if n % 2 else released)
        and front.may_ship(n) == (n % 2 == 0)
        and len(front.assessments[n]) == 1
        for n in range(orders)
    )


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--restore", type=float, default=10_000.0, help="points a second")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        came = backlog(Path(home), given.orders, given.restore)
    print(  # noqa: T201
        f"{rfc3339(now_us())}: {came.orders} orders, {came.requests} requests in "
        f"{came.seconds:.0f} s, {came.throttled} throttled ({came.share:.2f} of a thousand; bound "
        f"{BOUND:g}); token revoked on the way: {came.alerts} alert ({came.stopped}); as they "
        f"should look in the shop: {came.right}"
    )


if __name__ == "__main__":
    main()

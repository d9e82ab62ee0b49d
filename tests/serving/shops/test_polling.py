"""What no webhook told of is read, nothing twice; and a silence is told."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from features.days import HOUR_US
from serving.audit import audited
from serving.moments import now_us, rfc3339
from serving.orders import content_held
from serving.readiness import readiness
from serving.sandbox.shopify import Storefront
from serving.service import Service
from serving.shops.pace import Pace
from serving.shops.polling import EVERY_US, Polling
from serving.shops.shopify import read_event, read_order, read_parcel
from serving.standing import life_of
from serving.store.orders import Held
from serving.store.shop_readings import reading_of
from serving.store.shops import SHOPIFY, Shopify
from tests.serving import shop
from tests.serving.shop import LIVE, run, serving
from tests.serving.shops.test_shopify import DOMAIN, ORDER, SECRET

ACCOUNT = Shopify(domain=DOMAIN, secret=SECRET, token="shpat_of_the_shop")
SAID = {n: v for n, v in ORDER.items() if n not in ("id", "name", "created_at", "updated_at")}


class Read:
    """A merchant whose shop is read."""

    def __init__(self, service: Service, front: Storefront, clock: shop.Clock) -> None:
        self.service, self.front, self.clock = service, front, clock
        self.polling = self._polling()

    def _polling(self) -> Polling:
        url = self.front.url  # type: ignore[attr-defined]
        return Polling(self.service.taking, self.service.contacts, url, self.clock)

    async def anew(self) -> None:
        """As after a start."""
        await self.polling.end()
        self.polling = self._polling()

    async def connect(self, account: Shopify = ACCOUNT) -> None:
        """As ``rto shop set`` does."""
        contacts = self.service.contacts
        await self.service.writer.submit(
            lambda log: SHOPIFY.keep(log.connection, contacts, "kurtas", account)
        )

    async def wait(self, us: int = EVERY_US) -> None:
        """Let time pass, and read what is due then."""
        self.clock.us += us
        await self.polling.look()

    async def hear(self, pick: random.Random | None = None, times: int = 1) -> None:
        """Take in the webhooks that wait."""
        for body, headers in self.front.events(pick, times):
            said, topic = read_event(body), headers["X-Shopify-Topic"]
            if topic.startswith("orders/"):
                told = read_order(ACCOUNT, said, topic, headers["X-Shopify-Triggered-At"])
                await self.service.taking.order("kurtas", told)
            elif (parcel := read_parcel(said)) is not None:
                await self.service.taking.parcel("kurtas", parcel)

    def held(self, number: int) -> Held | None:
        """One order."""
        return self.service.desk.find(LIVE, f"#{number}")

    def said(self, number: int) -> dict[str, Any]:
        """What one order says now."""
        held = self.held(number)
        assert held is not None
        return content_held(self.service.connection, self.service.contacts, held.fact_seq)

    def fault(self) -> str | None:
        """What is wrong."""
        found = reading_of(self.service.connection, "kurtas")
        return None if found is None else found.fault

    def warned(self) -> list[str]:
        """What ``/readyz`` says of shops."""
        self.service.vitals.look()
        return [text for text in readiness(self.service).warnings if "shop of" in text]


@pytest.fixture
def front() -> Iterator[Storefront]:
    """A shop that listens."""
    one = Storefront(ACCOUNT.token, SECRET, bucket=100_000)
    one.url = one.start()  # type: ignore[attr-defined]
    yield one
    one.stop()


def play(home: Path, front: Storefront, scene: Callable[[Read], Any]) -> None:
    """Play one scene, an hour after the shop was connected."""

    async def whole() -> None:
        clock = shop.Clock(now_us())
        front.clock = lambda: clock.us / 1e6
        async with serving(home, clock=clock) as service:
            await shop.add_shop(service)
            read = Read(service, front, clock)
            await read.connect()
            await read.polling.look()
            clock.us += HOUR_US
            try:
                await scene(read)
            finally:
                await read.polling.end()

    run(whole())


def test_what_no_webhook_told_of_is_read_once_and_in_whole(
    tmp_path: Path, front: Storefront
) -> None:
    async def scene(read: Read) -> None:
        front.hooks_on = False
        for number in range(45):  # three pages
            front.place(number, "COD", **SAID)
        front.ship(3, "AWB3")
        front.changed(4, {"cancelled_at": front.now(), "cancel_reason": "customer"})
        await read.wait()
        assert all(read.held(number) for number in range(45))
        wanted = {
            "payment_mode": "cod", "amount_paise": 129900, "discount_paise": 20000,
            "shipping_fee_paise": 4900, "coupons": ["DIWALI10"], "phone": "+919876543210",
            "customer_id": "77", "address_line1": "Flat 12B, Lake View Apts", "ip": "203.0.113.9",
        }  # fmt: skip
        said = read.said(7)
        assert {name: said.get(name) for name in wanted} == wanted
        stages = {}
        for number in (3, 4, 7):
            held = read.held(number)
            assert held is not None
            stages[number] = life_of(read.service.connection, held.number).stage
        assert stages == {3: "in_transit", 4: "cancelled", 7: "released"}
        log = read.service.connection.execute("SELECT max(seq) FROM event WHERE number > 0")
        before = log.fetchone()[0]
        for _ in range(3):
            await read.wait()
        await read.anew()
        await read.wait()
        log = read.service.connection.execute("SELECT max(seq) FROM event WHERE number > 0")
        assert log.fetchone()[0] == before

    play(tmp_path, front, scene)


def test_webhooks_and_readings_in_any_order_end_alike(tmp_path: Path, front: Storefront) -> None:
    async def scene(read: Read) -> None:
        pick = random.Random(5)
        for number in range(12):
            front.place(number, "COD", **SAID)
            read.clock.us += pick.choice((0, 1, 400_000, 2_000_000))
            front.changed(number, {"total_price": f"{900 + number}.00"})
            front.changed(number, {"total_price": f"{700 + number}.00"})
            if number % 3 == 0:
                front.events()  # lost
            await read.hear(pick, times=2)
            if number % 4 == 0:
                await read.wait()
        await read.wait()
        amounts = [read.said(number)["amount_paise"] for number in range(12)]
        assert amounts == [(700 + number) * 100 for number in range(12)]
        assert read.said(1)["user_agent"] == "Mozilla/5.0", "a reading takes nothing away"
        assert read.said(1)["utm_campaign"] == "diwali"

    play(tmp_path, front, scene)


def test_what_was_placed_long_ago_or_has_left_is_remembered_and_nobody_asked(
    tmp_path: Path, front: Storefront
) -> None:
    async def scene(read: Read) -> None:
        front.hooks_on = False
        front.place(1, "COD", **SAID)
        front.ship(1, "AWB1")
        old = rfc3339(read.clock.us - 24 * 5 * HOUR_US)
        front.place(2, "COD", **(SAID | {"created_at": old}))
        await read.wait()
        for number in (1, 2):
            held = read.held(number)
            assert held is not None
            bodies = read.service.connection.execute(
                "SELECT body FROM event WHERE number=? AND kind='decided'", (held.number,)
            )
            assert '"record_only":true' in bytes(bodies.fetchone()[0]).decode()

    play(tmp_path, front, scene)


def test_a_revoked_token_alerts_and_what_came_meanwhile_is_read_with_the_next(
    tmp_path: Path, front: Storefront
) -> None:
    async def scene(read: Read) -> None:
        front.hooks_on, front.token = False, "another"
        front.place(1, "COD", **SAID)
        await read.wait()
        assert read.fault() == "revoked"
        assert "save a new token" in read.warned()[0]
        await read.wait(5 * HOUR_US)
        assert [what["did"] for *_, what in audited(read.service.connection, "kurtas", 9)].count(
            "shop in trouble"
        ) == 1
        await read.connect(ACCOUNT.model_copy(update={"token": "another"}))
        await read.wait()
        assert read.held(1) is not None
        assert (read.fault(), read.warned()) == (None, [])

    play(tmp_path, front, scene)


@pytest.mark.parametrize("fault", ["500", "reset", "denied"])
def test_a_page_that_fails_is_read_again_soon(
    tmp_path: Path, front: Storefront, fault: str
) -> None:
    async def scene(read: Read) -> None:
        front.hooks_on, front.an_order = False, 90.0  # ten orders a page
        await read.wait()
        for number in range(25):
            front.place(number, "COD", **SAID)
        front.faults.extend(["", fault])
        await read.wait()
        assert read.held(24) is None
        await read.wait(EVERY_US // 15)
        assert read.held(24) is not None

    play(tmp_path, front, scene)


def test_orders_that_only_a_reading_finds_are_told_until_webhooks_come_again(
    tmp_path: Path, front: Storefront
) -> None:
    async def scene(read: Read) -> None:
        front.hooks_on = False
        for number in range(3):
            front.place(number, "COD", **SAID)
        await read.wait()
        assert read.fault() == "hooks"
        assert read.warned()[0].startswith('shop of "kurtas": 3 orders came by reading alone')
        front.hooks_on = True
        front.place(9, "COD", **SAID)
        await read.hear()
        await read.wait()
        assert read.fault() is None

    play(tmp_path, front, scene)


def test_a_silence_is_told_by_what_is_usual_at_that_hour() -> None:
    quarter = HOUR_US // 4
    pace, at = Pace(), 1_795_156_200_000_000
    for turn in range(3 * 7 * 96):
        came = 3 if 10 <= turn // 4 % 24 < 20 else 0
        pace = pace.after(at, at + quarter, came)
        at += quarter
        assert not pace.silent
    pace = Pace.read(pace.to_json())
    for turn in range(40):  # the night, when nobody orders
        pace, at = pace.after(at, at + quarter, 0), at + quarter
        assert not pace.silent, turn
    quiet = 0
    while not pace.silent:
        pace, at, quiet = pace.after(at, at + quarter, 0), at + quarter, quiet + 1
    assert quiet <= 8
    assert not pace.after(at, at + quarter, 1).silent


def test_nothing_is_usual_for_a_shop_that_is_new() -> None:
    pace, at = Pace(), 1_795_156_200_000_000
    for turn in range(2 * 96 - 1):
        pace = pace.after(at, at + HOUR_US // 4, 50 if turn < 20 else 0)
        at += HOUR_US // 4
        assert not pace.silent


def test_orders_of_more_lines_than_come_with_a_page_are_read_whole(
    tmp_path: Path, front: Storefront
) -> None:
    line = ORDER["line_items"][0]
    lines = [line | {"sku": f"KRT-{number}"} for number in range(250)]

    async def scene(read: Read) -> None:
        front.place(1, "COD", **SAID | {"line_items": lines})
        await read.wait()
        held = read.said(1)["items"]
        assert [one["sku"] for one in held] == [one["sku"] for one in lines]

    play(tmp_path, front, scene)


def test_a_page_is_as_large_as_the_shop_allows(tmp_path: Path, front: Storefront) -> None:
    async def scene(read: Read) -> None:
        for number in range(120):
            front.place(number, "COD", **SAID)
        front.an_order = 150.0  # more than was thought
        await read.wait()
        assert read.held(119) is not None
        front.asked.clear()
        front.an_order = 9.0
        await read.wait()
        for number in range(120):
            front.changed(number, {"tags": "festive"})
        front.asked.clear()
        await read.wait()
        assert front.asked.count("orders") == 2, "100 at once at the most"

    play(tmp_path, front, scene)

"""An order that waits is held in the shop, and let go when it may: whatever goes wrong between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from features.days import HOUR_US
from serving.api import create_app
from serving.conversation.rejudging import corrected
from serving.hands import Override, Respond, record
from serving.home import Home
from serving.moments import now_us, rfc3339
from serving.orders import content_held
from serving.sandbox.shopify import Storefront
from serving.schemas import OverrideRequest, ResponseRequest
from serving.service import Service
from serving.shops.admin import Admin
from serving.store.connection import connect
from serving.store.orders import Held
from serving.store.policies import save_policy
from serving.store.shops import SHOPIFY, Shopify
from serving.store.subscriptions import Subscription, subscriptions_of
from serving.webhooks.delivering import Deliverer
from serving.webhooks.subscriptions import Arranging
from tests.serving import shop
from tests.serving.shop import LIVE, run, serving
from tests.serving.shops.test_shopify import DOMAIN, ORDER, SECRET

NUMBER: int = ORDER["id"]
ACCOUNT = Shopify(domain=DOMAIN, secret=SECRET, token="shpat_of_the_shop")


@pytest.fixture
def front() -> Iterator[Storefront]:
    """A shop that listens."""
    one = Storefront(ACCOUNT.token, SECRET)
    one.url = one.start()  # type: ignore[attr-defined]
    said = {name: ORDER[name] for name in ("shipping_address", "financial_status")}
    one.place(NUMBER, "COD", "festive", **said)
    yield one
    one.stop()


class Plugged:
    """A merchant whose shop is connected, and the worker that writes back."""

    def __init__(self, service: Service, deliverer: Deliverer, clock: shop.Clock) -> None:
        self.service, self.deliverer, self.clock, self.endpoint = service, deliverer, clock, ""

    async def set_up(self, account: Shopify = ACCOUNT) -> None:
        """Go live, and connect the shop."""
        await shop.add_shop(self.service)
        policy = self.service.policies.now("kurtas").to_json() | {
            "mode": "act",
            "thresholds": {"verify": 0.2, "prepaid": None, "hold": None, "block": None},
            "shares": {"holdout": 0.0, "explore": 0.0},
        }
        await self.service.writer.submit(
            lambda log: save_policy(log, "kurtas", policy, expected=0, now_us=self.clock())
        )
        self.service.policies.forget("kurtas")
        await self.connect(account)

    async def connect(self, account: Shopify) -> None:
        """As ``rto shop set`` does."""
        contacts = self.service.contacts

        def work(log: Any) -> str:
            arranging = Arranging("kurtas", contacts, self.clock())
            arranging.write_back(log, account.domain, on=bool(account.token))
            return SHOPIFY.keep(log.connection, contacts, "kurtas", account)

        self.endpoint = await self.service.writer.submit(work)

    async def tell(self, front: Storefront, topic: str, **changes: Any) -> None:
        """Let the shop post a webhook."""
        now = {
            "created_at": rfc3339(self.clock() - HOUR_US),
            "updated_at": rfc3339(self.clock() - HOUR_US),
        }
        body = json.dumps(ORDER | now | changes).encode()
        transport = httpx2.ASGITransport(app=create_app(self.service))
        async with httpx2.AsyncClient(transport=transport, base_url="http://rto") as client:
            answer = await client.post(
                f"/v1/hooks/{self.endpoint}", content=body,
                headers=front.signed(topic, body, DOMAIN),
            )  # fmt: skip
        assert answer.status_code == 200

    async def reply(self, response: Any, order_id: str = "#1001") -> None:
        """Let the customer answer."""
        service, held = self.service, self.held(order_id)
        said = ResponseRequest(response=response)
        work = Respond("replied", held, said, service.contacts, service.persons, self.clock())
        await service.writer.submit(work)

    async def correct(self, **changes: Any) -> None:
        """Let the customer change the address."""
        service, held, now = self.service, self.held(), self.clock()

        def work(log: Any) -> None:
            record(log, held, "replied", {"response": "corrected"}, now)
            corrected(log, service.desk, held, changes)

        await service.writer.submit(work)

    async def echo(self, front: Storefront) -> None:
        """Let the shop tell of its order as it stands there."""
        said = front.said(NUMBER)
        later = {"updated_at": rfc3339(self.clock()), "tags": said["tags"]}
        later |= {name: said.get(name) for name in ("shipping_address", "financial_status")}
        await self.tell(front, "orders/updated", **later)

    def revisions(self) -> int:
        """How many the order has had."""
        return self.held().revision

    def held(self, order_id: str = "#1001") -> Held:
        """The order."""
        found = self.service.desk.find(LIVE, order_id)
        assert found is not None
        return found

    async def work(self) -> None:
        """Looks of a worker, until nothing is left to do now."""
        for _ in range(3):
            await self.deliverer.look(self.clock)
            while self.deliverer.busy:
                await self.deliverer.settle_ended(10, self.clock)

    def following(self) -> list[Subscription]:
        """What follows the log for the shop."""
        return subscriptions_of(self.service.connection, self.service.contacts, "kurtas")


def play(home: Path, front: Storefront, scene: Any) -> None:
    """Play one scene."""

    async def whole() -> None:
        clock = shop.Clock(now_us())
        async with serving(home, clock=clock) as service:
            url = front.url  # type: ignore[attr-defined]
            settings = shop.settings_in(home).model_copy(update={"shopify_url": url})
            with Home(settings, shop.KEYRING, connect(settings.store_url)) as opened:
                deliverer = Deliverer(opened)
                plugged = Plugged(service, deliverer, clock)
                await plugged.set_up()
                try:
                    await scene(plugged)
                finally:
                    await deliverer.close()

    run(whole())


@pytest.mark.parametrize(
    ("response", "ships", "tags"),
    [
        ("confirmed", True, {"rto-high", "rto-confirmed"}),
        ("paid", True, {"rto-high", "rto-paid"}),
        ("refused", False, {"rto-high", "rto-cancelled"}),
        ("person", False, {"rto-high", "rto-waiting"}),
    ],
)
def test_an_order_that_waits_is_held_until_it_may_go(
    tmp_path: Path, front: Storefront, response: str, ships: bool, tags: set[str]
) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.tell(front, "orders/create")
        await plugged.work()
        assert not front.may_ship(NUMBER)
        assert front.tags[NUMBER] == {"COD", "festive", "rto-high", "rto-waiting"}
        await plugged.reply(response)
        await plugged.work()
        assert front.may_ship(NUMBER) is ships
        assert front.tags[NUMBER] == {"COD", "festive"} | tags
        kinds = plugged.service.connection.execute(
            "SELECT count(*) FROM event WHERE kind='revised'"
        )
        await plugged.tell(front, "orders/updated", tags=", ".join(front.tags[NUMBER]))
        assert kinds.fetchone()[0] == 0

    play(tmp_path, front, scene)


def test_what_is_so_already_is_not_asked_for_again(tmp_path: Path, front: Storefront) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.tell(front, "orders/create")
        await plugged.work()
        (one,) = plugged.following()
        front.asked.clear()
        await plugged.service.writer.submit(
            lambda log: log.connection.execute(
                "UPDATE delivery SET state='waiting', due_us=0 WHERE subscription_id=?",
                (one.subscription_id,),
            )
        )
        await plugged.work()
        assert front.asked == ["order"]

    play(tmp_path, front, scene)


def test_holds_of_others_stay(tmp_path: Path, front: Storefront) -> None:
    async def scene(plugged: Plugged) -> None:
        front.holds[NUMBER].add("fraud-app")
        await plugged.tell(front, "orders/create")
        await plugged.work()
        assert front.holds[NUMBER] == {"fraud-app", "rto"}
        await plugged.reply("confirmed")
        await plugged.work()
        assert front.holds[NUMBER] == {"fraud-app"}

    play(tmp_path, front, scene)


@pytest.mark.parametrize("fault", ["500", "429", "throttled", "refused", "reset"])
def test_what_fails_is_done_later(tmp_path: Path, front: Storefront, fault: str) -> None:
    async def scene(plugged: Plugged) -> None:
        front.faults.extend(["", fault] if fault == "refused" else [fault] * 3)
        await plugged.tell(front, "orders/create")
        for _ in range(5):
            await plugged.work()
            plugged.clock.us += HOUR_US
        assert not front.may_ship(NUMBER)

    play(tmp_path, front, scene)


def test_a_revoked_token_alerts_and_loses_nothing(tmp_path: Path, front: Storefront) -> None:
    async def scene(plugged: Plugged) -> None:
        front.token = "another-token"
        await plugged.tell(front, "orders/create")
        await plugged.work()
        (one,) = plugged.following()
        assert one.stopped == "HTTP 401"
        assert front.may_ship(NUMBER)
        await plugged.connect(ACCOUNT.model_copy(update={"token": "another-token"}))
        plugged.clock.us += HOUR_US
        await plugged.work()
        assert not front.may_ship(NUMBER)

    play(tmp_path, front, scene)


def test_what_did_not_come_from_the_shop_and_what_has_left_is_left_alone(
    tmp_path: Path, front: Storefront
) -> None:
    async def scene(plugged: Plugged) -> None:
        placed = rfc3339(plugged.clock() - HOUR_US)
        await plugged.service.desk.score(
            LIVE, shop.body(created_at=placed, promised_at=None, dispatch_cutoff=None)
        )
        await plugged.work()
        assert front.asked == []
        await plugged.tell(front, "orders/create")
        held, now = plugged.held(), plugged.clock()
        await plugged.service.writer.submit(
            lambda log: log.append("shipped", {}, at_us=now, known_us=now, order=held)
        )
        await plugged.work()
        assert front.asked == []

    play(tmp_path, front, scene)


def test_without_a_token_nothing_is_written(tmp_path: Path, front: Storefront) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.connect(ACCOUNT.model_copy(update={"token": ""}))
        assert plugged.following() == []
        await plugged.tell(front, "orders/create")
        await plugged.work()
        assert front.asked == []

    play(tmp_path, front, scene)


def test_a_corrected_address_is_written_before_the_order_is_let_go(
    tmp_path: Path, front: Storefront
) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.tell(front, "orders/create")
        await plugged.work()
        await plugged.correct(address_line1="14 Hill Road", landmark="opp. bus stand")
        await plugged.reply("confirmed")
        await plugged.work()
        there = front.orders[NUMBER]["shipping_address"]
        assert there["address1"] == "14 Hill Road"
        assert there["address2"] == "80 Feet Road, opp. bus stand"
        assert (there["name"], there["province_code"]) == ("Asha Rao", "KA")
        assert front.asked.index("orderUpdate") < front.asked.index("fulfillmentOrderReleaseHold")
        assert front.tags[NUMBER] >= {"rto-corrected", "rto-confirmed"}
        assert plugged.revisions() == 1
        await plugged.echo(front)
        assert plugged.revisions() == 1, "what we wrote ourselves is no change"
        front.asked.clear()
        await plugged.correct(address_line1="15 Hill Road")
        await plugged.work()
        assert front.orders[NUMBER]["shipping_address"]["address1"] == "15 Hill Road"

    play(tmp_path, front, scene)


def test_an_address_that_the_shop_has_changed_itself_stays(
    tmp_path: Path, front: Storefront
) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.tell(front, "orders/create")
        moved = ORDER["shipping_address"] | {"address1": "1 Sea View"}
        front.changed(NUMBER, {"shipping_address": moved})
        await plugged.correct(address_line1="14 Hill Road")
        await plugged.work()
        assert front.orders[NUMBER]["shipping_address"]["address1"] == "1 Sea View"
        await plugged.echo(front)
        held = plugged.held()
        said = content_held(plugged.service.connection, plugged.service.contacts, held.fact_seq)
        assert said["address_line1"] == "1 Sea View"

    play(tmp_path, front, scene)


def test_another_change_of_the_shops_keeps_what_the_customer_corrected(
    tmp_path: Path, front: Storefront
) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.tell(front, "orders/create")
        await plugged.correct(address_line1="14 Hill Road")
        later = {"updated_at": rfc3339(plugged.clock()), "total_price": "999.00"}
        await plugged.tell(front, "orders/updated", **later)
        held = plugged.held()
        said = content_held(plugged.service.connection, plugged.service.contacts, held.fact_seq)
        assert (said["address_line1"], said["amount_paise"]) == ("14 Hill Road", 99900)

    play(tmp_path, front, scene)


def test_an_order_paid_here_is_marked_as_paid_once(tmp_path: Path, front: Storefront) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.tell(front, "orders/create")
        await plugged.work()
        front.faults.extend(["", "lost"])
        await plugged.reply("paid")
        for _ in range(3):
            await plugged.work()
            plugged.clock.us += HOUR_US
        assert front.orders[NUMBER]["financial_status"] == "paid"
        assert front.asked.count("orderMarkAsPaid") == 1
        assert front.may_ship(NUMBER)

    play(tmp_path, front, scene)


@pytest.mark.parametrize(
    ("cancels", "by", "cancelled"),
    [
        ((), "customer", None),
        (("customer",), "customer", "customer"),
        (("customer",), "merchant", None),
        (("customer", "merchant"), "merchant", "staff"),
    ],
)
def test_whose_cancellations_count_in_the_shop_is_the_merchants_to_say(
    tmp_path: Path, front: Storefront, cancels: Any, by: str, cancelled: str | None
) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.connect(ACCOUNT.model_copy(update={"cancels": cancels}))
        await plugged.tell(front, "orders/create")
        await plugged.work()
        if by == "customer":
            await plugged.reply("refused")
        else:
            said = OverrideRequest(action="cancel", by="ravi")
            contacts = plugged.service.contacts
            work = Override(plugged.held(), said, contacts, plugged.clock())
            await plugged.service.writer.submit(work)
        await plugged.work()
        assert front.orders[NUMBER].get("cancel_reason") == cancelled
        assert not front.may_ship(NUMBER)
        assert "rto-cancelled" in front.tags[NUMBER]

    play(tmp_path, front, scene)


def test_an_order_that_a_person_holds_is_held_there_too(tmp_path: Path, front: Storefront) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.tell(front, "orders/create")
        await plugged.reply("confirmed")
        await plugged.work()
        assert front.may_ship(NUMBER)
        said = OverrideRequest(action="hold", by="ravi")
        work = Override(plugged.held(), said, plugged.service.contacts, plugged.clock())
        await plugged.service.writer.submit(work)
        await plugged.work()
        assert not front.may_ship(NUMBER)

    play(tmp_path, front, scene)


def test_the_shop_is_told_the_risk_and_its_reasons_once(tmp_path: Path, front: Storefront) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.tell(front, "orders/create")
        await plugged.work()
        await plugged.reply("confirmed")
        await plugged.work()
        (told,) = front.assessments[NUMBER]
        assert told["riskLevel"] == "HIGH"
        assert {fact["sentiment"] for fact in told["facts"]} == {"NEGATIVE", "POSITIVE"}
        await plugged.connect(ACCOUNT.model_copy(update={"assesses": False}))
        front.assessments[NUMBER].clear()
        await plugged.reply("person")
        await plugged.work()
        assert front.assessments[NUMBER] == []

    play(tmp_path, front, scene)


def test_a_late_look_at_an_older_state_does_not_hold_what_was_confirmed(
    tmp_path: Path, front: Storefront
) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.tell(front, "orders/create")
        asked = Admin.ask

        async def slow(self: Admin, query: str, *rest: Any) -> dict[str, Any]:
            told = await asked(self, query, *rest)
            if "fulfillmentOrders" in query and front.asked == ["order"]:
                await plugged.reply("confirmed")
            return told

        seq, shops = plugged.held().decided_seq, plugged.deliverer._posting.shops
        assert seq is not None
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Admin, "ask", slow)
            async with httpx2.AsyncClient(trust_env=False) as client:
                await shops.write_back(client, "kurtas", seq)
        assert front.may_ship(NUMBER)

    play(tmp_path, front, scene)

"""A server's processes between a shop, a customer and a courier, all on one clock, over HTTP."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2

from features.days import DAY_US, HOUR_US, SECOND_US
from serving.home import Home
from serving.moments import india_day, now_us
from serving.parcels.connecting import connect_courier
from serving.sandbox.graph import Graph, buttons_of
from serving.sandbox.listening import Asked, Given, StandIn, given
from serving.sandbox.setting import connect_sandbox
from serving.sandbox.shiprocket import Shiprocket
from serving.sandbox.shopify import Storefront
from serving.store.contacts import Contacts
from serving.store.shops import SHOPIFY
from serving.webhooks.subscriptions import Arranging
from tests.serving import shop
from tests.serving.moved_clock import MovedClock
from tests.serving.parcels.couriered import ACCOUNT as COURIER
from tests.serving.parcels.couriered import EMAIL, PASSWORD, TOKEN
from tests.serving.process import Server, served
from tests.serving.shops.test_loop import ACCOUNT as SHOP
from tests.serving.shops.test_loop import OTHER, SAID
from tests.serving.shops.test_shopify import DOMAIN, SECRET
from tests.serving.test_whole_story import go_live
from tests.training.small_bundle import make_bundle

ASSIGN = ("POST", "/courier/assign/awb")
_PATIENCE_S, _LOOK_S = 60.0, 0.1
# So much real time is given to what is due before more of the other time passes.
_READ_S = 7.0
_HOUR_S, _DAY_S = HOUR_US / SECOND_US, DAY_US / SECOND_US


class Post(StandIn):
    """Brings webhooks to the server: each twice, in any order, about half of them later."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, bytes, dict[str, str]]] = []
        self.url = ""
        self._pick = random.Random(5)
        self.client = httpx2.Client(trust_env=False, timeout=30)

    def answer(self, asked: Asked) -> Given:
        """Take one."""
        named = {n: v for n, v in asked.headers.items() if n.startswith("x-")}
        self.kept.extend([(asked.path, asked.body, named)] * 2)
        return given(200, {})

    def bring(self, url: str) -> None:
        """Bring some of what was taken."""
        told, self.kept = self.kept, []
        self._pick.shuffle(told)
        later = len(told) // 2 if len(told) > 1 else 0
        self.kept.extend(told[:later])
        for path, body, headers in told[later:]:
            answer = self.client.post(f"{url}{path}", content=body, headers=headers)
            assert answer.status_code in (200, 503), answer.text
            if answer.status_code == 503:  # all of them bring it again
                self.kept.append((path, body, headers))


class Watchful(Shiprocket):
    """A courier that asks, whenever a waybill is wanted, whether the order may leave."""

    may_leave: Callable[[], bool]
    early = 0

    def answer(self, asked: Asked) -> Given | None:
        """One request."""
        wanted = (asked.method, asked.path.removeprefix("/v1/external")) == ASSIGN
        self.early += wanted and not self.may_leave()
        return super().answer(asked)


class Joined:
    """Everything between a shop, a customer and a courier, for one order after another."""

    def __init__(self, server: Server, clock: MovedClock, post: Post, front: Storefront,
                 courier: Watchful, graph: Graph) -> None:  # fmt: skip
        self.server, self.clock, self.post = server, clock, post
        self.front, self.courier, self.graph = front, courier, graph
        self.client = server.client()
        self.shop_hook = self.courier_hook = self.order_id = ""
        self.number, self._guarded, self._told = 0, False, 0
        courier.may_leave = self.may_leave

    def connect(self, *, told: bool, orders: str) -> None:
        """As ``rto shop set`` and ``rto channel courier`` do."""
        account = COURIER.model_copy(update={"orders": orders, "pickup_location": "Home"})
        with Home.open(shop.settings_in(self.server.home)) as home, home.transaction() as log:
            contacts = Contacts(home.keyring.sealing)
            self.shop_hook = SHOPIFY.keep(log.connection, contacts, "kurtas", SHOP)
            Arranging("kurtas", contacts, now_us()).write_back(log, DOMAIN, on=True)
            hook = connect_courier(log, contacts, "kurtas", account, now_us())
        self.courier.hook = f"{self.post.url}/v1/hooks/{hook}" if told else ""
        self.front.hooks_on = told

    def story(self) -> dict[str, Any]:
        """All that is known of the order; nothing before it came."""
        answer = self.client.get("/v1/orders", params={"order_id": self.order_id})
        return dict(answer.json()) if answer.status_code == 200 else {"stage": None}

    def may_leave(self) -> bool:
        """Whether our answer is to let it go."""
        return bool(self.story().get("decision", {}).get("dispatch") == "go")

    def until(self, seen: Callable[[], Any], *, hours: float = 0.0) -> Any:
        """What is looked for, once it is there; so many hours pass meanwhile, or a few times."""
        end, due = time.monotonic() + _PATIENCE_S, 0.0
        while not (found := seen()):
            now = time.monotonic()
            assert now < end, f"it did not come: {self.story()}"
            if hours and now >= due:
                self.clock.pass_time(hours * _HOUR_S)
                due = now + _READ_S
            self._turn()
            time.sleep(_LOOK_S)
        return found

    def _turn(self) -> None:
        """What was told is brought, and whoever packs tries to."""
        for sent in self.graph.sent[self._told :]:
            for state in ("sent", "delivered", "read"):
                self.graph.status(sent, state)
            self._told += 1
        for body, headers in self.front.events():
            lower = {name.lower(): value for name, value in headers.items()}
            self.post.answer(Asked("POST", f"/v1/hooks/{self.shop_hook}", {}, lower, body))
        self.courier.tell()
        self.post.bring(self.server.url)
        if self._guarded:
            self.pack()

    def pack(self) -> None:
        """Both packers send off what they may; what leaves must have been let go."""
        shown = self.front.may_ship(self.number)
        gone = self.courier.pack()
        assert self.may_leave() or not (shown or gone), "it may leave while it is to wait"
        if gone:
            assert gone == [self.order_id]
            assert self.front.ship(self.number, self.at_courier["awb"])
            self.scan(6)

    @property
    def at_courier(self) -> dict[str, Any]:
        """The order as the courier has it."""
        found = self.courier.named(self.order_id)
        assert found is not None
        return found

    def scan(self, status: int, words: str = "", *, days: float = 0.0) -> None:
        """Something happens to the parcel, some days later."""
        at_us = int((self.clock() + days * _DAY_S) * 1e6)
        self.courier.scan(self.at_courier["awb"], status, at_us, words)
        self.clock.pass_time(days * _DAY_S)

    def place(self, number: int) -> None:
        """An order of a customer of its own."""
        phone = f"+9190000{number:05d}"
        address = SAID["shipping_address"] | {"phone": phone}
        customer = SAID["customer"] | {"id": number}
        said = SAID | {"name": str(number), "shipping_address": address, "customer": customer}
        self.number, self.order_id, self._guarded = number, str(number), False
        self._told = len(self.graph.sent)
        self.front.place(number, "COD", **said)

    def asked(self, messages: int) -> dict[str, Any]:
        """The last of so many questions to the customer, once it is there."""

        def last() -> Any:
            found = [
                one
                for one in self.graph.sent
                if one["to"].endswith(f"{self.number:05d}")
                and not str(one.get("template", {}).get("name")).startswith("parcel_")
            ]
            return len(found) >= messages and found[-1]

        found: dict[str, Any] = self.until(last)
        return found

    def tap(self, messages: int, answer: str) -> None:
        """Press a button of the customer's last message, by what it answers."""
        sent = self.asked(messages)
        payloads = [payload for payload, _ in buttons_of(sent)]
        place = next(i for i, payload in enumerate(payloads) if payload.startswith(answer))
        self.graph.press(sent, place)

    def tagged(self, *tags: str) -> None:
        """The shop shows how the order stands here."""
        tier = self.story()["decision"]["tier"]
        named = {"COD", *(f"rto-{tag}" for tag in (tier, *tags))}
        self.until(lambda: self.front.tags[self.number] == named)

    def waits(self, hours: float) -> None:
        """The order came, is to wait, and is held in the shop; nothing is done at the courier."""
        self.until(lambda: not self.front.may_ship(self.number), hours=hours)
        self._guarded = True
        self.tagged("waiting")
        assert self.story()["decision"]["dispatch"] == "wait"
        self.pack()
        assert ASSIGN not in self.courier.asked

    def corrected(self) -> None:
        """The customer corrects the address; it is released on both sides, and it leaves."""
        self.tap(1, "change")
        self.tap(2, "address")
        self.graph.write(self.asked(3), OTHER)
        self.asked(4)
        assert self.courier.early == self.courier.asked.count(ASSIGN) == 0
        self.tap(4, "yes")
        self.until(lambda: self.front.parcels[self.number])
        there = self.front.orders[self.number]["shipping_address"]
        assert (there["zip"], there["address1"]) == ("560095", "Flat 7A, Green Park")
        assert self.at_courier["address"]["shipping_pincode"] == "560095"
        self.tagged("corrected", "released")

    def delivered(self, hours: float) -> None:
        """On the road, not handed over, tried again as the customer wants, delivered."""
        self.until(lambda: self.story()["stage"] == "in_transit", hours=hours)
        self.scan(17, days=1.0)
        self.scan(21, "Customer not available", days=0.1)
        self.until(lambda: self.story()["stage"] == "ndr", hours=hours)
        self.tap(6, "retry")
        self.tap(7, "on-")
        awb = self.at_courier["awb"]
        (action,) = self.until(lambda: self.courier.ndrs[awb].get("actions"))
        assert action["action"] == "re-attempt"
        assert action["deferred_date"] >= india_day(int(self.clock() * 1e6))
        self.scan(17, days=2.0)
        self.scan(7, days=0.1)
        self.until(lambda: self.story()["stage"] == "delivered", hours=hours)
        self.until(lambda: not self.post.kept)
        found = self.story()
        kinds = [event["event"] for event in found["events"]]
        assert [kinds.count(kind) for kind in ("placed", "shipped", "ndr", "delivered")] == [1] * 4
        assert (found["stage"], found["revision"], self.courier.early) == ("delivered", 1, 0)
        self.courier.asked.clear()


@contextmanager
def joined(home: Path) -> Iterator[Joined]:
    """A server's processes and the three stand-ins, on one clock."""
    make_bundle(home / "bundle", "rto-joined")
    clock = MovedClock(home / "ahead")
    front = Storefront(SHOP.token, SECRET, bucket=100_000, clock=clock)
    courier = Watchful(EMAIL, PASSWORD, TOKEN, clock=clock)
    graph, post = Graph("1", "-", "-", clock=clock), Post()
    with ExitStack() as stack:
        for one in (front, courier, graph, post):
            stack.callback(one.stop)
        urls = {
            "RTO_SHOPIFY_URL": front.start(), "RTO_WHATSAPP_URL": graph.start(),
            "RTO_SHIPROCKET_URL": f"{courier.start()}/v1/external",
        }  # fmt: skip
        post.url = post.start()
        stack.callback(post.client.close)
        pinned = ("--bundle", str(home / "bundle"))
        server = stack.enter_context(served(home, urls | clock.environment, *pinned))
        with Home.open(shop.settings_in(home)) as opened:
            setting = connect_sandbox(opened, "kurtas", home)
        graph.phone_number_id, graph.token = setting.phone_number_id, setting.token
        graph.app_secret = setting.app_secret
        graph.hook = f"{post.url}/v1/hooks/{setting.endpoint}"
        one_joined = Joined(server, clock, post, front, courier, graph)
        stack.callback(one_joined.client.close)
        go_live(one_joined.client)
        yield one_joined

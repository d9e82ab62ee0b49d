"""What happens is told to merchants: signed, at least once, never into private networks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, get_args

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from features.days import DAY_US, HOUR_US, SECOND_US
from serving.conversation.life import Stage
from serving.hands import Override, Respond
from serving.home import Home
from serving.moments import now_us, rfc3339
from serving.schemas import NewWebhook, OverrideRequest, Replay, ResponseRequest
from serving.service import Service
from serving.store.connection import connect
from serving.store.deliveries import EVENTS, Delivery, deliveries_of
from serving.store.policies import save_policy
from serving.store.subscriptions import Subscription, subscription_named
from serving.webhooks import posting
from serving.webhooks.announcements import TABLE
from serving.webhooks.delivering import FAILING_US, PAUSES_S, Deliverer
from serving.webhooks.subscriptions import Arranging
from serving.webhooks.targets import Address
from tests.serving import shop
from tests.serving.receiver import Receiver
from tests.serving.shop import LIVE, TEST, body, run, serving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A merchant's server that listens."""
    one = Receiver()
    one.url = one.start()  # type: ignore[attr-defined]
    yield one
    one.stop()


class Told:
    """A shop that acts, its webhook and a deliverer, with a clock at the real time of day."""

    def __init__(self, service: Service, deliverer: Deliverer, clock: shop.Clock) -> None:
        self.service, self.deliverer, self.clock = service, deliverer, clock
        self.secret = self.webhook_id = ""

    async def set_up(self, url: str, *events: Any) -> None:
        """Go live, and be told."""
        await shop.add_shop(self.service)
        policy = self.service.policies.now("kurtas").to_json() | {
            "mode": "act",
            "thresholds": {"verify": 0.2, "prepaid": None, "hold": None, "block": None},
            "shares": {"holdout": 0.0, "explore": 0.0},
        }

        def work(log: Any) -> Any:
            save_policy(log, "kurtas", policy, expected=0, now_us=self.clock())
            return self.arranging().add(log, NewWebhook(url=url, events=list(events)))

        one, self.secret = await self.service.writer.submit(work)
        self.webhook_id = one.subscription_id
        self.service.policies.forget("kurtas")

    def body(self, **changes: Any) -> bytes:
        """The usual order, placed not long ago."""
        placed, cutoff = self.clock() - HOUR_US, self.clock() + 5 * HOUR_US
        now = {"created_at": rfc3339(placed), "dispatch_cutoff": rfc3339(cutoff)}
        return body(**{"promised_at": None} | now | changes)

    async def score(self, **changes: Any) -> Any:
        """Place it."""
        return await self.service.desk.score(LIVE, self.body(**changes))

    def arranging(self) -> Arranging:
        """At the command line."""
        return Arranging("kurtas", self.service.contacts, self.clock())

    async def arrange(self, what: str, *given: Any) -> Any:
        """One arrangement, committed."""
        work = getattr(self.arranging(), what)
        return await self.service.writer.submit(lambda log: work(log, self.webhook_id, *given))

    async def deliver(self) -> None:
        """Looks of a worker, until nothing is left to do now."""
        for _ in range(3):
            await self.deliverer.look(self.clock)
            while self.deliverer.busy:
                await self.deliverer.settle_ended(10, self.clock)

    def deliveries(self) -> list[Delivery]:
        """All of them, oldest first."""
        found = deliveries_of(
            self.service.connection, self.webhook_id, state=None, before=2**62, limit=1_000
        )
        return found[::-1]

    def webhook(self) -> Subscription:
        """As it stands."""
        connection, contacts = self.service.connection, self.service.contacts
        found = subscription_named(connection, contacts, "kurtas", self.webhook_id)
        assert found is not None
        return found


def play(home: Path, scene: Any, url: str, *events: Any, resolve: Any = None) -> None:
    """Play one scene."""

    async def whole() -> None:
        clock = shop.Clock(now_us())
        async with serving(home, clock=clock) as service:
            settings = shop.settings_in(home)
            with Home(settings, shop.KEYRING, connect(settings.store_url)) as opened:
                deliverer = Deliverer(opened, *([resolve] if resolve else []))
                told = Told(service, deliverer, clock)
                await told.set_up(url, *events)
                try:
                    await scene(told)
                finally:
                    await deliverer.close()

    run(whole())


def _types(receiver: Receiver, told: Told) -> list[str]:
    return sorted(one["type"] for one in receiver.verified(told.secret))


def test_an_orders_life_is_told_and_verified_by_the_package_receivers_use(
    tmp_path: Path, receiver: Receiver
) -> None:
    async def scene(told: Told) -> None:
        answer = await told.score()
        held = told.service.desk.find(LIVE, "1001")
        assert held is not None
        said = ResponseRequest(response="confirmed", channel="sms", by="Meena", note="Asha said")
        service = told.service
        work = Respond("replied", held, said, service.contacts, service.persons, told.clock())
        await service.writer.submit(work)
        await told.deliver()
        assert _types(receiver, told) == [
            "message.received", "order.confirmed", "order.released", "order.scored",
        ]  # fmt: skip
        by_type = {one["type"]: one["data"] for one in receiver.verified(told.secret)}
        scored = by_type["order.scored"]
        assert (scored["order_id"], scored["dispatch"], scored["stage"]) == (
            "1001", "wait", "awaiting",
        )  # fmt: skip
        assert scored["decision"]["decision_id"] == answer["decision_id"]
        assert by_type["order.released"]["dispatch"] == "go"
        await told.deliver()
        assert len(receiver.came) == 4

    play(tmp_path, scene, receiver.url)  # type: ignore[attr-defined]


def test_a_failed_delivery_its_answer_and_the_end_are_told(
    tmp_path: Path, receiver: Receiver
) -> None:
    async def scene(told: Told) -> None:
        await told.score()
        held = told.service.desk.find(LIVE, "1001")
        assert held is not None
        said: list[tuple[Any, dict[str, Any]]] = [
            ("shipped", {"awb": "A1"}), ("ndr", {"reason": "unreachable"}),
            ("contacted", {"response": "unreachable"}), ("replied", {"response": "silent"}),
            ("replied", {"response": "again", "ship_after": "2026-11-23", "attempt": 1}),
            ("delivered", {"outcome": "delivered"}), ("delivered", {"outcome": "delivered"}),
        ]  # fmt: skip

        def work(log: Any) -> None:
            for kind, said_of in said:
                log.append(kind, said_of, at_us=told.clock(), known_us=told.clock(), order=held)

        await told.service.writer.submit(work)
        await told.deliver()
        by_type = {one["type"]: one["data"] for one in receiver.verified(told.secret)}
        assert len(receiver.taken) == len(by_type) == 4
        assert by_type["ndr.answered"]["ship_after"] == "2026-11-23"
        assert by_type["order.outcome"]["outcome"] == "delivered"

    url = receiver.url  # type: ignore[attr-defined]
    play(tmp_path, scene, url, *(event for event in EVENTS if event != "order.released"))


def test_no_payload_names_a_person(tmp_path: Path, receiver: Receiver) -> None:
    async def scene(told: Told) -> None:
        await told.score()
        held = told.service.desk.find(LIVE, "1001")
        assert held is not None
        asked = OverrideRequest(action="approve", by="Meena", note="Asha called")
        work = Override(held, asked, told.service.contacts, told.clock())
        await told.service.writer.submit(work)
        await told.deliver()
        assert len(receiver.taken) == 2
        for _, sent in receiver.taken:
            for secret in ("Asha", "98765", "asha@", "Lake View", "203.0.113", "Meena", "d-1"):
                assert secret not in sent.decode()

    play(tmp_path, scene, receiver.url)  # type: ignore[attr-defined]


@pytest.mark.parametrize("fault", ["500", "302", "404", "429", "reset"])
def test_what_was_not_taken_comes_again_under_the_same_id(
    tmp_path: Path, receiver: Receiver, fault: str
) -> None:
    async def scene(told: Told) -> None:
        receiver.faults.append(fault)
        await told.score()
        await told.deliver()
        (held,) = told.deliveries()
        assert (held.state, held.tries, receiver.taken) == ("waiting", 1, [])
        assert told.webhook().failing_us is not None
        least = 600 if fault == "429" else PAUSES_S[0]
        assert held.due_us - told.clock() >= 0.8 * least * SECOND_US
        told.clock.us += HOUR_US
        await told.deliver()
        assert len(set(receiver.ids())) == 1
        assert len(receiver.came) == 2
        assert receiver.came[0][1] == receiver.came[1][1]
        assert [d.state for d in told.deliveries()] == ["delivered"]
        assert told.webhook().failing_us is None

    play(tmp_path, scene, receiver.url, "order.scored")  # type: ignore[attr-defined]


def test_who_hangs_is_given_up_for_now_and_holds_nobody_up(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "ANSWER_S", 0.2)

    async def scene(told: Told) -> None:
        receiver.faults.append("hang")
        await told.score()
        await told.deliver()
        assert [(d.state, d.why) for d in told.deliveries()] == [("waiting", "TimeoutError: ")]

    play(tmp_path, scene, receiver.url, "order.scored")  # type: ignore[attr-defined]


def test_after_a_day_a_delivery_is_dead_and_can_be_told_again(
    tmp_path: Path, receiver: Receiver
) -> None:
    async def scene(told: Told) -> None:
        receiver.faults.extend(["500"] * (len(PAUSES_S) + 1))
        began = told.clock()
        await told.score()
        for _ in range(20):
            await told.deliver()
            (held,) = told.deliveries()
            if held.state == "dead":
                break
            told.clock.us = held.due_us
        assert held.state == "dead"
        assert held.tries == len(PAUSES_S) + 1
        assert 0.8 * DAY_US < told.clock() - began < 1.25 * DAY_US
        assert await told.arrange("replay", Replay(dead=True)) == 1
        await told.deliver()
        assert [d.state for d in told.deliveries()] == ["delivered"]
        assert len(set(receiver.ids())) == 1

    play(tmp_path, scene, receiver.url, "order.scored")  # type: ignore[attr-defined]


def test_an_address_that_fails_for_days_is_switched_off_and_later_told_what_it_missed(
    tmp_path: Path, receiver: Receiver
) -> None:
    async def scene(told: Told) -> None:
        receiver.faults.extend(["503"] * 2)
        await told.score()
        await told.deliver()
        told.clock.us += FAILING_US
        await told.deliver()
        assert told.webhook().stopped == "HTTP 503"
        audits = told.service.connection.execute(
            "SELECT body FROM event WHERE kind='audit' ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        assert json.loads(bytes(audits[0]))["did"] == "webhook switched off"
        await told.score(order_id="missed")
        await told.deliver()
        assert len(receiver.came) == 2
        await told.arrange("resume")
        told.clock.us += HOUR_US
        await told.deliver()
        missed = {one["data"]["order_id"] for one in _plain(receiver)}
        assert missed == {"1001", "missed"}

    play(tmp_path, scene, receiver.url, "order.scored")  # type: ignore[attr-defined]


def _plain(receiver: Receiver) -> list[dict[str, Any]]:
    """What was taken, unverified: the scene's clock runs ahead of the verifier's."""
    return [json.loads(sent) for _, sent in receiver.taken]


def test_an_address_that_is_gone_is_switched_off_at_once(
    tmp_path: Path, receiver: Receiver
) -> None:
    async def scene(told: Told) -> None:
        receiver.faults.append("410")
        await told.score()
        await told.deliver()
        assert told.webhook().stopped == "HTTP 410"

    play(tmp_path, scene, receiver.url, "order.scored")  # type: ignore[attr-defined]


def test_while_a_secret_is_replaced_either_verifies_and_then_only_the_new_one(
    tmp_path: Path, receiver: Receiver
) -> None:
    async def scene(told: Told) -> None:
        old = told.secret
        _, new = await told.arrange("rotate")
        await told.score()
        await told.deliver()
        for secret in (old, new):
            assert len(receiver.verified(secret)) == 1
        told.clock.us += DAY_US + SECOND_US
        await told.score(order_id="later")
        await told.deliver()
        assert len(receiver.taken[-1][0]["webhook-signature"].split()) == 1
        headers, sent = receiver.taken[0]
        with pytest.raises(WebhookVerificationError):
            Webhook(new).verify(sent + b" ", headers)

    play(tmp_path, scene, receiver.url, "order.scored")  # type: ignore[attr-defined]


def test_a_worker_that_dies_leaves_its_claims_to_the_next(
    tmp_path: Path, receiver: Receiver
) -> None:
    async def scene(told: Told) -> None:
        await told.score()
        await told.deliverer.look(told.clock)  # begun, never settled: this worker is gone
        while not receiver.taken:
            await asyncio.sleep(0.01)
        told.deliverer._under_way.clear()
        assert [d.state for d in told.deliveries()] == ["sending"]
        await told.deliver()
        assert len(receiver.came) == 1
        told.clock.us += 60 * SECOND_US
        await told.deliver()
        assert len(receiver.came) == 2
        assert len(set(receiver.ids())) == 1
        assert [d.state for d in told.deliveries()] == ["delivered"]

    play(tmp_path, scene, receiver.url, "order.scored")  # type: ignore[attr-defined]


def test_two_workers_deliver_each_event_once(tmp_path: Path, receiver: Receiver) -> None:
    async def scene(told: Told) -> None:
        for number in range(30):
            await told.score(order_id=f"o{number}")
        settings = shop.settings_in(tmp_path)
        with Home(settings, shop.KEYRING, connect(settings.store_url)) as opened:
            other = Deliverer(opened)
            while any(d.state != "delivered" for d in told.deliveries()) or not receiver.came:
                for one in (told.deliverer, other):
                    await one.look(told.clock)
                await asyncio.sleep(0.005)
            await other.close()
        assert len(receiver.came) == 30
        assert len(set(receiver.ids())) == 30

    play(tmp_path, scene, receiver.url, "order.scored")  # type: ignore[attr-defined]


def test_the_log_is_told_anew_from_a_position_under_the_same_ids(
    tmp_path: Path, receiver: Receiver
) -> None:
    async def scene(told: Told) -> None:
        for number in range(3):
            await told.score(order_id=f"o{number}")
        await told.deliver()
        assert await told.arrange("replay", Replay(after=0)) == 3
        await told.deliver()
        assert len(receiver.came) == 6
        assert len(set(receiver.ids())) == 3

    play(tmp_path, scene, receiver.url, "order.scored")  # type: ignore[attr-defined]


def test_past_and_test_orders_are_told_to_nobody(tmp_path: Path, receiver: Receiver) -> None:
    async def scene(told: Told) -> None:
        await told.service.desk.score(TEST, told.body())
        await told.deliver()
        assert receiver.came == []

    play(tmp_path, scene, receiver.url)  # type: ignore[attr-defined]


def test_a_name_that_leads_into_a_private_network_is_never_connected_to(tmp_path: Path) -> None:
    leads: list[str] = ["93.184.215.14", "169.254.169.254"]

    async def resolve(host: str, port: int) -> Sequence[Address]:
        assert (host, port) == ("hooks.example.com", 443)
        return [ip_address(one) for one in leads]

    async def scene(told: Told) -> None:
        await told.score()
        await told.deliver()
        (held,) = told.deliveries()
        assert (held.state, held.why) == (
            "waiting", "ForbiddenTargetError: the name leads into a private network",
        )  # fmt: skip

    url = "https://hooks.example.com/rto"
    play(tmp_path, scene, url, "order.scored", resolve=resolve)


def test_every_event_and_every_stage_has_its_place_in_the_table() -> None:
    assert {rule.event for rule in TABLE} == set(EVENTS)
    named = {stage for rule in TABLE for stage in (*rule.before, *rule.after)}
    assert named <= set(get_args(Stage))
    # What an order comes to without an event of its own: the decision's event has told it.
    assert set(get_args(Stage)) - named == {"scored", "in_transit"}

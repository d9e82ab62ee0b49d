"""Paying in advance: a link that is made once, paid once, and the order that becomes prepaid."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import razorpay as client_of_razorpay

from features.days import HOUR_US, SECOND_US
from serving.home import Home
from serving.orders import story
from serving.payments.links import Payer
from serving.payments.razorpay import read_payment
from serving.sandbox.graph import Graph
from serving.sandbox.razorpay import Razorpay
from serving.store import payments as store
from serving.store.connection import connect
from tests.serving import shop
from tests.serving.conversation.test_talking import ENGLISH
from tests.serving.parcels.test_tracking import scan
from tests.serving.played import WEBHOOK_SECRET, Played, kept, play
from tests.serving.shop import LIVE

ACCOUNT = store.Razorpay(
    key_id="rzp_test_key", key_secret="secret-of-the-key", webhook_secret=WEBHOOK_SECRET
)


class Paying:
    """The played shop with an account for payments."""

    def __init__(self, played: Played, payments: Razorpay, payer: Payer) -> None:
        self.played, self.payments, self.payer = played, payments, payer
        self.endpoint = ""

    async def connect(self, **changes: Any) -> None:
        """Save the account."""
        account = ACCOUNT.model_copy(update=changes)
        contacts = self.played.service.contacts

        def work(log: Any) -> str:
            return store.keep_payments(log.connection, contacts, "kurtas", account)

        self.endpoint = await self.played.service.writer.submit(work)

    def work(self) -> None:
        """One look of each worker."""
        self.payer.look(self.played.clock())
        self.played.send()

    async def hook(self, act: Any, *, times: int = 3) -> list[int]:
        """What the stand-in would post, posted here."""
        return await self.played.hook(act, endpoint=self.endpoint, times=times)

    def links(self) -> list[store.Link]:
        """Of the order."""
        return store.links_of(self.played.service.connection, self.played.number())

    def order(self) -> dict[str, Any]:
        """What the order says."""
        service = self.played.service
        found = story(service.connection, service.contacts, "kurtas", "1001")
        assert found is not None
        order: dict[str, Any] = found["order"]
        return order


def act(home: Path, graph: Graph, payments: Razorpay, scene: Any) -> None:
    """Play one scene."""

    async def whole(played: Played) -> None:
        url = {"razorpay_url": payments.url}  # type: ignore[attr-defined]
        settings = shop.settings_in(home).model_copy(update=url)
        with Home(settings, shop.KEYRING, connect(settings.store_url)) as opened:
            payer = Payer(opened)
            try:
                await scene(Paying(played, payments, payer))
            finally:
                payer.close()

    play(home, graph, whole)


async def menu_to_link(paying: Paying, **changes: Any) -> store.Link:
    """An order whose customer taps *Pay now*."""
    await paying.connect(**changes)
    await paying.played.service.desk.score(LIVE, json.dumps(ENGLISH).encode())
    paying.work()
    await paying.played.tap("change")
    await paying.played.tap("pay")
    paying.work()
    (link,) = paying.links()
    return link


def test_who_pays_gets_the_discount_and_the_order_goes_prepaid(
    tmp_path: Path, graph: Graph, payments: Razorpay
) -> None:
    async def scene(paying: Paying) -> None:
        link = await menu_to_link(paying)
        assert (link.state, link.amount_paise, link.discount_paise) == ("open", 1249_00, 50_00)
        assert f"Pay ₹1,249 now: {link.short_url}" in paying.played.heard()
        assert "you save ₹50" in paying.played.heard()
        assert link.outside_id is not None
        assert link.expire_us < shop.NOON + 12 * HOUR_US
        paying.played.clock.us += SECOND_US
        assert await paying.hook(lambda: payments.pay(str(link.outside_id))) == [200] * 3
        assert paying.played.stage() == "released"
        order = paying.order()
        assert (order["payment_mode"], order["amount"], order["amount_due"]) == ("prepaid", 1249, 0)
        paying.work()
        assert "₹1,249 is paid" in paying.played.heard()
        paid = "SELECT 1 FROM event WHERE number=? AND kind='paid'"
        found = paying.played.service.connection.execute(paid, (paying.played.number(),))
        assert len(found.fetchall()) == 1

    act(tmp_path, graph, payments, scene)


@pytest.mark.parametrize("fault", ["500", "429", "reset"])
def test_a_lost_answer_is_looked_up_and_no_second_link_made(
    tmp_path: Path, graph: Graph, payments: Razorpay, fault: str
) -> None:
    async def scene(paying: Paying) -> None:
        payments.faults.append(fault)
        link = await menu_to_link(paying)
        assert link.state == "waiting"
        paying.played.clock.us += 60 * SECOND_US
        paying.work()
        (link,) = paying.links()
        assert (link.state, len(payments.links)) == ("open", 1)

    act(tmp_path, graph, payments, scene)


def test_a_payment_that_comes_too_late_is_to_be_paid_back(
    tmp_path: Path, graph: Graph, payments: Razorpay
) -> None:
    async def scene(paying: Paying) -> None:
        link = await menu_to_link(paying)
        await paying.played.tap("cancel")
        await paying.hook(lambda: payments.pay(str(link.outside_id)))
        assert paying.played.stage() == "cancelled"
        assert paying.played.tasks() == ["refund"]

    act(tmp_path, graph, payments, scene)


def test_a_shipped_or_cancelled_order_is_paid_by_no_link(
    tmp_path: Path, graph: Graph, payments: Razorpay
) -> None:
    async def scene(paying: Paying) -> None:
        link = await menu_to_link(paying)
        await paying.played.tap("keep")
        paying.work()
        assert paying.links()[0].state == "cancelled"
        assert payments.links[str(link.outside_id)]["status"] == "cancelled"
        assert paying.played.stage() == "released"

    act(tmp_path, graph, payments, scene)


def test_an_offer_is_a_marketing_template_and_off_by_default(
    tmp_path: Path, graph: Graph, payments: Razorpay
) -> None:
    async def scene(paying: Paying) -> None:
        await paying.played.aim({"verify": None, "prepaid": 0.2, "hold": None, "block": None})
        await paying.connect(offers=True)
        answer = await paying.played.service.desk.score(LIVE, json.dumps(ENGLISH).encode())
        assert answer["action"] == "prepaid"
        paying.work()
        (sent,) = graph.sent
        assert sent["template"]["name"] == "prepaid_offer"
        (link,) = paying.links()
        (url,) = [c for c in sent["template"]["components"] if c.get("sub_type") == "url"]
        assert str(link.short_url).endswith(url["parameters"][0]["text"])
        await paying.hook(lambda: payments.pay(str(link.outside_id)))
        assert (paying.played.stage(), paying.order()["payment_mode"]) == ("released", "prepaid")

    act(tmp_path, graph, payments, scene)


def test_without_offers_who_confirms_is_shown_the_link_before_the_order_goes(
    tmp_path: Path, graph: Graph, payments: Razorpay
) -> None:
    async def scene(paying: Paying) -> None:
        await paying.played.aim({"verify": None, "prepaid": 0.2, "hold": None, "block": None})
        await paying.connect(token_share=0.2)
        await paying.played.service.desk.score(LIVE, json.dumps(ENGLISH).encode())
        paying.work()
        assert graph.sent[0]["template"]["name"] == "order_check"
        await paying.played.tap("confirm")
        assert paying.played.stage() == "awaiting"
        paying.work()
        (link,) = paying.links()
        assert (link.amount_paise, link.token_paise, link.rest_paise) == (1249_00, 260_00, 1039_00)
        assert "you save ₹50. Or pay only ₹260 of it there now" in paying.played.heard()
        await paying.hook(lambda: payments.pay(str(link.outside_id)))
        assert (paying.played.stage(), paying.order()["payment_mode"]) == ("released", "prepaid")

    act(tmp_path, graph, payments, scene)


def test_who_pays_only_the_token_owes_the_rest_and_may_still_pay_it(
    tmp_path: Path, graph: Graph, payments: Razorpay
) -> None:
    async def scene(paying: Paying) -> None:
        link = await menu_to_link(paying, token_share=0.2)
        plink = str(link.outside_id)
        await paying.hook(lambda: payments.pay(plink, partly=True))
        assert (paying.played.stage(), paying.links()[0].state) == ("released", "partial")
        order = paying.order()
        assert (order["payment_mode"], order["amount"]) == ("partial_cod", 1299)
        assert order["amount_due"] == 1039
        paying.work()
        assert "₹260 is paid. ₹1,039 is left to pay on delivery" in paying.played.heard()
        await paying.hook(lambda: payments.expire(plink), times=1)
        payments.links[plink]["status"] = "partially_paid"
        assert paying.links()[0].state == "partial", "what was paid stays paid"
        await paying.hook(lambda: payments.pay(plink))
        order = paying.order()
        assert (order["payment_mode"], order["amount"], order["amount_due"]) == ("prepaid", 1249, 0)
        assert paying.played.tasks() == []

    act(tmp_path, graph, payments, scene)


def test_that_a_part_was_paid_says_nothing_after_all_of_it_was(
    tmp_path: Path, graph: Graph, payments: Razorpay
) -> None:
    async def scene(paying: Paying) -> None:
        link = await menu_to_link(paying, token_share=0.2)
        one = payments.links[str(link.outside_id)]
        with kept() as first:
            payments.pay(str(link.outside_id), partly=True)
        await paying.hook(lambda: payments.pay(str(link.outside_id)))
        ((content, headers),) = first
        url = f"/v1/hooks/{paying.endpoint}"
        answer = await paying.played.client.post(url, content=content, headers=headers)
        assert (answer.status_code, one["status"]) == (200, "paid")
        assert (paying.order()["payment_mode"], paying.order()["amount_due"]) == ("prepaid", 0)
        assert paying.played.tasks() == []

    act(tmp_path, graph, payments, scene)


@pytest.mark.parametrize("again", ["the rest after dispatch", "another link"])
def test_what_was_paid_too_much_or_too_late_is_a_persons_to_look_at(
    tmp_path: Path, graph: Graph, payments: Razorpay, again: str
) -> None:
    async def scene(paying: Paying) -> None:
        link = await menu_to_link(paying, token_share=0.2)
        await paying.hook(lambda: payments.pay(str(link.outside_id), partly=True))
        if again == "another link":
            other = replace(link, link_id="other", outside_id="plink_other", state="open")

            def put(log: Any) -> None:
                store.put_link(log.connection, other)

            await paying.played.service.writer.submit(put)
            payments.links["plink_other"] = payments.links[str(link.outside_id)] | {
                "id": "plink_other", "reference_id": "other", "status": "created", "amount_paid": 0,
            }  # fmt: skip
            await paying.hook(lambda: payments.pay("plink_other"))
        else:
            assert await scan(paying.played, "shipped") == 200
            await paying.hook(lambda: payments.pay(str(link.outside_id)))
        assert paying.played.tasks() == ["refund"]
        assert paying.order()["payment_mode"] == "partial_cod"

    act(tmp_path, graph, payments, scene)


def test_links_are_stopped_apart_from_messages_and_a_person_calls(
    tmp_path: Path, graph: Graph, payments: Razorpay
) -> None:
    async def scene(paying: Paying) -> None:
        await paying.connect()
        played = paying.played
        await played.service.desk.score(LIVE, json.dumps(ENGLISH).encode())
        paying.work()
        await played.tap("change")
        await played.tap("pay")

        def stop(log: Any) -> bool:
            return store.RAZORPAY.stop(log.connection, "kurtas", "stopped by hand")

        await played.service.writer.submit(stop)
        paying.work()
        (link,) = paying.links()
        assert (link.state, payments.links, played.tasks()) == ("failed", {}, ["call"])
        await played.hook(lambda: graph.press(graph.sent[0], 1, event="again"))
        played.send()
        assert "pay" not in str(graph.sent[-1]["interactive"]["action"]), "messages go on"

    act(tmp_path, graph, payments, scene)


def test_no_forged_payment_is_taken(tmp_path: Path, graph: Graph, payments: Razorpay) -> None:
    async def scene(paying: Paying) -> None:
        link = await menu_to_link(paying)
        payments.webhook_secret = "another secret"
        assert await paying.hook(lambda: payments.pay(str(link.outside_id))) == [403] * 3
        assert paying.links()[0].state == "open"
        assert paying.played.stage() == "awaiting"

    act(tmp_path, graph, payments, scene)


def test_the_vendors_client_finds_the_stand_in_as_it_knows_it(payments: Razorpay) -> None:
    client = client_of_razorpay.Client(auth=("rzp_test_key", "secret-of-the-key"))
    client.set_app_details({"title": "rto", "version": "1"})
    client.base_url = payments.url  # type: ignore[attr-defined]
    made = client.payment_link.create(
        {"amount": 124900, "currency": "INR", "reference_id": "r1",
         "expire_by": int(shop.NOON / 1e6) + 3600, "accept_partial": True,
         "first_min_partial_amount": 26000}
    )  # fmt: skip
    assert client.payment_link.fetch(made["id"])["short_url"] == made["short_url"]
    found = client.payment_link.all({"reference_id": "r1"})["payment_links"]
    assert [one["id"] for one in found] == [made["id"]]
    assert client.payment_link.cancel(made["id"])["status"] == "cancelled"
    with pytest.raises(client_of_razorpay.errors.BadRequestError):
        client.payment_link.create({"amount": 1})


def test_the_vendors_client_accepts_our_stand_ins_signature(payments: Razorpay) -> None:
    link = {
        "id": "plink_1",
        "reference_id": "r",
        "amount": 100,
        "status": "created",
        "amount_paid": 0,
    }
    payments.links["plink_1"] = link
    with kept() as taken:
        payments.pay("plink_1")
    ((content, headers),) = taken
    client = client_of_razorpay.Client(auth=("a", "b"))
    assert client.utility.verify_webhook_signature(
        content.decode(), headers["X-Razorpay-Signature"], WEBHOOK_SECRET
    )
    said = read_payment(content, headers["x-razorpay-event-id"])
    assert said is not None
    assert (said.state, said.amount_paise, said.link_id) == ("paid", 100, "r")
    for broken in (b"", b"[]", b'{"event": 1}', content[:-9], os.urandom(9)):
        assert read_payment(broken, "e") is None

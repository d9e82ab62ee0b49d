"""What is written back to a shop at Shopify: holds, addresses, payments, tags, cancellations.

At every event the order is brought to how it stands now, so that it does not matter in which order
or how often events arrive (mutations read 2026-11-23).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

import httpx2

from serving.home import Home
from serving.shops.addresses import mailing_input, plain, print_of
from serving.shops.admin import Admin, RevokedError, ShopFaultError
from serving.shops.allowance import Allowance
from serving.shops.wanted import TAGS, Risk, Wanted, wanted
from serving.store.contacts import Contacts
from serving.store.shop_orders import keep_address
from serving.store.shops import SHOPIFY, Shopify

SCHEME = "shopify:"
HANDLE = "rto"
_HOLDABLE = ("OPEN", "SCHEDULED", "ON_HOLD")
# An order that changes while it is written is written again, so often at once.
_ROUNDS = 4
_READ_COST = 40.0
_UNPAID = ("PENDING", "EXPIRED")

_READ = """query($id: ID!) { order(id: $id) { id tags cancelledAt displayFinancialStatus
  shippingAddress { name phone address1 address2 city province zip }
  risk { assessments { riskLevel facts { description sentiment } } }
  fulfillmentOrders(first: 20) { nodes {
    id status fulfillmentHolds { id handle heldByRequestingApp } } } } }"""
_HOLD = """mutation($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { userErrors { message } } }"""
_RELEASE = """mutation($id: ID!, $holds: [ID!]) {
  fulfillmentOrderReleaseHold(id: $id, holdIds: $holds) { userErrors { message } } }"""
_TAG = """mutation($id: ID!, $tags: [String!]!) {
  tagsAdd(id: $id, tags: $tags) { userErrors { message } } }"""
_UNTAG = """mutation($id: ID!, $tags: [String!]!) {
  tagsRemove(id: $id, tags: $tags) { userErrors { message } } }"""
_UPDATE = """mutation($input: OrderInput!) {
  orderUpdate(input: $input) { userErrors { message } } }"""
_PAID = """mutation($input: OrderMarkAsPaidInput!) {
  orderMarkAsPaid(input: $input) { userErrors { message } } }"""
_CANCEL = """mutation($id: ID!, $reason: OrderCancelReason!, $note: String) {
  orderCancel(orderId: $id, reason: $reason, refund: false, restock: true,
    notifyCustomer: false, staffNote: $note) { orderCancelUserErrors { message } } }"""
_ASSESS = """mutation($input: OrderRiskAssessmentCreateInput!) {
  orderRiskAssessmentCreate(orderRiskAssessmentInput: $input) { userErrors { message } } }"""


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes to one shop.

    Parameters
    ----------
    home : Home
        Of whoever writes; its keys print addresses.
    """

    admin: Admin
    account: Shopify
    home: Home

    async def bring(self, order: Wanted) -> None:
        """Bring an order to how it is to look; nothing is asked for that is so already.

        What says when a parcel may leave comes first, and it is let go only once all of that is
        done; a fault of the rest holds nothing up.

        Raises
        ------
        RevokedError, ShopFaultError
            If the shop does not.
        """
        order_id = f"gid://shopify/Order/{order.known.number}"
        told = await self.admin.ask(_READ, {"id": order_id}, _READ_COST)
        if "order" not in told:
            raise ShopFaultError("no answer about the order")
        if (found := told["order"]) is None:  # deleted there
            return
        if found["cancelledAt"] is None:
            await self._before_it_leaves(order, order_id, found)
        await self._tags(order, order_id, set(found["tags"]))
        await self._assess(order.risk, order_id, found)

    async def _before_it_leaves(self, order: Wanted, order_id: str, found: dict[str, Any]) -> None:
        parts = found["fulfillmentOrders"]["nodes"]
        if order.held:
            for part in parts:
                await self._hold(part)
        if order.cancelled_by in self.account.cancels:
            reason = "CUSTOMER" if order.cancelled_by == "customer" else "STAFF"
            note = "Cancelled when the order was confirmed"
            given = {"id": order_id, "reason": reason, "note": note}
            await self.admin.done(_CANCEL, given, "orderCancel")
            return
        await self._correct(order, order_id, found["shippingAddress"] or {})
        if order.paid and found["displayFinancialStatus"] in _UNPAID:
            await self.admin.done(_PAID, {"input": {"id": order_id}}, "orderMarkAsPaid")
        if not order.held:
            for part in parts:
                await self._release(part)

    async def _hold(self, part: Mapping[str, Any]) -> None:
        if _ours(part) or part["status"] not in _HOLDABLE:
            return
        hold = {
            "reason": "OTHER",
            "handle": HANDLE,
            "reasonNotes": "Waiting until the risk of return is cleared up",
        }
        await self.admin.done(_HOLD, {"id": part["id"], "hold": hold}, "fulfillmentOrderHold")

    async def _release(self, part: Mapping[str, Any]) -> None:
        if ours := _ours(part):
            given = {"id": part["id"], "holds": ours}
            await self.admin.done(_RELEASE, given, "fulfillmentOrderReleaseHold")

    async def _correct(self, order: Wanted, order_id: str, there: Mapping[str, Any]) -> None:
        """Write a corrected address, unless somebody has changed the shop's since we knew it."""
        ours, known, key = order.address, order.known, self.home.keyring.digest_key()
        if ours is None or plain(ours) == plain(there):
            return
        if known.address in (None, print_of(there, known.number, key)):
            given = {"id": order_id, "shippingAddress": mailing_input(ours)}
            await self.admin.done(_UPDATE, {"input": given}, "orderUpdate")
            with self.home.transaction() as log:
                keep_address(log.connection, known, print_of(ours, known.number, key))

    async def _tags(self, order: Wanted, order_id: str, there: set[str]) -> None:
        await self._tag(_TAG, "tagsAdd", order_id, order.tags - there)
        await self._tag(_UNTAG, "tagsRemove", order_id, (there & set(TAGS)) - order.tags)

    async def _tag(self, mutation: str, name: str, order_id: str, tags: Iterable[str]) -> None:
        if listed := sorted(tags):
            await self.admin.done(mutation, {"id": order_id, "tags": listed}, name)

    async def _assess(self, risk: Risk, order_id: str, found: Mapping[str, Any]) -> None:
        if not self.account.assesses:
            return
        facts = [{"description": text, "sentiment": against} for text, against in risk.facts]
        ours = {"riskLevel": risk.level, "facts": facts}
        if ours not in (found["risk"] or {}).get("assessments", ()):
            given = {"input": {"orderId": order_id, **ours}}
            await self.admin.done(_ASSESS, given, "orderRiskAssessmentCreate")


@dataclass(frozen=True, slots=True)
class Shopkeeper:
    """Brings orders to how they stand, each shop within its allowance and each order in turn."""

    home: Home
    contacts: Contacts
    _allowances: dict[str, Allowance] = field(default_factory=dict)
    _turns: WeakValueDictionary[int, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def write_back(self, client: httpx2.AsyncClient, merchant_id: str, seq: int) -> None:
        """Bring the order that an entry is about to how it is to look in its merchant's shop.

        What it is to look like is read again once it does: an older event that comes late, or
        another worker, leaves nothing behind.

        Raises
        ------
        RevokedError, ShopFaultError
            If the shop does not take it.
        """
        connection = self.home.connection
        shop = SHOPIFY.of(connection, self.contacts, merchant_id)
        if shop is None or not shop.account.token:
            raise RevokedError("the shop was taken away")
        order = wanted(connection, self.contacts, seq)
        if order is None:
            return
        writing = self._writing(client, merchant_id, shop.account)
        async with self._turns.setdefault(order.known.number, asyncio.Lock()):
            for _ in range(_ROUNDS):
                if (order := wanted(connection, self.contacts, seq)) is None:
                    return
                await writing.bring(order)
                if wanted(connection, self.contacts, seq) == order:
                    return
        raise ShopFaultError("the order changes faster than it can be written")

    def renewed(self, merchant_id: str, token: str) -> bool:
        """Whether a shop has another token by now than the one that opened nothing."""
        shop = SHOPIFY.of(self.home.connection, self.contacts, merchant_id)
        return shop is not None and bool(shop.account.token) and shop.account.token != token

    def _writing(self, client: httpx2.AsyncClient, merchant_id: str, account: Shopify) -> Writing:
        url = self.home.settings.shopify_url.replace("{shop}", account.domain).rstrip("/")
        of_shop = Allowance(merchant_id, self.home.on_store)
        allowance = self._allowances.setdefault(account.domain, of_shop)
        admin = Admin(client, url, account.token, allowance)
        return Writing(admin, account, self.home)


def _ours(part: Mapping[str, Any]) -> list[str]:
    return [
        hold["id"]
        for hold in part["fulfillmentHolds"]
        if hold["heldByRequestingApp"] and hold["handle"] == HANDLE
    ]

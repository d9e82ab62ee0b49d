"""What is written back to a shop at Shopify: holds while an order waits, and tags that say why.

At every event the order is brought to how it stands now, so that it does not matter in which order
or how often events arrive (mutations read 2026-11-23).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from pydantic_core import from_json

from features.errors import RtoError
from serving.conversation.life import UNDISPATCHED
from serving.decisions import answer_now
from serving.home import Home
from serving.standing import life_of
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.erasing import orders_numbered
from serving.store.shops import SHOPIFY, Shopify, number_in_shop
from serving.store.stories import number_at

SCHEME = "shopify:"
TAGS = ("rto-low", "rto-medium", "rto-high", "rto-waiting", "rto-confirmed", "rto-released")
HANDLE = "rto"
_HOLDABLE = ("OPEN", "SCHEDULED", "ON_HOLD")
# Below so many points the shop is given time; they come back at a rate that it names.
_SPARED, _LONGEST_REST_S, _THROTTLED_TRIES = 100.0, 4.0, 3

_READ = """query($id: ID!) { order(id: $id) { id tags fulfillmentOrders(first: 20) { nodes {
  id status fulfillmentHolds { id handle heldByRequestingApp } } } } }"""
_HOLD = """mutation($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { userErrors { message } } }"""
_RELEASE = """mutation($id: ID!, $holds: [ID!]) {
  fulfillmentOrderReleaseHold(id: $id, holdIds: $holds) { userErrors { message } } }"""
_TAG = """mutation($id: ID!, $tags: [String!]!) {
  tagsAdd(id: $id, tags: $tags) { userErrors { message } } }"""
_UNTAG = """mutation($id: ID!, $tags: [String!]!) {
  tagsRemove(id: $id, tags: $tags) { userErrors { message } } }"""


class ShopFaultError(RtoError):
    """The shop did not do what it was asked to."""


class RevokedError(RtoError):
    """The shop takes nothing from us any more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an order is to look in the shop."""

    number: int
    held: bool
    tags: frozenset[str]


def wanted(connection: Connection, seq: int) -> Wanted | None:
    """How the order that an entry is about is to look; None where the shop has no say in it.

    What came from elsewhere is not the shop's, and what has left is left alone.
    """
    ours = number_at(connection, seq)
    if ours is None:
        return None
    (held,) = orders_numbered(connection, [ours])
    number = number_in_shop(connection, held.merchant_id, held.order_id, test=held.test)
    life, answer = life_of(connection, held.number), answer_now(connection, held)
    if number is None or answer is None:
        return None
    if life.stage not in UNDISPATCHED and life.stage != "cancelled":
        return None
    tags = {f"rto-{answer['tier']}"}
    if life.dispatch == "wait":
        tags.add("rto-waiting")
    elif life.dispatch == "go" and life.since:
        tags.add("rto-confirmed" if life.stage == "confirmed" else "rto-released")
    return Wanted(number, life.dispatch != "go", frozenset(tags))


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes to one shop.

    Parameters
    ----------
    url : str
        Of its Admin API.
    """

    client: httpx2.AsyncClient
    url: str
    account: Shopify

    async def bring(self, order: Wanted) -> None:
        """Bring an order to how it is to look; nothing is asked for that is so already.

        Raises
        ------
        RevokedError, ShopFaultError
            If the shop does not.
        """
        order_id = f"gid://shopify/Order/{order.number}"
        told = await self._ask(_READ, {"id": order_id})
        if "order" not in told:
            raise ShopFaultError("no answer about the order")
        if (found := told["order"]) is None:  # deleted there
            return
        for part in found["fulfillmentOrders"]["nodes"]:
            await self._hold(part, held=order.held)
        there = set(found["tags"])
        await self._tag(_TAG, "tagsAdd", order_id, order.tags - there)
        await self._tag(_UNTAG, "tagsRemove", order_id, (there & set(TAGS)) - order.tags)

    async def _hold(self, part: Mapping[str, Any], *, held: bool) -> None:
        ours = [h["id"] for h in part["fulfillmentHolds"]
                if h["heldByRequestingApp"] and h["handle"] == HANDLE]  # fmt: skip
        if held and not ours and part["status"] in _HOLDABLE:
            hold = {
                "reason": "OTHER",
                "handle": HANDLE,
                "reasonNotes": "Waiting until the risk of return is cleared up",
            }
            await self._done(_HOLD, "fulfillmentOrderHold", {"id": part["id"], "hold": hold})
        if not held and ours:
            given = {"id": part["id"], "holds": ours}
            await self._done(_RELEASE, "fulfillmentOrderReleaseHold", given)

    async def _tag(self, mutation: str, name: str, order_id: str, tags: Iterable[str]) -> None:
        if listed := sorted(tags):
            await self._done(mutation, name, {"id": order_id, "tags": listed})

    async def _done(self, mutation: str, name: str, variables: Mapping[str, Any]) -> None:
        told = (await self._ask(mutation, variables)).get(name) or {}
        if errors := told.get("userErrors"):
            raise ShopFaultError(f"{name}: {errors[0].get('message')}")

    async def _ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """One request, repeated a little later while the shop asks to be spared."""
        for _ in range(_THROTTLED_TRIES):
            answer = await self.client.post(
                f"{self.url}/graphql.json",
                json={"query": query, "variables": dict(variables)},
                headers={"X-Shopify-Access-Token": self.account.token},
            )
            if answer.status_code in (401, 402, 403, 404, 423):
                raise RevokedError(f"HTTP {answer.status_code}")
            told = _read(answer)
            rest_s = _rest_s(told)
            if rest_s:
                await asyncio.sleep(rest_s)
            if not _throttled(answer, told):
                break
        if answer.status_code != 200 or told.get("errors"):
            said = "throttled" if _throttled(answer, told) else f"HTTP {answer.status_code}"
            raise ShopFaultError(said if answer.status_code != 200 else f"{said}: errors")
        data: dict[str, Any] = told.get("data") or {}
        return data


async def write_back(
    home: Home, contacts: Contacts, client: httpx2.AsyncClient, merchant_id: str, seq: int
) -> None:
    """Bring the order that an entry is about to how it is to look in its merchant's shop.

    Raises
    ------
    RevokedError, ShopFaultError
        If the shop does not take it.
    """
    shop = SHOPIFY.of(home.connection, contacts, merchant_id)
    if shop is None or not shop.account.token:
        raise RevokedError("the shop was taken away")
    order = wanted(home.connection, seq)
    if order is not None:
        url = home.settings.shopify_url.replace("{shop}", shop.account.domain).rstrip("/")
        await Writing(client, url, shop.account).bring(order)


def _read(answer: httpx2.Response) -> dict[str, Any]:
    try:
        told = from_json(answer.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _throttled(answer: httpx2.Response, told: Mapping[str, Any]) -> bool:
    errors = told.get("errors")
    codes = [(e.get("extensions") or {}).get("code") for e in errors or () if isinstance(e, dict)]
    return answer.status_code == 429 or "THROTTLED" in codes


def _rest_s(told: Mapping[str, Any]) -> float:
    """How long the shop is to be left alone until it has points to spare again."""
    status = ((told.get("extensions") or {}).get("cost") or {}).get("throttleStatus") or {}
    left, rate = status.get("currentlyAvailable"), status.get("restoreRate")
    if not isinstance(left, int | float) or not isinstance(rate, int | float) or rate <= 0:
        return 0.0
    return min(_LONGEST_REST_S, max(0.0, (_SPARED - left) / rate))

"""Orders of a shop on their way in, told by webhook or read by polling: placed, changed, ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from features.days import DAY_US, SECOND_US
from serving.conversation.life import UNDISPATCHED
from serving.degraded.standby import Standby
from serving.desk import Desk, OtherContentError
from serving.moments import rfc3339
from serving.orders import content_held
from serving.parcels.outcomes import Report, read_outcomes
from serving.parcels.shipments import Ship
from serving.reception import Speaks
from serving.shops.addresses import in_shop, plain, posted, print_of
from serving.shops.shopify import Parcel, Told
from serving.shops.wanted import Heard
from serving.standing import life_of
from serving.store.merchants import Access
from serving.store.orders import Held
from serving.store.shop_orders import ShopOrder, keep_shop_order, shop_order
from serving.wish import Wish

# Nobody is asked about an order that the shop tells of so late: it has long been packed.
LATE_US = 2 * DAY_US
_USUAL = Wish()
_PAYMENT = ("payment_mode", "amount", "amount_due", "discount")


@dataclass(frozen=True, slots=True)
class Taking:
    """Takes in what shops say of their orders; repeats and what is older change nothing.

    Parameters
    ----------
    speaks : callable
        Decides for which merchant a report is.
    clock : callable
        Microseconds since 1970.
    """

    desk: Desk
    standby: Standby
    speaks: Speaks
    clock: Callable[[], int]

    async def order(self, merchant_id: str, told: Told, wish: Wish = _USUAL) -> bool:
        """Place an order, change it, or cancel it; whether anything of it was news."""
        access = _access(merchant_id, test=told.test)
        known = shop_order(self.desk.connection, merchant_id, told.number, test=told.test)
        if known is None:
            known = ShopOrder(merchant_id, told.test, told.number, told.order_id)
            await self._keep(known)  # before it is decided: whoever follows the log looks for it
        news = told.newer_than(known.updated_us)
        held = await self.desk.held(access, told.order_id, wish)
        if held is None:
            held = await self._placed(access, told, wish)
        if held is not None and news and not told.placed and self._open(held):
            await self._changed(access, held, told, known, wish)
        if told.cancelled_at is not None:
            await self._cancelled(access, told)
        if told.updated_us > known.updated_us:
            await self._keep(known.now(told.updated_us, self._print(told)))
        return told.updated_us // SECOND_US > known.updated_us // SECOND_US

    async def parcel(self, merchant_id: str, parcel: Parcel) -> None:
        """A parcel handed over; the order it belongs to may be one of ours or not."""
        for test in (False, True):
            known = shop_order(self.desk.connection, merchant_id, parcel.order_number, test=test)
            if known is not None:
                shipment = {
                    "order_id": known.order_id, "awb": parcel.awb, "courier": parcel.courier,
                    "shipped_at": rfc3339(self.clock()),
                }  # fmt: skip
                access = _access(merchant_id, test=test)
                work = Ship(access, [shipment], self.clock(), self.speaks)
                await self.desk.writer.submit(work)

    async def _keep(self, one: ShopOrder) -> None:
        await self.desk.writer.submit(lambda log: keep_shop_order(log.connection, one))

    async def _placed(self, access: Access, told: Told, wish: Wish) -> Held | None:
        """Score it; what has left, was cancelled or comes late is only remembered.

        Returns
        -------
        Held or None
            The order where another event of it was quicker.
        """
        late = self.clock() - told.created_us > LATE_US
        over = told.cancelled_at is not None or told.left or late
        try:
            await self.standby.score(access, told.body(record_only=over), wish)
        except OtherContentError:
            return await self.desk.held(access, told.order_id, wish)
        return None

    def _open(self, held: Held) -> bool:
        """Whether the order was decided here and has not left."""
        stage = life_of(self.desk.connection, held.number).stage
        return held.decided_seq is not None and stage in UNDISPATCHED

    async def _changed(
        self, access: Access, held: Held, told: Told, known: ShopOrder, wish: Wish
    ) -> None:
        """A new revision, unless all that changed was what we wrote there ourselves."""
        desk = self.desk
        if desk.contacts.of(desk.connection, held.fact_seq) is None:
            return  # its person was erased, and does not come back by a change
        held_now = content_held(desk.connection, desk.contacts, held.fact_seq)
        body = to_json(self._merged(held, told, known, held_now))
        said = desk.reception.read_change(desk.connection, access, held, body)
        if {**said.content.public, **said.content.personal} != held_now:
            await desk.revise(access, held.order_id, body, held.revision, wish)

    def _merged(
        self, held: Held, told: Told, known: ShopOrder, held_now: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the shop says, beside what was corrected and paid here and what it leaves out."""
        content = dict(told.content)
        address = print_of(told.address, told.number, self.desk.reception.digest_key)
        ours = plain(in_shop(held_now)) == plain(told.address)
        if ours or address == known.address:
            content["shipping_address"] = posted(held_now)
            content["customer"] = _customer(content.get("customer", {}), held_now)
        if Heard.of(self.desk.connection, held.number).paid:
            content |= _paid(content, held_now)
        return content if told.whole else _filled(content, held_now)

    async def _cancelled(self, access: Access, told: Told) -> None:
        now = self.clock()
        item = {
            "order_id": told.order_id, "outcome": "cancelled", "outcome_at": rfc3339(now),
            "cancelled_by": told.cancelled_by,
        }  # fmt: skip
        await self.desk.writer.submit(Report(access, read_outcomes([item]), now, self.speaks))

    def _print(self, told: Told) -> bytes:
        return print_of(told.address, told.number, self.desk.reception.digest_key)


def _access(merchant_id: str, *, test: bool) -> Access:
    return Access(merchant_id, "test" if test else "live", key_id="shopify")


def _customer(said: Mapping[str, Any], held_now: Mapping[str, Any]) -> dict[str, Any]:
    """A shop that names no phone of the customer's has the address's for it."""
    ours = {"name": held_now.get("customer_name"), "phone": held_now.get("phone")}
    return {**said, **{name: value for name, value in ours.items() if value}}


def _paid(content: Mapping[str, Any], held_now: Mapping[str, Any]) -> dict[str, Any]:
    """How an order is paid that was paid here: the shop may not know of it."""
    found = {"payment_mode": held_now.get("payment_mode")}
    for name in _PAYMENT[1:]:
        paise = held_now.get(f"{name}_paise")
        found[name] = None if paise is None else f"{paise // 100}.{paise % 100:02d}"
    return {name: value for name, value in found.items() if value or name in content}


def _filled(content: Mapping[str, Any], held_now: Mapping[str, Any]) -> dict[str, Any]:
    """What the Admin API does not say of an order, as its webhook said it before."""
    device = {n: v for n in ("ip", "user_agent") if (v := held_now.get(n))}
    utm = {n: v for n in ("source", "campaign") if (v := held_now.get(f"utm_{n}"))}
    weights = {one.get("sku"): one.get("weight_g") for one in held_now.get("items", ())}
    items = [
        one | {"weight_g": weights[one.get("sku")]} if weights.get(one.get("sku")) else one
        for one in content.get("items", ())
    ]
    filled = dict(content) | {"items": items, "device": device, "utm": utm}
    return {name: value for name, value in filled.items() if value not in (None, [], {})}

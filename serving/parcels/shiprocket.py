"""Shiprocket's interface: orders found, made, readdressed, given a waybill or cancelled; parcels.

It has no call that holds an order: what has no waybill is fetched by nobody, so that is what
waiting means there (its documentation, read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from features.phone import normal_phone
from serving.moments import india_day
from serving.parcels.answers import Wish
from serving.parcels.calls import Calls, CourierFaultError, DeclinedError, DeniedError
from serving.parcels.calls import plain_of as _plain
from serving.parcels.calls import said_by as _why
from serving.parcels.couriers import Scan, shiprocket_scans
from serving.store.couriers import Courier

MOST_AT_ONCE = 50
_CANCELLED, _SHIPPED = 5, (6, 7, 9, 10, 12, 14, 17, 18, 21)


@dataclass(frozen=True, slots=True)
class Found:
    """An order as it stands at Shiprocket.

    Parameters
    ----------
    awb : str or None
        Its waybill: the courier fetches what has one.
    left : bool
        It is on the road already.
    """

    outside_id: str
    shipment_id: str
    awb: str | None
    cancelled: bool = False
    left: bool = False


@dataclass(frozen=True, slots=True)
class Shiprocket:
    """One seller's account.

    Parameters
    ----------
    login : callable
        The token kept, or None; given one, it keeps it (an empty one forgets).
    """

    calls: Calls
    account: Courier
    login: Callable[[str | None], str | None]

    async def find(self, order_id: str, outside_id: str | None) -> Found | None:
        """An order by its number there, or by the seller's name of it.

        Raises
        ------
        DeclinedError
            If several have that name, so that nobody knows which one is meant.
        """
        if outside_id is not None:
            answer = await self._ask("GET", f"/orders/show/{outside_id}")
            data = _plain(answer).get("data")
            return _found(data) if isinstance(data, dict) else None
        answer = await self._ask("GET", "/orders", query={"search": order_id})
        listed = _plain(answer).get("data")
        wanted = self.account.channel_id
        named = [
            one for one in listed or () if str(one.get("channel_order_id")) == order_id
            and wanted in (None, one.get("channel_id"))
        ]  # fmt: skip
        if len(named) > 1:
            raise DeclinedError(f"{len(named)} orders are called {order_id} there: set channel_id")
        return _found(named[0]) if named else None

    async def create(self, order_id: str, created_us: int, content: Mapping[str, Any]) -> Found:
        """Make an order; the same name a second time makes no second one."""
        body = _order(self.account, order_id, created_us, content)
        told = _plain(await self._ask("POST", "/orders/create/adhoc", body))
        if not told.get("order_id"):
            raise CourierFaultError("the answer names no order")
        awb = told.get("awb_code")
        return Found(str(told["order_id"]), str(told.get("shipment_id")), str(awb) if awb else None)

    async def assign(self, found: Found) -> str | None:
        """Give an order a waybill, so that it is fetched; None if the courier gave none now."""
        told = _plain(
            await self._ask("POST", "/courier/assign/awb", {"shipment_id": found.shipment_id})
        )
        data = (told.get("response") or {}).get("data") or {}
        return str(data["awb_code"]) if data.get("awb_code") else None

    async def unship(self, awb: str) -> None:
        """Take a waybill away before the parcel is fetched; the order stays."""
        await self._ask("POST", "/orders/cancel/shipment/awbs", {"awbs": [awb]})

    async def cancel(self, outside_id: str) -> None:
        """Cancel an order."""
        await self._ask("POST", "/orders/cancel", {"ids": [int(outside_id)]})

    async def readdress(self, outside_id: str, content: Mapping[str, Any]) -> None:
        """Let an order go to the address that it has now; twice is as once."""
        address = {f"shipping_{name}": value for name, value in _address(content).items()}
        await self._ask("POST", "/orders/address/update", {"order_id": int(outside_id), **address})

    async def acted(self, awb: str, wish: Wish) -> bool:
        """Whether a wish has been passed on already."""
        listed = _plain(await self._ask("GET", f"/ndr/{awb}")).get("data")
        ours = f"(rto {wish.seq})"
        return any(
            ours in str(line.get("comment"))
            for one in listed or () for line in one.get("history") or ()
        )  # fmt: skip

    async def act(self, awb: str, wish: Wish) -> str | None:
        """Pass on what the customer wants; what of it was not taken, or None.

        A fake attempt is said to want a proof with some couriers; where it is declined, another
        attempt is asked for all the same.
        """
        action = "return" if wish.refused else "fake-attempt" if wish.nobody_came else "re-attempt"
        try:
            await self._act(awb, action, wish)
        except DeclinedError as error:
            if action != "fake-attempt":
                raise
            await self._act(awb, "re-attempt", wish)
            return f"fake-attempt: {error}"
        return None

    async def _act(self, awb: str, action: str, wish: Wish) -> None:
        body: dict[str, Any] = {"action": action, "comments": wish.words}
        if action == "fake-attempt":
            body["remarks"] = wish.words
        if action != "return" and wish.day:
            body["deferred_date"] = wish.day
        if action != "return" and wish.address is not None:
            to = _address(wish.address)
            second = [str(to[n]) for n in ("address_2", "city", "state", "pincode") if to.get(n)]
            body |= {
                "address1": to["address"],
                "address2": ", ".join(second),
                "phone": to["phone"],
            }
        await self._ask("POST", f"/ndr/{awb}/action", body)

    async def track(self, awbs: Sequence[str]) -> list[Scan]:
        """What has happened to parcels, at most fifty at once."""
        told = _plain(await self._ask("POST", "/courier/track/awbs", {"awbs": list(awbs)}))
        return [
            scan for awb in awbs if isinstance(one := told.get(awb), dict)
            for scan in shiprocket_scans(awb, one.get("tracking_data"))
        ]  # fmt: skip

    async def _ask(
        self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """One call under the login kept; where that has run out, under a new one.

        Raises
        ------
        DeniedError
            If a new login opens nothing either.
        DeclinedError
            If this is not done.
        """
        for _ in range(2):
            token = self.login(None) or await self._log_in()
            answer = await self.calls.ask(
                method, path, headers={"Authorization": f"Bearer {token}"}, body=body, query=query
            )
            if answer.status_code != 401:
                break
            self.login("")
        else:
            raise DeniedError(_why(answer))
        if answer.status_code >= 400:
            raise DeclinedError(_why(answer))
        return answer

    async def _log_in(self) -> str:
        body = {"email": self.account.email, "password": self.account.password}
        answer = await self.calls.ask("POST", "/auth/login", headers={}, body=body)
        token = _plain(answer).get("token")
        if not answer.is_success or not isinstance(token, str):
            raise DeniedError(_why(answer))
        self.login(token)
        return token


def _found(data: Mapping[str, Any]) -> Found:
    shipments = data.get("shipments")
    first = shipments[0] if isinstance(shipments, list) and shipments else shipments or {}
    status = data.get("status_code")
    awb = first.get("awb")
    return Found(str(data.get("id")), str(first.get("id")), str(awb) if awb else None,
                 cancelled=status == _CANCELLED, left=status in _SHIPPED)  # fmt: skip


def _address(content: Mapping[str, Any]) -> dict[str, Any]:
    """Who receives it and where; a landmark goes with the second line."""
    phone = normal_phone(content.get("ship_phone")) or normal_phone(content.get("phone")) or ""
    rest = (content.get("address_line2"), content.get("landmark"))
    return {
        "customer_name": content.get("ship_name") or content.get("customer_name") or "Customer",
        "phone": phone.removeprefix("+91"),
        "address": content.get("address_line1") or "",
        "address_2": ", ".join(str(part) for part in rest if part),
        "city": content.get("city") or "",
        "state": content.get("state") or "",
        "country": "India",
        "pincode": content.get("pincode") or "",
    }


def _order(
    account: Courier, order_id: str, created_us: int, content: Mapping[str, Any]
) -> dict[str, Any]:
    """An order as Shiprocket takes it; a parcel's measures are the account's."""
    billing = {f"billing_{name}": value for name, value in _address(content).items()}
    due = content.get("amount_due_paise")
    at_door = content.get("payment_mode") in ("cod", "partial_cod")
    total = content.get("amount_paise") if due is None else due
    items = [
        {"name": one.get("name") or one.get("sku") or "Item", "sku": one.get("sku") or "item",
         "units": one.get("quantity") or 1, "selling_price": (one.get("price_paise") or 0) / 100}
        for one in content.get("items") or ()
    ]  # fmt: skip
    whole = int(total or 0) / 100
    return {
        "order_id": order_id, "order_date": india_day(created_us),
        "pickup_location": account.pickup_location, **billing, "billing_last_name": "",
        "billing_email": content.get("email") or "", "shipping_is_billing": True,
        "order_items": items or [{"name": "Order", "sku": "order", "units": 1,
                                  "selling_price": whole}],
        "payment_method": "COD" if at_door else "Prepaid", "sub_total": whole,
        "length": account.length_cm, "breadth": account.breadth_cm, "height": account.height_cm,
        "weight": account.weight_kg,
    }  # fmt: skip

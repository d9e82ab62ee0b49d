"""Delhivery's interface: parcels tracked, and what is to be done after a failed delivery.

A parcel exists there once it has a waybill, so nothing is held there; that nobody came cannot be
said, and sending back is cancelling (its documentation, read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from features.phone import normal_phone
from serving.parcels.answers import Wish
from serving.parcels.calls import Calls, DeclinedError, DeniedError, plain_of, said_by
from serving.parcels.couriers import Scan, delhivery_scans
from serving.store.couriers import Courier

MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Delhivery:
    """One client's account."""

    calls: Calls
    account: Courier

    async def ask_for(self, awb: str, wish: Wish) -> str:
        """Ask for what the customer wants; the receipts under which it is said what came of it.

        Asked twice, each of these is as if asked once.
        """
        if wish.refused:
            await self._ask("POST", "/api/p/edit", {"waybill": awb, "cancellation": "true"})
            return ""
        wanted: list[dict[str, Any]] = []
        if wish.address is not None:
            wanted.append({"act": "EDIT_DETAILS", "action_data": _details(wish.address)})
        if wish.day:
            wanted.append({"act": "DEFER_DLV", "action_data": {"deferred_date": wish.day}})
        else:
            wanted.append({"act": "RE-ATTEMPT"})
        return " ".join([await self._update({"waybill": awb, **one}) for one in wanted])

    async def try_again(self, awb: str) -> str:
        """Ask for another attempt and nothing else; its receipt."""
        return await self._update({"waybill": awb, "act": "RE-ATTEMPT"})

    async def came_of(self, receipt: str) -> str | None:
        """What came of a request: nothing to say, why it was refused, or None while it is open."""
        path = f"/api/cmu/get_bulk_upl/{receipt}"
        told = plain_of(await self._ask("GET", path, query={"verbose": "true"}))
        if failed := told.get("failed_wbns"):
            return f"{failed[0].get('action')}: {failed[0].get('message')}"[:200]
        return "" if told.get("status") == "Success" or told.get("success_wbns") else None

    async def track(self, awbs: Sequence[str]) -> list[Scan]:
        """What has happened to parcels, at most fifty at once."""
        answer = await self._ask("GET", "/api/v1/packages/json/", query={"waybill": ",".join(awbs)})
        return [
            scan for one in plain_of(answer).get("ShipmentData") or () if isinstance(one, dict)
            for scan in delhivery_scans(one.get("Shipment"))
        ]  # fmt: skip

    async def _update(self, one: dict[str, Any]) -> str:
        told = plain_of(await self._ask("POST", "/api/p/update", {"data": [one]}))
        return str(told.get("request_id") or "")

    async def _ask(
        self, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        headers = {"Authorization": f"Token {self.account.api_token}"}
        answer = await self.calls.ask(method, path, headers=headers, body=body, query=query)
        if answer.status_code in (401, 403):
            raise DeniedError(said_by(answer))
        if answer.status_code >= 400:
            raise DeclinedError(said_by(answer))
        return answer


def _details(content: Mapping[str, Any]) -> dict[str, str]:
    names = ("address_line1", "address_line2", "landmark", "city", "state", "pincode")
    lines = [str(content[name]) for name in names if content.get(name)]
    phone = normal_phone(content.get("ship_phone")) or normal_phone(content.get("phone")) or ""
    said = {"name": content.get("ship_name") or content.get("customer_name"),
            "phone": phone.removeprefix("+91"), "add": ", ".join(lines)}  # fmt: skip
    return {name: str(value) for name, value in said.items() if value}

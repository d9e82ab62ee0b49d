"""A stand-in for Shiprocket: orders, waybills, scans and failed deliveries, and its webhooks.

Paths, fields and status codes as its documentation has them (read 2026-11-23); it has no call that
holds an order, so what has no waybill is what stays.
"""

from __future__ import annotations

import json
import random
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from features.days import IST
from serving.sandbox.listening import Asked, Given, StandIn, given, posted

TOKEN_S = 240 * 3_600
_PREFIX = "/v1/external"
_MOST_AWBS = 50
_ADDRESS = ("shipping_customer_name", "shipping_phone", "shipping_address", "shipping_city",
            "shipping_state", "shipping_country", "shipping_pincode")  # fmt: skip
_CREATE = ("order_id", "order_date", "pickup_location", "billing_customer_name", "billing_address",
           "billing_city", "billing_pincode", "billing_state", "billing_country", "billing_phone",
           "order_items", "payment_method", "sub_total", "length", "breadth", "height",
           "weight")  # fmt: skip
_LABELS = {6: "SHIPPED", 7: "DELIVERED", 8: "CANCELED", 9: "RTO INITIATED", 10: "RTO DELIVERED",
           12: "LOST", 17: "OUT FOR DELIVERY", 18: "IN TRANSIT", 21: "UNDELIVERED"}  # fmt: skip
_UNDELIVERED = 21


@dataclass
class Shiprocket(StandIn):
    """One seller's account.

    Parameters
    ----------
    token : str
        That webhooks bring in ``x-api-key``.
    hook : str
        Where they are posted; empty posts none.
    faults : deque of str
        One for each coming request: a status, ``reset`` (done, but not said), or empty for none.
    calls_a_minute : int
        More are answered 429; counted by ``clock``, in seconds.
    wants_proof : bool
        Whether a fake attempt is only taken with a recording or a picture.
    asked : list
        Method and path of every request that was let in.
    busiest, refused : int
        Requests let in within the busiest minute, and those that were too many.
    """

    email: str
    password: str
    token: str
    hook: str = ""
    faults: deque[str] = field(default_factory=deque)
    calls_a_minute: int = 1_000_000
    clock: Callable[[], float] = time.time
    wants_proof: bool = False
    orders: dict[int, dict[str, Any]] = field(default_factory=dict)
    scans: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    ndrs: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    busiest: int = 0
    refused: int = 0
    kept: list[bytes] = field(default_factory=list)
    _tokens: dict[str, float] = field(default_factory=dict)
    _calls: deque[float] = field(default_factory=deque)
    _numbers: count[int] = field(default_factory=lambda: count(16_161_616))

    def answer(self, asked: Asked) -> Given | None:
        """One request."""
        now, path = self.clock(), asked.path.removeprefix(_PREFIX).rstrip("/")
        while self._calls and self._calls[0] <= now - 60:
            self._calls.popleft()
        if len(self._calls) >= self.calls_a_minute:
            self.refused += 1
            return _says(429, "Too Many Attempts.")
        self._calls.append(now)
        self.busiest = max(self.busiest, len(self._calls))
        self.asked.append((asked.method, path))
        fault = self.faults.popleft() if self.faults else ""
        if fault.isdigit():
            return _says(int(fault), "asked for")
        if path == "/auth/login":
            return self._login(asked.plain())
        bearer = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self._tokens.get(bearer, 0) <= now:
            return _says(401, "Token has expired")
        said = self._said(asked, path)
        return None if fault == "reset" else said

    def revoke(self, password: str = "") -> None:
        """Let no token count any more, and perhaps change the password."""
        self._tokens.clear()
        self.password = password or self.password

    def _login(self, body: Mapping[str, Any]) -> Given:
        if (body.get("email"), body.get("password")) != (self.email, self.password):
            return _says(403, "Invalid email and password combination")
        token = secrets.token_hex(24)
        self._tokens[token] = self.clock() + TOKEN_S
        return given(200, {"email": self.email, "token": token})

    def _said(self, asked: Asked, path: str) -> Given:
        body = asked.plain() if asked.method == "POST" else {}
        doing: dict[str, Callable[[Any], Given]] = {
            "/orders/create/adhoc": self._create, "/orders/address/update": self._readdress,
            "/orders/cancel": self._cancel, "/orders/cancel/shipment/awbs": self._unship,
            "/courier/assign/awb": self._assign, "/courier/track/awbs": self._track,
        }  # fmt: skip
        if path in doing:
            return doing[path](body)
        if path == "/orders":
            wanted = asked.query.get("search", "")
            found = [_listed(o) for o in self.orders.values() if wanted in o["channel_order_id"]]
            return given(200, {"data": found, "meta": {}})
        if path.startswith("/orders/show/"):
            order = self.orders.get(_number(path.rpartition("/")[2]))
            return _says(400, "Order ID not found") if order is None else given(
                200, {"data": _listed(order)}
            )  # fmt: skip
        if path.startswith("/ndr/"):
            return self._ndr(asked, path.removeprefix("/ndr/"), body)
        return _says(404, "404 Not Found")

    def imports(self, channel_order_id: str, **fields: Any) -> int:
        """Have an order as a connected shop brings it; Shiprocket's number of it."""
        number = next(self._numbers)
        self.orders[number] = {
            "id": number, "channel_id": 76_893, "channel_order_id": channel_order_id,
            "status": "NEW", "status_code": 1, "awb": "", "shipment_id": number - 1_000_000,
            "address": {}, "left": False, "activities": ["ORDER_CREATED"], **fields,
        }  # fmt: skip
        return number

    def named(self, channel_order_id: str) -> dict[str, Any] | None:
        """The order of a name that the seller gave it."""
        found = (o for o in self.orders.values() if o["channel_order_id"] == channel_order_id)
        return next(found, None)

    def auto_assign(self) -> None:
        """Give every new order a waybill, as the panel's own automation does."""
        for order in self.orders.values():
            if order["status"] == "NEW":
                self._assign({"shipment_id": order["shipment_id"]})

    def pack(self) -> list[str]:
        """Let the courier fetch whatever has a waybill; the seller's names of it."""
        gone = [o for o in self.orders.values() if o["awb"] and not o["left"]]
        for order in gone:
            order |= {"left": True, "status": "SHIPPED", "status_code": 6}
        return [order["channel_order_id"] for order in gone]

    def _create(self, body: dict[str, Any]) -> Given:
        if missing := [name for name in _CREATE if body.get(name) in (None, "", [])]:
            return _invalid(missing[0], "is required")
        known = self.named(str(body["order_id"]))
        if known is not None:  # refused after a cancellation, and else the one that is there
            if known["status"] == "CANCELED":
                return _invalid("order_id", "has already been taken")
            return given(200, _created(known))
        number = self.imports(str(body["order_id"]), payment=body["payment_method"])
        self.orders[number]["address"] = {
            name.replace("billing", "shipping"): value
            for name, value in body.items() if name.startswith("billing_")
        }  # fmt: skip
        return given(200, _created(self.orders[number]))

    def _readdress(self, body: dict[str, Any]) -> Given:
        order = self.orders.get(_number(body.get("order_id")))
        if missing := [name for name in _ADDRESS if body.get(name) in (None, "")]:
            return _invalid(missing[0], "is required")
        if order is None or order["left"]:
            return _invalid("order_id", "is invalid")
        order["address"] = {name: v for name, v in body.items() if name != "order_id"}
        order["activities"].append("ADDRESS_MODIFIED")
        return given(202, {})

    def _cancel(self, body: dict[str, Any]) -> Given:
        for number in body.get("ids") or []:
            order = self.orders.get(_number(number))
            if order is None or order["left"]:
                return _says(500, "Trying to get property of non-object")
            order |= {"status": "CANCELED", "status_code": 5, "awb": ""}
            order["activities"].append("ORDER_CANCELLED")
        return given(200, {})

    def _unship(self, body: dict[str, Any]) -> Given:
        for order in self.orders.values():
            if order["awb"] and order["awb"] in (body.get("awbs") or []) and not order["left"]:
                order |= {"awb": "", "status": "NEW", "status_code": 1}
                order["activities"].append("SHIPMENT_CANCELLED")
        return given(200, {"message": "Bulk Shipment cancellation is in progress."})

    def _assign(self, body: dict[str, Any]) -> Given:
        wanted = _number(body.get("shipment_id"))
        order = next((o for o in self.orders.values() if o["shipment_id"] == wanted), None)
        if order is None or order["awb"] or order["status"] == "CANCELED":
            return _says(400, "Oops! Cannot reassign courier for this shipment.")
        awb = f"1904{next(self._numbers)}"
        order |= {"awb": awb, "status": "READY TO SHIP", "status_code": 11}
        order["activities"].append("AWB_ASSIGNED")
        data = {"awb_code": awb, "courier_name": "Delhivery Surface",
                "shipment_id": wanted}  # fmt: skip
        return given(200, {"awb_assign_status": 1, "response": {"data": data}})

    def _track(self, body: dict[str, Any]) -> Given:
        awbs = body.get("awbs") or []
        if len(awbs) > _MOST_AWBS:
            return _says(400, "Maximum of 50 AWB codes is supported at a time.")
        return given(200, {awb: {"tracking_data": self._tracked(awb)} for awb in awbs})

    def _tracked(self, awb: str) -> dict[str, Any]:
        if not (told := self.scans.get(awb)):
            return {"track_status": 0, "error": "Aahh! There is no activities found in our DB."}
        track = {"awb_code": awb, "courier_name": "Delhivery Surface"}
        return {"track_status": 1, "shipment_status": int(told[-1]["sr-status"]),
                "shipment_track": [track], "shipment_track_activities": told[::-1]}  # fmt: skip

    def _ndr(self, asked: Asked, rest: str, body: dict[str, Any]) -> Given:
        awb, _, verb = rest.partition("/")
        if awb == "all":
            return given(200, {"data": list(self.ndrs.values()), "meta": {}})
        found = self.ndrs.get(awb)
        if verb != "action" or asked.method != "POST":
            return given(200, {"data": [found] if found else []})
        if found is None:
            return _invalid("awb", "is not in NDR")
        action = body.get("action")
        if action not in ("re-attempt", "fake-attempt", "return") or not body.get("comments"):
            return _invalid("action" if body.get("comments") else "comments", "is invalid")
        proofs = {"proof_audio", "proof_image"} & body.keys()
        if action == "fake-attempt" and self.wants_proof and not proofs:
            return _invalid("proof_audio", "is required")
        found["history"].append({"action_by": 2, "ndr_attempt": found["attempts"],
                                 "comment": body["comments"]})  # fmt: skip
        found.setdefault("actions", []).append(body)
        return given(202, {"status": "Data Updated Sucessfully"})

    def scan(self, awb: str, status: int, at_us: int, activity: str = "") -> None:
        """Let something happen to a parcel; its webhook is kept until :meth:`tell`."""
        at = datetime.fromtimestamp(at_us // 1_000_000, UTC).astimezone(IST)
        label = _LABELS[status]
        line = {"date": f"{at:%Y-%m-%d %H:%M:%S}", "status": label[:4], "location": "Bengaluru",
                "activity": activity or label.title(), "sr-status": str(status),
                "sr-status-label": label}  # fmt: skip
        self.scans.setdefault(awb, []).append(line)
        if status == _UNDELIVERED:
            ndr = self.ndrs.setdefault(awb, {"awb_code": awb, "attempts": 0, "history": []})
            ndr |= {"attempts": ndr["attempts"] + 1, "reason": activity}
        else:
            self.ndrs.pop(awb, None)
        order = next(o for o in self.orders.values() if o["awb"] == awb)
        self.kept.append(json.dumps({
            "awb": awb, "courier_name": "Delhivery Surface", "current_status": label,
            "current_status_id": status, "shipment_status": label, "shipment_status_id": status,
            "current_timestamp": f"{at:%d %m %Y %H:%M:%S}", "is_return": 0,
            "order_id": order["channel_order_id"], "sr_order_id": order["id"],
            "scans": list(self.scans[awb]), "channel_id": order["channel_id"],
        }).encode())  # fmt: skip

    def tell(self, pick: random.Random | None = None, times: int = 1) -> list[int]:
        """Post the webhooks kept so far, each so often, and in any order where one is given."""
        bodies, self.kept = self.kept * times, []
        if not self.hook:
            return []
        if pick is not None:
            pick.shuffle(bodies)
        headers = {"x-api-key": self.token, "content-type": "application/json"}
        return [posted(self.hook, body, headers, patient=False) for body in bodies]


def _listed(order: Mapping[str, Any]) -> dict[str, Any]:
    shipment = {"id": order["shipment_id"], "awb": order["awb"]}
    kept = ("id", "channel_id", "channel_order_id", "status", "status_code", "activities")
    return {name: order[name] for name in kept} | {"shipments": [shipment]}


def _created(order: Mapping[str, Any]) -> dict[str, Any]:
    return {"order_id": order["id"], "shipment_id": order["shipment_id"], "status": "NEW",
            "status_code": 1, "awb_code": order["awb"] or None}  # fmt: skip


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isdigit() else -1


def _invalid(name: str, what: str) -> Given:
    errors = {name: [f"The {name.replace('_', ' ')} field {what}."]}
    body = {"message": "Oops! Invalid Data.", "errors": errors, "status_code": 422}
    return given(422, body)


def _says(status: int, message: str) -> Given:
    return given(status, {"message": message, "status_code": status})

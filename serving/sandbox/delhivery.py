"""A stand-in for Delhivery: tracking, what is to be done after a failed delivery, cancelling.

Paths and fields as its documentation has them (read 2026-11-23); what is asked for after a failed
delivery is answered with a receipt, and what came of it is asked for with that.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from features.days import IST
from serving.sandbox.listening import Asked, Given, StandIn, given, posted

_MOST_WAYBILLS = 50
_HIDDEN = "There has been an error but we were asked to not let you see that."
_AGAIN = ("EOD-74", "EOD-15", "EOD-104", "EOD-43", "EOD-86", "EOD-11", "EOD-16", "EOD-69", "EOD-6")
_DEFER = ("EOD-74", "EOD-15", "EOD-11", "EOD-3", "EOD-16", "EOD-6")


@dataclass
class Delhivery(StandIn):
    """One client's account.

    Parameters
    ----------
    api_token : str
        That requests bring.
    token : str
        That pushes bring in ``x-api-key``.
    faults : deque of str
        As :class:`serving.sandbox.shiprocket.Shiprocket` has them.
    slow : int
        How often a receipt is answered as pending before it is done.
    """

    api_token: str
    token: str
    hook: str = ""
    faults: deque[str] = field(default_factory=deque)
    calls_a_minute: int = 1_000_000
    clock: Callable[[], float] = time.time
    slow: int = 0
    parcels: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: list[dict[str, Any]] = field(default_factory=list)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    kept: list[bytes] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    _calls: deque[float] = field(default_factory=deque)
    _numbers: count[int] = field(default_factory=lambda: count(1_774_908_348))

    def answer(self, asked: Asked) -> Given | None:
        """One request."""
        now, path = self.clock(), asked.path.rstrip("/")
        while self._calls and self._calls[0] <= now - 60:
            self._calls.popleft()
        if len(self._calls) >= self.calls_a_minute:
            return given(429, "Too many requests")
        self._calls.append(now)
        self.asked.append((asked.method, path))
        fault = self.faults.popleft() if self.faults else ""
        if fault.isdigit():
            return given(int(fault), _HIDDEN)
        if asked.headers.get("authorization") != f"Token {self.api_token}":
            return given(401, _HIDDEN)
        said = self._said(asked, path)
        return None if fault == "reset" else said

    def _said(self, asked: Asked, path: str) -> Given:
        if path == "/api/v1/packages/json":
            awbs = asked.query.get("waybill", "").split(",")
            if len(awbs) > _MOST_WAYBILLS:
                return given(400, {"Error": "At most 50 waybills"})
            told = [{"Shipment": self._shipment(a)} for a in awbs if a in self.parcels]
            return given(200, {"ShipmentData": told})
        if path == "/api/p/update" and asked.method == "POST":
            (one,) = asked.plain()["data"]
            receipt = f"UPL{next(self._numbers)}"
            why = self._refusal(one)
            self.receipts[receipt] = {"one": one, "left": self.slow, "why": why}
            self.done += [one] if not why else []
            return given(200, {"request_id": receipt})
        if path.startswith("/api/cmu/get_bulk_upl/"):
            return self._status(path.rpartition("/")[2])
        if path == "/api/p/edit" and asked.method == "POST":
            body = asked.plain()
            if body.get("waybill") not in self.parcels:
                return given(404, _HIDDEN)
            self.done.append({"act": "EDIT", **body})
            return given(200, {"status": True, "waybill": body["waybill"]})
        return given(404, _HIDDEN)

    def _refusal(self, one: dict[str, Any]) -> str:
        parcel = self.parcels.get(str(one.get("waybill")))
        if parcel is None or parcel["scans"][-1]["Scan"] != "Pending":
            return "package should be in pending status"
        code, act = parcel["scans"][-1]["StatusCode"], one.get("act")
        allowed = {"RE-ATTEMPT": code in _AGAIN, "DEFER_DLV": code in _DEFER,
                   "EDIT_DETAILS": True}  # fmt: skip
        return "" if allowed.get(str(act)) else f"{act} is not allowed for {code}"

    def _status(self, receipt: str) -> Given:
        found = self.receipts.get(receipt)
        if found is None:
            return given(404, _HIDDEN)
        if found["left"] > 0:
            found["left"] -= 1
            return given(200, {"status": "Pending", "request_id": receipt})
        one = {"waybill": found["one"]["waybill"], "action": found["one"]["act"]}
        if found["why"]:
            return given(200, {"status": "Failure", "remark": "Zero waybills affected",
                               "failed_wbns": [one | {"message": found["why"]}],
                               "success_wbns": [], "request_id": receipt})  # fmt: skip
        return given(200, {"status": "Success", "failed_wbns": [], "success_wbns": [one],
                           "request_id": receipt})  # fmt: skip

    def _shipment(self, awb: str) -> dict[str, Any]:
        parcel = self.parcels[awb]
        last = parcel["scans"][-1]
        return {
            "AWB": awb, "ReferenceNo": parcel["order_id"], "NSLCode": last["StatusCode"],
            "Status": {"Status": last["Scan"], "StatusType": last["ScanType"],
                       "StatusDateTime": last["StatusDateTime"],
                       "StatusLocation": last["ScannedLocation"],
                       "Instructions": last["Instructions"]},
            "Scans": [{"ScanDetail": scan} for scan in parcel["scans"]],
        }  # fmt: skip

    def scan(
        self, awb: str, order_id: str, pair: tuple[str, str], at_us: int, code: str = "",
        remark: str = "",
    ) -> None:  # fmt: skip
        """Let something happen to a parcel; its push is kept until :meth:`tell`."""
        at = datetime.fromtimestamp(at_us // 1_000_000, UTC).astimezone(IST)
        parcel = self.parcels.setdefault(awb, {"order_id": order_id, "scans": []})
        parcel["scans"].append({
            "ScanType": pair[0], "Scan": pair[1], "StatusDateTime": f"{at:%Y-%m-%dT%H:%M:%S}",
            "StatusCode": code, "ScannedLocation": "Bengaluru", "Instructions": remark,
        })  # fmt: skip
        pushed = {name: v for name, v in self._shipment(awb).items() if name != "Scans"}
        self.kept.append(json.dumps({"Shipment": pushed}).encode())

    def tell(self) -> list[int]:
        """Post the pushes kept so far."""
        bodies, self.kept = self.kept, []
        headers = {"x-api-key": self.token, "content-type": "application/json"}
        return [posted(self.hook, body, headers, patient=False) for body in bodies]

"""Scans come in: shipments and outcomes by themselves, and a question after a failed delivery."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic_core import to_json

from features.days import DAY_US, SECOND_US
from serving.conversation.asking import say
from serving.conversation.leaving import leave
from serving.conversation.life import UNDISPATCHED
from serving.conversation.parcel_news import tell
from serving.hands import record
from serving.moments import rfc3339
from serving.parcels.couriers import Scan
from serving.parcels.outcomes import Report, read_outcomes
from serving.reception import CLOCK_SKEW_US, Speaks
from serving.standing import life_of
from serving.store.contacts import Contacts
from serving.store.courier_orders import end_watch, heard_of, watch
from serving.store.couriers import Tracking
from serving.store.log import Log
from serving.store.merchants import Access
from serving.store.orders import Held, orders_numbered
from serving.store.repeats import first_seen
from serving.store.shipments import keep_shipment, known_scan, later_scan, shipment_of
from serving.store.stories import times_of
from serving.store.timers import set_timer

# Couriers decide within a day whether to try again.
WINDOW_US = DAY_US
MOST_ATTEMPTS = 3

_OUTCOMES = {"delivered": "delivered", "rto_initiated": "rto", "rto_delivered": "rto",
             "cancelled": "cancelled", "lost": "lost", "returned": "returned"}  # fmt: skip


# After these nothing is to be heard of a parcel any more.
_OVER = ("delivered", "rto_delivered", "cancelled", "lost", "returned")
# Pushed and asked for, one scan may bear two times.
_SAME_US = 300 * SECOND_US


@dataclass(frozen=True, slots=True)
class Scanned:
    """Work for the writer: take in scans, each once, in whatever order and way they come.

    Parameters
    ----------
    numbers : mapping
        Orders of waybills that have not been seen leaving yet.
    """

    tracking: Tracking
    scans: Sequence[Scan]
    contacts: Contacts
    speaks: Speaks
    now_us: int
    numbers: Mapping[str, int] = field(default_factory=dict)

    def __call__(self, log: Log) -> None:
        for scan in self.scans:
            held = self._order(log, scan)
            if held is None or scan.at_us > self.now_us + CLOCK_SKEW_US:
                continue
            if not first_seen(log.connection, self.tracking.endpoint, _name(scan), self.now_us):
                continue
            heard_of(log.connection, held.merchant_id, [scan.awb], self.now_us)
            if not known_scan(log.connection, held.number, scan.kind, scan.at_us, _SAME_US):
                self._take(log, held, scan)

    def _order(self, log: Log, scan: Scan) -> Held | None:
        merchant_id = self.tracking.merchant_id
        number = shipment_of(log.connection, merchant_id, scan.awb, test=False)
        number = self.numbers.get(scan.awb) if number is None else number
        if number is not None:
            return orders_numbered(log.connection, [number])[0]
        if scan.order_id is None:
            return None
        return log.find(merchant_id, scan.order_id)

    def _take(self, log: Log, held: Held, scan: Scan) -> None:
        if scan.kind != "cancelled":
            self._ship(log, held, scan)
        (held,) = orders_numbered(log.connection, [held.number])
        if scan.kind == "out_for_delivery":
            # What happened before the last failed delivery says nothing about the next one.
            if not later_scan(log.connection, held.number, "ndr", scan.at_us):
                self._out(log, held, scan, scan.at_us)
                tell(log, held, "out_for_delivery", at_us=scan.at_us, now_us=self.now_us)
        elif scan.kind == "ndr":
            self._failed(log, held, scan)
        elif scan.kind in _OUTCOMES:
            self._ended(log, held, scan)

    def _ship(self, log: Log, held: Held, scan: Scan) -> None:
        """The first scan of a parcel says that it is on the road."""
        merchant_id = self.tracking.merchant_id
        if shipment_of(log.connection, merchant_id, scan.awb, test=False) is not None:
            return
        body = _known({"awb": scan.awb, "courier": scan.courier})
        seq = log.append("shipped", body, at_us=scan.at_us, known_us=self.now_us, order=held)
        keep_shipment(log.connection, held, scan.awb, seq)
        if self.tracking.account.calls:
            watch(log.connection, merchant_id, self.tracking.account.courier, scan.awb,
                  held.number, self.now_us)  # fmt: skip
        leave(log, held, self.now_us)
        if scan.kind == "shipped":
            tell(log, held, "shipped", at_us=scan.at_us, now_us=self.now_us, courier=scan.courier)

    def _out(self, log: Log, held: Held, scan: Scan, at_us: int) -> None:
        body = _known({"awb": scan.awb, "courier": scan.courier})
        log.append("out_for_delivery", body, at_us=at_us, known_us=self.now_us, order=held)

    def _ended(self, log: Log, held: Held, scan: Scan) -> None:
        outcome = _OUTCOMES[scan.kind]
        said = {
            "order_id": held.order_id, "outcome": outcome, "awb": scan.awb,
            "outcome_at": rfc3339(scan.at_us), "reason": scan.reason if outcome == "rto" else None,
        }  # fmt: skip
        access = Access(self.tracking.merchant_id, "live")
        Report(access, read_outcomes([said]), self.now_us, self.speaks)(log)
        if scan.kind in _OVER:
            end_watch(log.connection, held.merchant_id, scan.awb)
        if scan.kind == "rto_delivered":
            record(log, held, "rto_delivered", {"awb": scan.awb}, self.now_us)

    def _failed(self, log: Log, held: Held, scan: Scan) -> None:
        """Ask the customer what to do, while the courier would still try again."""
        if life_of(log.connection, held.number).stage in (*UNDISPATCHED, "cancelled"):
            return
        attempt = 1 + times_of(log.connection, held.number, "ndr")
        body = _known({"awb": scan.awb, "courier": scan.courier, "reason": scan.reason,
                       "attempt": attempt})  # fmt: skip
        seq = log.append("ndr", body, at_us=scan.at_us, known_us=self.now_us, order=held)
        if scan.remark:
            self.contacts.keep(log.connection, seq, to_json({"note": scan.remark}))
        late = self.now_us - scan.at_us > WINDOW_US
        out_us = later_scan(log.connection, held.number, "out_for_delivery", scan.at_us)
        if out_us:  # it is told late, and the next attempt has begun
            self._out(log, held, scan, out_us)
        on_road = life_of(log.connection, held.number).stage == "ndr"
        if on_road and scan.again and attempt < MOST_ATTEMPTS and not late and not held.test:
            say(log, held, "ndr", self.now_us, attempt=attempt, reason=scan.reason or "other")
            set_timer(log.connection, held.number, "ndr", scan.at_us + WINDOW_US)


def _name(scan: Scan) -> str:
    """What makes a scan the same when it is told again."""
    said = f"{scan.awb}\0{scan.kind}\0{scan.at_us}\0{scan.reason}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _known(body: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in body.items() if value is not None}

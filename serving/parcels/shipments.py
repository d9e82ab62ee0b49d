"""Parcels handed to couriers, each counted once by its waybill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from features.days import to_us
from features.errors import RtoError
from serving.conversation.leaving import leave
from serving.conversation.parcel_news import tell
from serving.parcels.outcomes import Reported
from serving.parsing import parse_plain
from serving.reception import CLOCK_SKEW_US, Speaks
from serving.schemas import Shipment
from serving.store.log import Log
from serving.store.merchants import Access
from serving.store.shipments import keep_shipment, shipment_of

MOST = 1_000


@dataclass(frozen=True, slots=True)
class Ship:
    """Work for the writer: record what is new of some shipments.

    Parameters
    ----------
    items : sequence
        As posted.
    now_us : int
        When we learn of them.
    speaks : callable
        Decides for which merchant a shipment is.
    """

    access: Access
    items: Sequence[object]
    now_us: int
    speaks: Speaks

    def __call__(self, log: Log) -> list[Reported]:
        return [self._result(log, item) for item in self.items]

    def _result(self, log: Log, item: object) -> Reported:
        try:
            shipment, warnings = parse_plain(Shipment, item)
            access = self.speaks(self.access, shipment.merchant_id)
        except RtoError as error:
            named = item.get("order_id") if isinstance(item, dict) else None
            return Reported(named if isinstance(named, str) else "", "invalid", str(error))
        return self._record(log, access, shipment, "; ".join(warnings))

    def _record(self, log: Log, access: Access, shipment: Shipment, said: str) -> Reported:
        order_id, at_us = shipment.order_id, to_us(shipment.shipped_at)
        if at_us > self.now_us + CLOCK_SKEW_US:
            return Reported(order_id, "invalid", "shipped_at lies in the future")
        held = log.find(access.merchant_id, order_id, test=access.test)
        if held is None:
            return Reported(order_id, "unknown_order", "no order of this id has been scored")
        known = shipment_of(log.connection, access.merchant_id, shipment.awb, test=access.test)
        if known is not None:
            if known == held.number:
                return Reported(order_id, "unchanged", said)
            return Reported(order_id, "refused", f"awb {shipment.awb} belongs to another order")
        body = {"awb": shipment.awb, "courier": shipment.courier}
        plain = {name: value for name, value in body.items() if value is not None}
        seq = log.append("shipped", plain, at_us=at_us, known_us=self.now_us, order=held)
        keep_shipment(log.connection, held, shipment.awb, seq)
        leave(log, held, self.now_us)
        tell(log, held, "shipped", at_us=at_us, now_us=self.now_us, courier=shipment.courier)
        return Reported(order_id, "recorded", said)

"""What couriers tell of parcels, in each one's own words, as scans in ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from pydantic_core import from_json

from features.days import IST, to_us
from features.vocabulary import REASONS_OF_OUTCOME

ScanKind: TypeAlias = Literal[
    "shipped", "out_for_delivery", "ndr", "delivered", "rto_initiated", "rto_delivered",
    "cancelled", "lost", "returned",
]  # fmt: skip
CourierName: TypeAlias = Literal["generic", "shiprocket", "delhivery"]
COURIER_NAMES: tuple[CourierName, ...] = get_args(CourierName)

_LONGEST = 200
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Scan:
    """One thing that happened to a parcel.

    Parameters
    ----------
    reason : str or None
        Of a failed delivery or a return, in the words of outcomes.
    remark : str
        What the courier wrote; it may name people and is kept sealed.
    again : bool
        Whether the courier takes another attempt.
    """

    awb: str
    order_id: str | None
    kind: ScanKind
    at_us: int
    courier: str | None
    reason: str | None = None
    remark: str = ""
    again: bool = True


# Words of couriers' reasons; the first that occurs decides.
_REASONS = (
    ("not_attempted", ("not attempted", "no attempt", "out of delivery area", "vehicle",
                       "could not be attempted", "weather")),
    ("wrong_address", ("address", "pincode", "pin code", "locality", "landmark", "shifted")),
    ("unreachable", ("unavailable", "not available", "unreachable", "not reachable", "no response",
                     "not responding", "switched off", "door", "premises closed", "not contactable",
                     "not picking", "phone")),
    ("no_cash", ("cash", "cod not ready", "cod amount", "money")),
    ("refused", ("refus", "reject", "denied", "cancel", "does not want", "not ordered")),
    ("late", ("resched", "future delivery", "another day", "later", "customer asked", "deferred")),
    ("damaged", ("damage", "tamper")),
)  # fmt: skip


def reason_of(text: str) -> str:
    """The reason that a courier's words stand for.

    >>> reason_of("Consignee refused to accept")
    'refused'
    >>> reason_of("Customer not available / phone switched off")
    'unreachable'
    """
    said = text.lower()
    return next((name for name, words in _REASONS if any(w in said for w in words)), "other")


def read_scans(courier: CourierName, body: bytes) -> list[Scan]:
    """The scans of one signed or tokened body; what is not understood is passed over."""
    try:
        plain = from_json(body)
    except ValueError:
        return []
    members = plain if isinstance(plain, list) else [plain]
    return [
        scan for one in members[:_MOST] if isinstance(one, dict) for scan in _READ[courier](one)
    ]


_GENERIC: dict[str, ScanKind] = {kind: kind for kind in get_args(ScanKind)}


def _generic(said: Mapping[str, Any]) -> Iterator[Scan]:
    awb, kind = _text(said, "awb"), _GENERIC.get(_text(said, "status"))
    at_us = _moment(_text(said, "at"))
    if awb and kind is not None and at_us is not None:
        remark = _text(said, "remark")
        reason = _text(said, "reason")
        if reason not in REASONS_OF_OUTCOME:
            reason = reason_of(f"{reason} {remark}") if kind == "ndr" else ""
        yield Scan(awb, _text(said, "order_id") or None, kind, at_us,
                   _text(said, "courier") or None, reason or None, remark,
                   said.get("again") is not False)  # fmt: skip


# By ``shipment_status_id``: the texts differ from courier to courier behind it.
_SHIPROCKET: dict[int, ScanKind] = {
    6: "shipped", 7: "delivered", 8: "cancelled", 9: "rto_initiated", 10: "rto_delivered",
    12: "lost", 14: "rto_initiated", 17: "out_for_delivery", 18: "shipped", 21: "ndr",
}  # fmt: skip


def _shiprocket(said: Mapping[str, Any]) -> Iterator[Scan]:
    """What a webhook tells: the newest scan, and all before it, since pushes may be lost."""
    number, awb = said.get("shipment_status_id"), _text(said, "awb")
    at_us = _moment(_text(said, "current_timestamp"))
    if said.get("is_return") in (1, True, "1") or not awb:
        return
    order_id, courier = _text(said, "order_id") or None, _text(said, "courier_name") or None
    scans = said.get("scans")
    lines = [one for one in scans if isinstance(one, dict)] if isinstance(scans, list) else []
    newest = lines[-1] if lines else {}
    for line in lines:
        if (when := _moment(_text(line, "date"))) is not None and when != at_us:
            yield from _one_shiprocket(
                awb, order_id, _text(line, "sr-status"), when, courier, _text(line, "activity")
            )
    if isinstance(number, int) and at_us is not None:
        remark = _text(newest, "activity") or _text(said, "current_status")
        yield from _one_shiprocket(awb, order_id, str(number), at_us, courier, remark)


def shiprocket_scans(awb: str, tracked: object) -> Iterator[Scan]:
    """What Shiprocket answers when it is asked about a parcel, oldest first."""
    told = tracked if isinstance(tracked, dict) else {}
    track, lines = told.get("shipment_track"), told.get("shipment_track_activities")
    first = track[0] if isinstance(track, list) and track and isinstance(track[0], dict) else {}
    courier = _text(first, "courier_name") or None
    for line in reversed(lines if isinstance(lines, list) else []):
        if isinstance(line, dict) and (when := _moment(_text(line, "date"))) is not None:
            yield from _one_shiprocket(
                awb, None, _text(line, "sr-status"), when, courier, _text(line, "activity")
            )


def _one_shiprocket(
    awb: str, order_id: str | None, number: str, at_us: int, courier: str | None, remark: str
) -> Iterator[Scan]:
    kind = _SHIPROCKET.get(int(number)) if number.isascii() and number.isdigit() else None
    if kind is not None:
        reason = reason_of(remark) if kind in ("ndr", "rto_initiated") else None
        yield Scan(awb, order_id, kind, at_us, courier, reason, remark)


_DELHIVERY: dict[tuple[str, str], ScanKind] = {
    ("UD", "dispatched"): "out_for_delivery", ("DL", "delivered"): "delivered",
    ("DL", "rto"): "rto_delivered", ("DL", "dto"): "returned", ("UD", "in transit"): "shipped",
    ("UD", "manifested"): "shipped", ("UD", "lost"): "lost", ("LT", "lost"): "lost",
}  # fmt: skip
# Only after these is another attempt taken.
_AGAIN = frozenset({"EOD-74", "EOD-15", "EOD-104", "EOD-43", "EOD-86", "EOD-11", "EOD-69", "EOD-6"})


def _delhivery(said: Mapping[str, Any]) -> Iterator[Scan]:
    yield from delhivery_scans(said.get("Shipment"))


def delhivery_scans(shipment: object) -> Iterator[Scan]:
    """What Delhivery tells of a parcel, pushed or asked, oldest first."""
    if not isinstance(shipment, dict):
        return
    awb, order_id = _text(shipment, "AWB"), _text(shipment, "ReferenceNo") or None
    lines, status = shipment.get("Scans"), shipment.get("Status")
    told = [one.get("ScanDetail") for one in lines or () if isinstance(one, dict)] if isinstance(
        lines, list) else []  # fmt: skip
    for line in told:
        if isinstance(line, dict):
            yield from _one_delhivery(
                awb, order_id, (_text(line, "ScanType"), _text(line, "Scan")),
                _moment(_text(line, "StatusDateTime")), _text(line, "StatusCode"),
                _text(line, "Instructions"),
            )  # fmt: skip
    if not told and isinstance(status, dict):
        yield from _one_delhivery(
            awb, order_id, (_text(status, "StatusType"), _text(status, "Status")),
            _moment(_text(status, "StatusDateTime")), _text(shipment, "NSLCode"),
            _text(status, "Instructions"),
        )  # fmt: skip


def _one_delhivery(
    awb: str, order_id: str | None, pair: tuple[str, str], at_us: int | None, code: str,
    remark: str,
) -> Iterator[Scan]:  # fmt: skip
    kind_of, name = pair[0], pair[1].lower()
    kind = _DELHIVERY.get((kind_of, name))
    if kind_of == "RT":
        kind = "rto_initiated"
    elif kind_of == "UD" and code.startswith("EOD-") and name == "pending":
        kind = "ndr"
    if kind is None or not awb or at_us is None:
        return
    reason = reason_of(remark) if kind in ("ndr", "rto_initiated") else None
    yield Scan(awb, order_id, kind, at_us, "delhivery", reason, remark, code in _AGAIN or not code)


_READ: dict[CourierName, Callable[[Mapping[str, Any]], Iterator[Scan]]] = {
    "generic": _generic, "shiprocket": _shiprocket, "delhivery": _delhivery,
}  # fmt: skip
_FORMATS = ("%d %m %Y %H:%M:%S", "%Y-%m-%d %H:%M:%S")


def _moment(text: str) -> int | None:
    """An instant; one without a zone is India's.

    >>> _moment("23 05 2023 11:43:52") == _moment("2023-05-23T11:43:52+05:30")
    True
    """
    for shape in (None, *_FORMATS):
        try:
            found = datetime.fromisoformat(text) if shape is None else _strptime(text, shape)
            return to_us(found if found.tzinfo else found.replace(tzinfo=IST))
        except (ValueError, OverflowError):
            continue
    return None


def _strptime(text: str, shape: str) -> datetime:
    return datetime.strptime(text, shape).replace(tzinfo=IST)


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value.strip()[:_LONGEST] if isinstance(value, str) else ""

"""What an event says about an order, as far as the summary counts by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serving.board.entry import DENIED, PLAIN, SEPARATOR, UNKNOWN, Entry

_LONGEST = 120
_NAMED = {"campaign": "utm_campaign", "source": "utm_source"}
_ANSWERS = frozenset({"replied", "contacted"})
_WISHES = frozenset({"confirmed", "corrected", "refused", DENIED})
_ENDS = frozenset({"rto_initiated", "rto_delivered", "correction"})


def tell(entry: Entry, kind: str, revision: int, body: Mapping[str, Any]) -> None:
    """Put into the entry what one event says."""
    if kind in ("placed", "revised"):
        _tell_content(entry, body)
        _tell_past(entry, body.get("past", {}))
    elif kind == "decided":
        _tell_decision(entry, revision, body)
    elif kind == "shipped" and body.get("courier"):
        entry.courier = _text(body["courier"])
    elif kind == "ndr":
        courier = _text(body.get("courier")) or entry.courier
        entry.failures = [*entry.failures, (courier, _text(body.get("reason")) or "other", "")]
    elif kind in _ANSWERS and body.get("response") in _WISHES:
        _tell_answer(entry, str(body["response"]))
    elif kind == "feedback" and body.get("answer") != "text":
        about = _text(body.get("about"))
        others = [one for one in entry.feedback if one[0] != about]
        entry.feedback = [*others, (about, _text(body.get("answer")))]
    elif kind in _ENDS and body.get("reason"):
        entry.cause = _text(body["reason"])


def _tell_answer(entry: Entry, response: str) -> None:
    """What was answered after the last failed delivery; who denies it once has denied it."""
    if entry.failures and entry.failures[-1][2] != DENIED:
        *earlier, (courier, reason, _) = entry.failures
        entry.failures = [*earlier, (courier, reason, response)]


def _tell_content(entry: Entry, body: Mapping[str, Any]) -> None:
    for name in PLAIN:
        setattr(entry, name, _text(body.get(_NAMED.get(name, name))))
    if entry.payment_mode == "unknown":
        entry.payment_mode = ""
    items = body.get("items") or []
    entry.skus = _skus(items) or _chief(body)
    entry.coupons = [_text(coupon) for coupon in body.get("coupons") or ()]
    entry.amount_paise = _paise(body.get("amount_paise"))
    entry.shipping_paise = _paise(body.get("shipping_cost_paise"))
    entry.back_paise = _paise(body.get("rto_cost_paise"))
    entry.goods_paise = _goods(items)


def _tell_decision(entry: Entry, revision: int, body: Mapping[str, Any]) -> None:
    """The first decision says what was done; what is expected follows the newest."""
    probability = float(body["probability"])
    if entry.action == "" and revision == 0:
        entry.action, entry.advice = str(body["action"]), str(body["policy_action"])
        entry.arm, entry.model = body.get("arm") or "", _text(body.get("model"))
        entry.first = probability
    entry.newest = probability


def _tell_past(entry: Entry, past: Mapping[str, Any]) -> None:
    """What had been scored elsewhere, of a loaded order."""
    probability = past.get("scored_probability")
    if entry.newest == UNKNOWN and isinstance(probability, int | float) and 0 <= probability <= 1:
        entry.newest = float(probability)


def _skus(items: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    units: dict[str, int] = {}
    for item in items:
        if item.get("sku"):
            sku = _text(item["sku"])
            units[sku] = units.get(sku, 0) + _quantity(item)
    return list(units.items())


def _chief(body: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(_text(body["sku"]), _quantity(body))] if body.get("sku") else []


def _quantity(item: Mapping[str, Any]) -> int:
    quantity = item.get("quantity")
    return 1 if quantity is None else max(0, int(quantity))


def _goods(items: Sequence[Mapping[str, Any]]) -> int:
    """What the goods cost the merchant, if every line says so."""
    if not items or any(item.get("unit_cost_paise") is None for item in items):
        return UNKNOWN
    return sum(int(item["unit_cost_paise"]) * _quantity(item) for item in items)


def _paise(value: object) -> int:
    return int(value) if isinstance(value, int | float) else UNKNOWN


def _text(value: object) -> str:
    return "" if value is None else str(value).replace(SEPARATOR, " ").strip()[:_LONGEST]

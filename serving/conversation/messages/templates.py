"""The message templates: read from their files, filled for one order, printed for submission."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from serving.rupees import rupees

NAMES = ("order_check", "order_reminder", "prepaid_offer", "delivery_failed")
ANSWERS = ("confirm", "change", "cancel")
_LONGEST = 300
_BLANKS = re.compile(r"\s+")


@cache
def template(name: str) -> dict[str, Any]:
    """One template, as its file says it."""
    text = (Path(__file__).parent / f"{name}.yaml").read_text("utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read


def filled(
    content: Mapping[str, Any], *, shop: str, message_id: str, name: str = "order_check"
) -> dict[str, Any]:
    """The ``template`` part of a message about one order.

    Parameters
    ----------
    content : mapping
        What the order says, in public and sealed.
    shop : str
        The merchant's name.
    message_id : str
        Ours; each button's payload carries it.
    name : str
        Of the template.
    """
    said = template(name)
    language = str(content.get("language") or "en")[:2]
    words = [
        content.get("customer_name") or content.get("ship_name") or "",
        shop, _goods(content), _due(content), address_of(content),
    ]  # fmt: skip
    body = [{"type": "text", "text": _one_line(word)} for word in words]
    buttons = [
        {"type": "button", "sub_type": "quick_reply", "index": str(i),
         "parameters": [{"type": "payload", "payload": f"{answer}:{message_id}"}]}
        for i, answer in enumerate(ANSWERS)
    ]  # fmt: skip
    return {
        "name": said["name"],
        "language": {"code": language if language in said["languages"] else "en"},
        "components": [{"type": "body", "parameters": body}, *buttons],
    }


def offer(
    content: Mapping[str, Any], words: Mapping[str, str], *, shop: str, message_id: str
) -> dict[str, Any]:
    """The ``template`` part of the offer to pay in advance.

    Parameters
    ----------
    words : mapping
        ``amount``, ``url``, ``saving`` and ``until`` of the payment link.
    """
    said = template("prepaid_offer")
    language = str(content.get("language") or "en")[:2]
    names = [
        content.get("customer_name") or content.get("ship_name") or "",
        shop, _goods(content), words["amount"], words["saving"] or ".", words["until"],
    ]  # fmt: skip
    suffix = urlsplit(words["url"]).path.removeprefix("/")
    replies = [
        {"type": "button", "sub_type": "quick_reply", "index": str(i),
         "parameters": [{"type": "payload", "payload": f"{answer}:{message_id}"}]}
        for i, answer in enumerate(("keep", "cancel"), start=1)
    ]  # fmt: skip
    return {
        "name": said["name"],
        "language": {"code": language if language in said["languages"] else "en"},
        "components": [
            {"type": "body",
             "parameters": [{"type": "text", "text": _one_line(word)} for word in names]},
            {"type": "button", "sub_type": "url", "index": "0",
             "parameters": [{"type": "text", "text": suffix}]},
            *replies,
        ],
    }  # fmt: skip


def failed(
    content: Mapping[str, Any], reason: str, *, shop: str, message_id: str
) -> dict[str, Any]:
    """The ``template`` part of the question after a failed delivery.

    Parameters
    ----------
    reason : str
        The courier's, in the words of outcomes.
    """
    said = template("delivery_failed")
    language = str(content.get("language") or "en")[:2]
    language = language if language in said["languages"] else "en"
    reasons = said["languages"][language]["reasons"]
    words = [
        content.get("customer_name") or content.get("ship_name") or "", shop, _goods(content),
        reasons.get(reason, reasons["other"]), address_of(content),
    ]  # fmt: skip
    replies = [
        {"type": "button", "sub_type": "quick_reply", "index": str(i),
         "parameters": [{"type": "payload", "payload": f"{answer}:{message_id}"}]}
        for i, answer in enumerate(("retry", "address", "nobody"))
    ]  # fmt: skip
    body = [{"type": "text", "text": _one_line(word)} for word in words]
    return {
        "name": said["name"], "language": {"code": language},
        "components": [{"type": "body", "parameters": body}, *replies],
    }  # fmt: skip


def submissions() -> list[dict[str, Any]]:
    """What to submit for approval, one object per template and language."""
    return [
        {
            "name": read["name"],
            "category": read["category"],
            "language": language,
            "components": [
                {"type": "BODY", "text": said["body"],
                 "example": {"body_text": [read["example"]]}},
                {"type": "BUTTONS", "buttons": [*_link_button(read, said), *(
                    {"type": "QUICK_REPLY", "text": text} for text in said["buttons"])]},
            ],
        }
        for read in map(template, NAMES)
        for language, said in read["languages"].items()
    ]  # fmt: skip


def _link_button(read: Mapping[str, Any], said: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "url" not in read:
        return []
    return [{"type": "URL", "text": said["link"], "url": f"{read['url']}{{{{1}}}}",
             "example": [f"{read['url']}i/abcdefg"]}]  # fmt: skip


def _goods(content: Mapping[str, Any]) -> str:
    items = content.get("items") or []
    names = [str(item.get("name") or item.get("sku") or "") for item in items]
    return ", ".join(name for name in names if name)


def _due(content: Mapping[str, Any]) -> str:
    paise = content.get("amount_due_paise")
    paise = content.get("amount_paise") if paise is None else paise
    return "" if paise is None else rupees(paise)


def address_of(content: Mapping[str, Any]) -> str:
    """Where an order goes, in one line."""
    parts = ("address_line1", "address_line2", "landmark", "city", "pincode")
    return ", ".join(str(content[part]) for part in parts if content.get(part))


def _one_line(text: object) -> str:
    """A parameter may hold no line break and may not be empty."""
    return _BLANKS.sub(" ", str(text)).strip()[:_LONGEST] or "–"


def shown(part: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Text and buttons of a ``template`` part as a customer sees them."""
    said = template(part["name"])["languages"][part["language"]["code"]]
    (body,) = [one for one in part["components"] if one["type"] == "body"]
    text = str(said["body"])
    for place, word in enumerate(body["parameters"], start=1):
        text = text.replace("{{" + str(place) + "}}", word["text"])
    return text, list(said["buttons"])

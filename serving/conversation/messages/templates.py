"""The message templates: read from their files, filled for one order, printed for submission."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from serving.rupees import rupees

NAMES = (
    "order_check", "order_check_picture", "order_reminder", "prepaid_offer", "delivery_failed",
    "parcel_shipped", "parcel_today", "parcel_delivered", "feedback_delivered", "feedback_returned",
)  # fmt: skip
PICTURE = "order_check_picture"
ANSWERS = ("confirm", "change", "cancel")
_LONGEST = 300
_LONGEST_URL = 2_000
_BLANKS = re.compile(r"\s+")


@cache
def template(name: str) -> dict[str, Any]:
    """One template, as its file says it; ``like`` takes over what another one says."""
    text = (Path(__file__).parent / f"{name}.yaml").read_text("utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return template(read["like"]) | read if "like" in read else read


@dataclass(frozen=True, slots=True)
class Filling:
    """Fills templates for one message about one order.

    Parameters
    ----------
    content : mapping
        What the order says, in public and sealed.
    shop : str
        The merchant's name.
    message_id : str
        Ours; each button's payload carries it.
    """

    content: Mapping[str, Any]
    shop: str
    message_id: str

    def check(self, name: str, picture: str | None = None) -> dict[str, Any]:
        """The question whether an order is meant, or its reminder.

        Parameters
        ----------
        picture : str, optional
            Address of the product's, for a template that begins with one.
        """
        words = (_due(self.content), address_of(self.content))
        return self._part(name, words, ANSWERS, picture=picture)

    def offer(self, words: Mapping[str, str]) -> dict[str, Any]:
        """The offer to pay in advance.

        Parameters
        ----------
        words : mapping
            ``amount``, ``url``, ``saving`` and ``until`` of the payment link.
        """
        suffix = urlsplit(words["url"]).path.removeprefix("/")
        said = (words["amount"], words["saving"] or ".", words["until"])
        return self._part("prepaid_offer", said, ("keep", "cancel"), link=suffix)

    def failed(self, reason: str) -> dict[str, Any]:
        """The question after a failed delivery.

        Parameters
        ----------
        reason : str
            The courier's, in the words of outcomes.
        """
        reasons = self._said("delivery_failed")["reasons"]
        words = (reasons.get(reason, reasons["other"]), address_of(self.content))
        return self._part("delivery_failed", words, ("retry", "address", "nobody"))

    def tracking(self, step: str, courier: str | None) -> dict[str, Any]:
        """What is told of a parcel: that it has left, comes today, or has come."""
        if step == "shipped":
            said = self._said("parcel_shipped")
            by = said["courier"].format(courier=courier) if courier else said["no_courier"]
            return self._part("parcel_shipped", (by,), ())
        if step == "out_for_delivery":
            said, due = self._said("parcel_today"), _due_paise(self.content)
            keep = said["keep"].format(amount=rupees(due)) if due else said["nothing"]
            return self._part("parcel_today", (keep,), ())
        return self._part("parcel_delivered", (), ())

    def feedback(self, about: str) -> dict[str, Any]:
        """The question how a parcel was, or why it came back."""
        if about == "delivered":
            return self._part("feedback_delivered", (), ("good", "wrong"))
        return self._part("feedback_returned", (), ("wrong",))

    def _part(
        self, name: str, words: Sequence[object], answers: Sequence[str], *,
        picture: str | None = None, link: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        content = self.content
        who = content.get("customer_name") or content.get("ship_name") or ""
        body = [{"type": "text", "text": _one_line(w)} for w in (who, self.shop, _goods(content),
                                                                 *words)]  # fmt: skip
        components: list[dict[str, Any]] = [{"type": "body", "parameters": body}]
        if picture is not None:
            image = {"type": "image", "image": {"link": picture}}
            components.insert(0, {"type": "header", "parameters": [image]})
        if link is not None:
            components.append({"type": "button", "sub_type": "url", "index": "0",
                               "parameters": [{"type": "text", "text": link}]})  # fmt: skip
        components += [
            {"type": "button", "sub_type": "quick_reply", "index": str(i),
             "parameters": [{"type": "payload", "payload": f"{answer}:{self.message_id}"}]}
            for i, answer in enumerate(answers, start=int(link is not None))
        ]  # fmt: skip
        language = language_in(template(name)["languages"], content)
        return {"name": template(name)["name"], "language": {"code": language},
                "components": components}  # fmt: skip

    def _said(self, name: str) -> dict[str, Any]:
        languages = template(name)["languages"]
        said: dict[str, Any] = languages[language_in(languages, self.content)]
        return said


def language_in(known: Container[str], content: Mapping[str, Any]) -> str:
    """The customer's language where there are words in it, else English.

    >>> [language_in(("en", "hi"), {"language": said}) for said in ("hi-IN", "Hindi", "ta", None)]
    ['hi', 'hi', 'en', 'en']
    """
    language = str(content.get("language") or "en").strip().lower()
    language = _LANGUAGES.get(language, language.replace("_", "-").partition("-")[0])
    return language if language in known else "en"


_LANGUAGES = {"hindi": "hi", "english": "en", "हिन्दी": "hi", "हिंदी": "hi"}


def picture_of(content: Mapping[str, Any], *, local: bool = False) -> str | None:
    """Where the picture of the order's costliest line lies, if the carrier can fetch it.

    Parameters
    ----------
    local : bool
        Whether what fetches is a stand-in on this machine, which needs no TLS.
    """
    items = content.get("items") or []
    known = [item for item in items if item.get("image_url")]
    if not known:
        return None
    chief = max(known, key=lambda i: (i.get("price_paise") or 0) * (i.get("quantity") or 1))
    url = str(chief["image_url"])
    fetched = url.startswith("https://") or (local and url.startswith("http://127.0.0.1:"))
    return url if fetched and len(url) <= _LONGEST_URL else None


def submissions() -> list[dict[str, Any]]:
    """What to submit for approval, one object per template and language."""
    return [
        {
            "name": read["name"],
            "category": read["category"],
            "language": language,
            "components": [
                *_header(read),
                {"type": "BODY", "text": said["body"],
                 "example": {"body_text": [read["example"]]}},
                *_buttons(read, said),
            ],
        }
        for read in map(template, NAMES)
        for language, said in read["languages"].items()
    ]  # fmt: skip


def _header(read: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An example picture is uploaded first; its handle takes the place of the words."""
    if not read.get("picture"):
        return []
    example = {"header_handle": ["<handle of an uploaded picture>"]}
    return [{"type": "HEADER", "format": "IMAGE", "example": example}]


def _buttons(read: Mapping[str, Any], said: Mapping[str, Any]) -> list[dict[str, Any]]:
    buttons = [{"type": "QUICK_REPLY", "text": text} for text in said.get("buttons", [])]
    if "url" in read:
        buttons.insert(0, {"type": "URL", "text": said["link"], "url": f"{read['url']}{{{{1}}}}",
                           "example": [f"{read['url']}i/abcdefg"]})  # fmt: skip
    return [{"type": "BUTTONS", "buttons": buttons}] if buttons else []


def _goods(content: Mapping[str, Any]) -> str:
    """What was ordered: how many of each, by name.

    >>> _goods({"items": [{"name": "Cotton kurta", "quantity": 2}, {"sku": "SHW-1"}]})
    '2 × Cotton kurta, SHW-1'
    """
    named = [
        (str(item.get("name") or item.get("sku") or ""), item.get("quantity") or 1)
        for item in content.get("items") or []
    ]
    return ", ".join(f"{n} × {name}" if n > 1 else name for name, n in named if name)


def _due_paise(content: Mapping[str, Any]) -> int | None:
    """What is to be paid at the door; None where that is unknown."""
    if content.get("payment_mode") == "prepaid":
        return 0
    due = content.get("amount_due_paise")
    found: int | None = content.get("amount_paise") if due is None else due
    return found


def _due(content: Mapping[str, Any]) -> str:
    due = _due_paise(content)
    return "" if due is None else rupees(due)


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
    return text, list(said.get("buttons", []))

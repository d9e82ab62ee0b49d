"""WhatsApp's Cloud API: sending once, and reading what comes in."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import httpx2
from pydantic_core import from_json

from serving.store.channels import WhatsApp

# What an error means for what was to be sent; see the provider's list of codes.
Fault: TypeAlias = Literal[
    "retry",
    "recipient",
    "offer",
    "no_offers",
    "window",
    "template",
    "picture",
    "account",
    "unknown",
]

_RETRY = frozenset({4, 80007, 130429, 131056, 131000, 131016})
_RECIPIENT = frozenset({131026})
# Marketing alone: not to this customer now, and never again by the customer's own choice.
_OFFER, _NO_OFFERS = frozenset({131049, 130472}), frozenset({131050})
_TEMPLATE = frozenset({132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016})
_ACCOUNT = frozenset({0, 190, 10, *range(200, 300), 131042, 368, 131031, 131048})
_WINDOW, _PICTURE = frozenset({131047}), frozenset({131053})
_TEXT_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one attempt: the carrier's id, or a fault and what to tell about it."""

    outside_id: str | None = None
    fault: Fault | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What the carrier says of a message of ours."""

    outside_id: str
    message_id: str | None
    state: Literal["sent", "delivered", "read", "failed"]
    code: int | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a customer sent.

    Parameters
    ----------
    event_id : str
        The carrier's id of it.
    context_id : str or None
        The message of ours that it answers.
    payload : str or None
        Of the button pressed.
    """

    event_id: str
    context_id: str | None
    payload: str | None
    text: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """What the carrier says of an account.

    Parameters
    ----------
    template : str or None
        The one it is about; None: the number or the whole account.
    stopped : str or None
        Why it may not be used now; None where it may again.
    people_a_day : int or None
        How many people may be written to from now on, where that was said.
    """

    template: str | None
    stopped: str | None
    people_a_day: int | None = None


def fault_of(code: int) -> Fault:
    """What an error code means; one that is not listed may stand for anything."""
    kinds: tuple[tuple[Fault, frozenset[int]], ...] = (
        ("retry", _RETRY), ("recipient", _RECIPIENT), ("offer", _OFFER), ("no_offers", _NO_OFFERS),
        ("window", _WINDOW), ("template", _TEMPLATE), ("picture", _PICTURE), ("account", _ACCOUNT),
    )  # fmt: skip
    return next((kind for kind, codes in kinds if code in codes), "unknown")


def send(
    client: httpx2.Client, url: str, account: WhatsApp, to: str, message_id: str,
    content: Mapping[str, Any],
) -> Sent:  # fmt: skip
    """Send one message (``content`` from its type on); whatever happens is told, nothing is raised.

    Only what is known not to have been taken may be sent again: a connection that was never made,
    or an answer that says so. Every other lost answer is unknown.
    """
    body = {
        "messaging_product": "whatsapp", "recipient_type": "individual",
        "to": to.removeprefix("+"), "biz_opaque_callback_data": message_id, **content,
    }  # fmt: skip
    try:
        answer = client.post(
            f"{url}/{account.phone_number_id}/messages",
            json=body,
            headers={"Authorization": f"Bearer {account.token}"},
        )
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        return Sent(fault="retry", why=type(error).__name__)
    except httpx2.HTTPError as error:
        return Sent(fault="unknown", why=type(error).__name__)
    return _told(answer.status_code, answer.content)


def _told(status: int, content: bytes) -> Sent:
    try:
        said = from_json(content)
    except ValueError:
        said = {}
    if status == 200:
        try:
            return Sent(outside_id=str(said["messages"][0]["id"]))
        except (KeyError, IndexError, TypeError):
            return Sent(fault="unknown", why="an answer without an id")
    error = said.get("error") if isinstance(said, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, int):
        return Sent(fault=fault_of(code), why=f"error {code}")
    return Sent(fault="retry" if status == 429 else "unknown", why=f"HTTP {status}")


def signed(account: WhatsApp, body: bytes, header: str | None) -> bool:
    """Whether a body was signed with the account's secret, or the one before."""
    given = (header or "").removeprefix("sha256=").encode("utf-8", "replace")
    secrets = [secret for secret in (account.app_secret, account.app_secret_before) if secret]
    digests = [hmac.new(s.encode(), body, hashlib.sha256).hexdigest() for s in secrets]
    return any(hmac.compare_digest(digest.encode(), given) for digest in digests)


def read_events(body: bytes, phone_number_id: str) -> list[Status | Reply | Notice]:
    """What a signed body says about one number; what is not understood is passed over."""
    try:
        plain = from_json(body)
    except ValueError:
        return []
    found: list[Status | Reply | Notice] = []
    for entry in _objects(plain, "entry"):
        for change in _objects(entry, "changes"):
            value = change.get("value")
            if not isinstance(value, dict):
                continue
            found += _notices(str(change.get("field")), value)
            if _of(value.get("metadata"), "phone_number_id") == phone_number_id:
                found += [*_statuses(value), *_replies(value)]
    return found


def _statuses(value: Mapping[str, Any]) -> Iterator[Status]:
    for said in _objects(value, "statuses"):
        name, state = _of(said, "id"), said.get("status")
        if name is not None and state in ("sent", "delivered", "read", "failed"):
            codes = [error.get("code") for error in _objects(said, "errors")]
            code = codes[0] if codes and isinstance(codes[0], int) else None
            yield Status(name, _of(said, "biz_opaque_callback_data"), state, code)


def _replies(value: Mapping[str, Any]) -> Iterator[Reply]:
    for said in _objects(value, "messages"):
        if (name := _of(said, "id")) is None:
            continue
        pressed = said.get("interactive")
        chosen = None
        if isinstance(pressed, dict):
            chosen = pressed.get("button_reply") or pressed.get("list_reply")
        payload = _of(said.get("button"), "payload") or _of(chosen, "id")
        context, text = _of(said.get("context"), "id"), _of(said.get("text"), "body")
        yield Reply(name, context, payload, text and text[:_TEXT_MOST], _of(said, "from"))


_GOOD = frozenset({"APPROVED", "REINSTATED", "UNFLAGGED", "ONBOARDING", "UPGRADE"})
_TIERS = {"TIER_50": 50, "TIER_250": 250, "TIER_1K": 1_000, "TIER_2K": 2_000, "TIER_10K": 10_000,
          "TIER_100K": 100_000, "TIER_UNLIMITED": 10_000_000}  # fmt: skip
_BANS = frozenset({"DISABLED_UPDATE", "ACCOUNT_VIOLATION", "ACCOUNT_RESTRICTION",
                   "ACCOUNT_DELETED"})  # fmt: skip


def _notices(field: str, value: Mapping[str, Any]) -> Iterator[Notice]:
    """Changes of templates, of the number's quality and of the account."""
    name, event = _of(value, "message_template_name"), _of(value, "event") or ""
    if field == "message_template_status_update" and name is not None:
        yield Notice(name, None if event in _GOOD else event.lower() or "stopped")
    elif field == "template_category_update" and name is not None:
        if _of(value, "previous_category") != _of(value, "new_category") == "MARKETING":
            yield Notice(name, "moved to MARKETING, which costs several times as much")
    elif field == "phone_number_quality_update":
        limit = _TIERS.get(_of(value, "current_limit") or "")
        bad = event == "FLAGGED"
        yield Notice(None, "the number's quality is flagged as low" if bad else None, limit)
    elif field == "account_update" and event in _BANS:
        yield Notice(None, f"the account: {event.lower()}")


def _objects(holder: object, name: str) -> list[dict[str, Any]]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _of(holder: object, name: str) -> str | None:
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, str) else None

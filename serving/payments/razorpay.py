"""Razorpay's payment links: made once, looked up before a retry, cancelled; events read."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx2
from pydantic_core import from_json

from serving.store.payments import Link, Razorpay

_PATH = "/v1/payment_links"
_OPEN = ("created", "partially_paid")


@dataclass(frozen=True, slots=True)
class Made:
    """What came of one attempt: the link, or why not.

    Parameters
    ----------
    fault : {"retry", "refused", "account"} or None
        Whether trying again may help; ``account`` is the merchant's to mend.
    """

    outside_id: str | None = None
    short_url: str | None = None
    fault: Literal["retry", "refused", "account"] | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Paid:
    """What Razorpay says of a link.

    Parameters
    ----------
    event_id : str
        Under which it counts once.
    state : {"paid", "cancelled", "expired", "partial"}
    amount_paise : int
        All that was paid of the link so far.
    payment_id : str or None
        Of the payment, as a refund needs it.
    """

    event_id: str
    outside_id: str
    link_id: str | None
    state: Literal["paid", "cancelled", "expired", "partial"]
    amount_paise: int
    payment_id: str | None


def make_link(
    client: httpx2.Client, url: str, account: Razorpay, link: Link, said: Mapping[str, Any]
) -> Made:
    """Make a link, unless an earlier attempt has made it.

    Parameters
    ----------
    said : mapping
        Description and customer.
    """
    auth = (account.key_id, account.key_secret)
    body = {
        "amount": link.amount_paise, "currency": "INR", **_partly(link),
        "reference_id": link.link_id, "expire_by": link.expire_us // 1_000_000,
        "notify": {"sms": False, "email": False}, "reminder_enable": False, **said,
    }  # fmt: skip
    try:
        if link.tries > 0:
            query = {"reference_id": link.link_id}
            found = client.get(f"{url}{_PATH}", params=query, auth=auth)
            if found.status_code != 200:
                return _refused(found)
            for one in from_json(found.content).get("payment_links", []):
                if one.get("reference_id") == link.link_id and one.get("status") in _OPEN:
                    return Made(str(one["id"]), str(one["short_url"]))
        answer = client.post(f"{url}{_PATH}", json=body, auth=auth)
        if answer.status_code != 200:
            return _refused(answer)
        made = from_json(answer.content)
        return Made(str(made["id"]), str(made["short_url"]))
    except (httpx2.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Made(fault="retry", why=type(error).__name__)


def _partly(link: Link) -> dict[str, Any]:
    token = link.token_paise
    if token is None:
        return {"accept_partial": False}
    return {"accept_partial": True, "first_min_partial_amount": token}


def cancel_link(client: httpx2.Client, url: str, account: Razorpay, outside_id: str) -> Made:
    """Let a link be paid no more; one that is paid or over stays what it is."""
    try:
        answer = client.post(
            f"{url}{_PATH}/{outside_id}/cancel", auth=(account.key_id, account.key_secret)
        )
    except httpx2.HTTPError as error:
        return Made(fault="retry", why=type(error).__name__)
    return Made(outside_id) if answer.status_code == 200 else _refused(answer)


def _refused(answer: httpx2.Response) -> Made:
    try:
        said = from_json(answer.content)["error"]["description"]
    except (ValueError, KeyError, TypeError):
        said = ""
    why = f"HTTP {answer.status_code} {said}".strip()[:200]
    if answer.status_code in (401, 403):
        return Made(fault="account", why=why)
    again = answer.status_code == 429 or answer.status_code >= 500
    return Made(fault="retry" if again else "refused", why=why)


def signed_by(account: Razorpay, body: bytes, header: str | None) -> bool:
    """Whether a body was signed with the account's secret, or the one before."""
    given = (header or "").encode("utf-8", "replace")
    secrets = [s for s in (account.webhook_secret, account.webhook_secret_before) if s]
    digests = [hmac.new(s.encode(), body, hashlib.sha256).hexdigest() for s in secrets]
    return any(hmac.compare_digest(digest.encode(), given) for digest in digests)


_STATES: dict[str, Literal["paid", "cancelled", "expired", "partial"]] = {
    "payment_link.paid": "paid", "payment_link.partially_paid": "partial",
    "payment_link.cancelled": "cancelled", "payment_link.expired": "expired",
}  # fmt: skip


def read_payment(body: bytes, event_id: str | None) -> Paid | None:
    """What a signed body says about a link; None where it is about something else."""
    try:
        plain = from_json(body)
        state = _STATES.get(plain.get("event"))
        link = plain["payload"]["payment_link"]["entity"]
        payment = plain["payload"].get("payment", {}).get("entity", {})
        named = str(link["id"])
        amount = int(link.get("amount_paid") or payment.get("amount") or 0)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if state is None:
        return None
    reference, payment_id = link.get("reference_id"), payment.get("id")
    return Paid(
        event_id or f"{named}:{state}", named,
        reference if isinstance(reference, str) else None, state, amount,
        payment_id if isinstance(payment_id, str) else None,
    )  # fmt: skip

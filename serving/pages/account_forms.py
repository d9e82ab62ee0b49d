"""Forms of a merchant's accounts with outside systems: one entry each, read and kept alike.

To connect another system add an ``Account`` to ``ACCOUNTS``; the page needs nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData

from features.errors import RefusedError
from serving.pages.words import Words
from serving.parcels.connecting import connect_courier
from serving.parcels.couriers import CourierName
from serving.store.channels import WHATSAPP
from serving.store.contacts import Contacts
from serving.store.couriers import COURIERS
from serving.store.log import Log
from serving.store.payments import RAZORPAY, keep_payments
from serving.store.providers import Held, Provider
from serving.store.shop_readings import drop_reading
from serving.store.shops import SHOPIFY
from serving.webhooks.subscriptions import Arranging

Kind: TypeAlias = Literal["text", "secret", "number", "percent", "tick", "list", "choice"]
Keep: TypeAlias = Callable[[Log, Contacts, str, Any, int], object]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    Parameters
    ----------
    name : str
        In the account's shape; a dot leads into a part of it.
    kind : str
        A secret is never shown again, and one that is left empty stays as it is.
    """

    name: str
    label: str
    hint: str = ""
    kind: Kind = "text"
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """One outside system that a merchant can connect.

    Parameters
    ----------
    did : str
        What the audit calls a change of it.
    post : str
        What the merchant does with the address under which its events come in.
    keep : callable
        Saves it.
    dropped : callable
        What else ends with it.
    """

    name: str
    title: str
    says: str
    post: str
    provider: Provider[Any]
    did: str
    fields: tuple[Field, ...]
    keep: Keep
    dropped: Keep = lambda *_: None
    fixed: Mapping[str, str] = field(default_factory=dict)


def _plain(provider: Provider[Any]) -> Keep:
    return lambda log, contacts, who, account, _: provider.keep(
        log.connection, contacts, who, account
    )


def _keep_payments(log: Log, contacts: Contacts, who: str, account: Any, _: int) -> None:
    keep_payments(log.connection, contacts, who, account)


def _keep_shop(log: Log, contacts: Contacts, who: str, account: Any, now_us: int) -> None:
    SHOPIFY.keep(log.connection, contacts, who, account)
    Arranging(who, contacts, now_us).write_back(log, account.domain, on=bool(account.token))


def _drop_shop(log: Log, contacts: Contacts, who: str, _: Any, now_us: int) -> None:
    drop_reading(log.connection, who)
    Arranging(who, contacts, now_us).write_back(log, "", on=False)


def _keep_courier(log: Log, contacts: Contacts, who: str, account: Any, now_us: int) -> None:
    connect_courier(log, contacts, who, account, now_us)


def _drop_courier(name: CourierName) -> Keep:
    return lambda log, contacts, who, _, now_us: Arranging(who, contacts, now_us).pass_on(
        log, name, on=False
    )


_HEADER = Field("header", "Header that carries the token", "x-api-key is usual.")
_CALLS = Field("calls_a_minute", "Calls a minute", "At most so many, whatever waits.", "number")
_COURIERS: tuple[tuple[CourierName, str, tuple[Field, ...]], ...] = (
    ("generic", "Another courier", ()),
    ("shiprocket", "Shiprocket", (
        Field("email", "E-mail of an API user", "Settings, API, Create an API user; empty only listens."),
        Field("password", "Password of the API user", "", "secret"),
        Field("orders", "Orders at Shiprocket", "", "choice", {"import": "It brings them from the shop", "create": "They are made once they may go"}),
        Field("assign", "Give an order that may go a waybill", "Else people do that.", "tick"),
        Field("pickup_location", "Pickup location", "As Shiprocket calls it; needed to make orders."),
        _CALLS,
    )),
    ("delhivery", "Delhivery", (
        Field("api_token", "API token", "To ask about parcels and pass answers on; empty only listens.", "secret"),
        _CALLS,
    )),
)  # fmt: skip

ACCOUNTS: tuple[Account, ...] = (
    Account(
        "whatsapp", "WhatsApp", "Customers are asked from your own number.",
        "In Meta's app settings, under WhatsApp, Configuration, put this as the callback URL, and "
        "subscribe to messages and template updates.", WHATSAPP, "channel set",
        (
            Field("phone_number_id", "Phone number ID", "Digits, from Meta's WhatsApp page; not the number itself."),
            Field("token", "Permanent access token", "Of a system user, with whatsapp_business_messaging.", "secret"),
            Field("app_secret", "App secret", "Meta signs with it; one that you change goes on opening.", "secret"),
            Field("verify_token", "Verify token", "Any words of your own; repeat them at Meta.", "secret"),
            Field("people_a_day", "People a day", "How many Meta lets your number write to first; new ones 250.", "number"),
            Field("quiet_from", "Quiet from (hour)", "Nobody is written to first from this hour …", "number"),
            Field("quiet_until", "Quiet until (hour)", "… until this one, in India.", "number"),
            Field("opt_in_declared", "Every customer agrees to messages at checkout", "Else only those are asked whose order says that they agreed.", "tick"),
        ),
        _plain(WHATSAPP),
    ),
    Account(
        "razorpay", "Razorpay", "Customers can pay in advance by a link.",
        "In Razorpay's dashboard, under Webhooks, add this address for all payment_link events.",
        RAZORPAY, "payments set",
        (
            Field("key_id", "Key ID", "Begins with rzp_."),
            Field("key_secret", "Key secret", "", "secret"),
            Field("webhook_secret", "Webhook secret", "The one you give the webhook at Razorpay.", "secret"),
            Field("token_share", "Share to pay in advance", "100% asks for all of it; with less, customers may pay only that share and the rest at the door.", "percent"),
            Field("offers", "Send the offer to pay in advance at once", "As a marketing message, which costs about five times as much.", "tick"),
        ),
        _keep_payments,
    ),
    Account(
        "shopify", "Shopify", "Your shop's orders come in by themselves.",
        "In Shopify, under Notifications, Webhooks, add this address for order creation, update and "
        "cancellation, as JSON.", SHOPIFY, "shop set",
        (
            Field("domain", "Shop's domain", "my-shop.myshopify.com"),
            Field("secret", "Webhook secret", "Shopify shows it below the webhooks.", "secret"),
            Field("token", "Admin API token", "To hold and tag orders; without one nothing is written back.", "secret"),
            Field("order_id", "Orders are called", "", "choice", {"name": "As people call them (#1001)", "id": "By Shopify's number"}),
            Field("cod.gateways", "Gateways that mean cash on delivery", "Separated by commas.", "list"),
            Field("cod.tags", "Tags that mean cash on delivery", "Separated by commas.", "list"),
            Field("cancels", "Whose cancellations here cancel there too", "customer, merchant, both or neither.", "list"),
            Field("assesses", "Tell Shopify the risk and its reasons", "", "tick"),
        ),
        _keep_shop, _drop_shop,
    ),
    *(
        Account(
            f"courier-{name}", title, "Scans and outcomes come in by themselves.",
            "Give this address and the token to your courier as the tracking webhook.",
            COURIERS[name], "courier set",
            (Field("token", "Token", "At least 16 characters, of your own.", "secret"), _HEADER, *more),
            _keep_courier, _drop_courier(name), fixed={"courier": name},
        )
        for name, title, more in _COURIERS
    ),
)  # fmt: skip


def account_named(name: str) -> Account:
    """One of them.

    Raises
    ------
    RefusedError
        If there is none of that name.
    """
    for one in ACCOUNTS:
        if one.name == name:
            return one
    raise RefusedError("choose what to connect")


def shown(account: Account, held: Held[Any] | None) -> dict[str, Any]:
    """What the form's fields say at first; of a secret only whether there is one."""
    content = (held.account if held else _usual(account.provider.shape)).model_dump()
    found: dict[str, Any] = {}
    for one in account.fields:
        value: Any = content
        for part in one.name.split("."):
            value = value.get(part, "") if isinstance(value, dict) else ""
        if one.kind == "secret":
            found[one.name] = held is not None and bool(value)
        elif one.kind == "list":
            found[one.name] = ", ".join(value or ())
        elif one.kind == "percent":
            found[one.name] = f"{100 * float(value or 0):g}"
        else:
            found[one.name] = value
    return found


def read(account: Account, form: FormData, held: Held[Any] | None, say: Words) -> Any:
    """The account that a form says, over the one that is held.

    Raises
    ------
    RefusedError
        Naming the field at fault, never its value.
    """
    content: dict[str, Any] = held.account.model_dump() if held else {}
    content.pop(f"{account.provider.secret}_before", None)  # kept by the provider, if it changes
    content |= account.fixed
    for one in account.fields:
        _put(content, one, form, say)
    try:
        return account.provider.shape.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
        label = next((say(one.label) for one in account.fields if one.name == where), where)
        missing = first["type"] in ("missing", "string_too_short") and not content.get(where)
        why = say("is missing") if missing else str(first["msg"])
        raise RefusedError(f"{label}: {why}") from None


def _put(content: dict[str, Any], one: Field, form: FormData, say: Words) -> None:
    """One field's value where it belongs; an empty one falls back to the usual."""
    *path, last = one.name.split(".")
    for part in path:
        content = content.setdefault(part, {})
    said = str(form.get(one.name, "")).strip()
    if one.kind == "tick":
        content[last] = one.name in form
    elif one.kind == "list":
        content[last] = tuple(part.strip() for part in said.split(",") if part.strip())
    elif said and one.kind == "percent":
        try:
            content[last] = float(said) / 100
        except ValueError:
            raise RefusedError(
                say("“{said}” is no number; write one such as 65.", said=said)
            ) from None
    elif said:
        content[last] = said
    elif one.kind != "secret":
        content.pop(last, None)


def _usual(shape: type[BaseModel]) -> BaseModel:
    """A form's first values, where nothing is held: the shape's own."""
    return shape.model_construct()

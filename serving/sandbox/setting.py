"""What a sandbox and the server it plays for have in common, made for one merchant of the demo."""

from __future__ import annotations

import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from serving.home import Home
from serving.moments import now_us
from serving.policy.policies import Policies
from serving.store.channels import WHATSAPP, WhatsApp
from serving.store.contacts import Contacts
from serving.store.couriers import COURIERS, Courier
from serving.store.news import News, want_news
from serving.store.payments import Razorpay, keep_payments
from serving.store.policies import newest_revision, save_policy


class Setting(BaseModel):
    """The stand-in's account and where to find the rest.

    Parameters
    ----------
    endpoint : str
        Under which the server takes the stand-in's events.
    key_file, doubtful : Path
        A key of the merchant's; bodies of orders to place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    phone_number_id: str
    token: str
    app_secret: str
    endpoint: str
    key_id: str
    key_secret: str
    webhook_secret: str
    payments_endpoint: str
    courier_endpoint: str
    courier_token: str
    key_file: Path
    doubtful: Path


def connect_sandbox(home: Home, merchant_id: str, folder: Path) -> Setting:
    """Give a merchant the stand-ins' accounts and a courier, switch all messages on, let it act.

    The accounts are marked: nothing is sent for them but on this machine.
    """
    account = WhatsApp(
        phone_number_id="100000000000001",
        token=secrets.token_urlsafe(24),
        app_secret=secrets.token_urlsafe(24),
        verify_token=secrets.token_urlsafe(24),
        quiet_from=0,
        quiet_until=0,
        opt_in_declared=True,
        sandbox=True,
    )
    payments = Razorpay(
        key_id="sandbox",
        key_secret=secrets.token_urlsafe(24),
        webhook_secret=secrets.token_urlsafe(24),
        sandbox=True,
    )
    courier = Courier(courier="generic", token=secrets.token_urlsafe(24))
    policy = Policies(home.connection).now(merchant_id).to_json()
    with home.transaction() as log:
        contacts = Contacts(home.keyring.sealing)
        endpoint = WHATSAPP.keep(log.connection, contacts, merchant_id, account)
        payments_endpoint = keep_payments(log.connection, contacts, merchant_id, payments)
        courier_endpoint = COURIERS["generic"].keep(log.connection, contacts, merchant_id, courier)
        want_news(log.connection, merchant_id, News(tracking=True, feedback=True))
        if policy["mode"] != "act":
            revision = newest_revision(log.connection, merchant_id)
            acting = policy | {"mode": "act"}
            save_policy(log, merchant_id, acting, expected=revision, now_us=now_us())
    return Setting(
        phone_number_id=account.phone_number_id, token=account.token,
        app_secret=account.app_secret, endpoint=endpoint, key_id=payments.key_id,
        key_secret=payments.key_secret, webhook_secret=payments.webhook_secret,
        payments_endpoint=payments_endpoint, courier_endpoint=courier_endpoint,
        courier_token=courier.token, key_file=folder / "key",
        doubtful=folder / "doubtful.json",
    )  # fmt: skip

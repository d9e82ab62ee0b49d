"""What a sandbox and the server it plays for have in common, made for one merchant of the demo."""

from __future__ import annotations

import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from serving.home import Home
from serving.moments import now_us
from serving.policies import Policies
from serving.store.channels import WhatsApp, keep_channel
from serving.store.contacts import Contacts
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
    key_file: Path
    doubtful: Path


def connect_sandbox(home: Home, merchant_id: str, folder: Path) -> Setting:
    """Give a merchant the stand-in's number, and let it act.

    The account is marked: it is never sent to but on this machine.
    """
    account = WhatsApp(
        phone_number_id="100000000000001",
        token=secrets.token_urlsafe(24),
        app_secret=secrets.token_urlsafe(24),
        verify_token=secrets.token_urlsafe(24),
        quiet_from=0,
        quiet_until=0,
        sandbox=True,
    )
    policy = Policies(home.connection).now(merchant_id).to_json()
    with home.transaction() as log:
        contacts = Contacts(home.keyring.sealing)
        endpoint = keep_channel(log.connection, contacts, merchant_id, account)
        if policy["mode"] != "act":
            revision = newest_revision(log.connection, merchant_id)
            acting = policy | {"mode": "act"}
            save_policy(log, merchant_id, acting, expected=revision, now_us=now_us())
    return Setting(
        phone_number_id=account.phone_number_id, token=account.token,
        app_secret=account.app_secret, endpoint=endpoint, key_file=folder / "key",
        doubtful=folder / "doubtful.json",
    )  # fmt: skip

"""``rto shop``: the shop system whose orders come in by themselves."""

from __future__ import annotations

from typing import TextIO

import click

from features.errors import RefusedError
from features.settings import load_settings
from serving.audit import audit
from serving.commands.account import read_account
from serving.home import Home
from serving.moments import now_us
from serving.store.contacts import Contacts
from serving.store.merchants import merchant
from serving.store.shops import SHOPIFY, Shopify
from serving.webhooks.subscriptions import Arranging


@click.group()
def shop() -> None:
    """Connect a merchant's shop, whose orders then come in by themselves."""


@shop.command("set")
@click.argument("merchant_id")
@click.argument("account", type=click.File(encoding="utf-8"))
def shop_set(merchant_id: str, account: TextIO) -> None:
    """Save the Shopify shop of MERCHANT_ID from ACCOUNT, a JSON file (- reads it from the input).

    It holds domain (my-shop.myshopify.com) and secret, and if wanted token (of the Admin API, to
    hold and tag orders), order_id ("name" or "id") and cod: gateways, tags and note_attributes that
    say that an order is paid at the door. A changed secret opens beside the one before.
    """
    read = read_account(Shopify, account)
    with Home.open(load_settings()) as home, home.transaction() as log:
        if merchant(log.connection, merchant_id) is None:
            raise RefusedError(f'there is no merchant "{merchant_id}"; add it first')
        contacts = Contacts(home.keyring.sealing)
        endpoint = SHOPIFY.keep(log.connection, contacts, merchant_id, read)
        arranging = Arranging(merchant_id, contacts, now_us())
        arranging.write_back(log, read.domain, on=bool(read.token))
        audit(log, "shop set", merchant_id, now_us=now_us())
    click.echo(f"set; let Shopify post to <this server>/v1/hooks/{endpoint}")


@shop.command("remove")
@click.argument("merchant_id")
def shop_remove(merchant_id: str) -> None:
    """Take nothing more from the shop of MERCHANT_ID."""
    with Home.open(load_settings()) as home, home.transaction() as log:
        if not SHOPIFY.drop(log.connection, merchant_id):
            raise RefusedError(f'"{merchant_id}" has no shop; set one with `rto shop set`')
        contacts = Contacts(home.keyring.sealing)
        Arranging(merchant_id, contacts, now_us()).write_back(log, "", on=False)
        audit(log, "shop removed", merchant_id, now_us=now_us())
    click.echo("removed")

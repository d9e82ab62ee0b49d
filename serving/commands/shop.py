"""``rto shop``: the shop system whose orders come in by themselves."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TextIO

import click
import httpx2
from tqdm import tqdm

from features.days import DAY_US
from features.errors import RefusedError, RtoError
from features.settings import load_settings
from serving.audit import audit
from serving.commands.account_file import read_account
from serving.home import Home
from serving.moments import now_us
from serving.shops.admin import Admin
from serving.shops.allowance import Allowance
from serving.shops.past import read_past, write_tables
from serving.store.contacts import Contacts
from serving.store.merchants import known_merchant
from serving.store.shop_readings import drop_reading
from serving.store.shops import SHOPIFY, Shop, Shopify
from serving.webhooks.subscriptions import Arranging


@click.group()
def shop() -> None:
    """Connect a merchant's shop, whose orders then come in by themselves."""


@shop.command("set", short_help="Save a Shopify shop.")
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
        known_merchant(log.connection, merchant_id)
        contacts = Contacts(home.keyring.sealing)
        endpoint = SHOPIFY.keep(log.connection, contacts, merchant_id, read)
        arranging = Arranging(merchant_id, contacts, now_us())
        arranging.write_back(log, read.domain, on=bool(read.token))
        audit(log, "shop set", merchant_id, now_us=now_us())
    click.echo(f"set; let Shopify post to <this server>/v1/hooks/{endpoint}")


@shop.command("history", short_help="Read a shop's past orders into a data folder.")
@click.argument("merchant_id")
@click.option("--days", default=60, show_default=True, help="How far back; Shopify gives 60 days.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Data folder to make.")
def shop_history(merchant_id: str, days: int, out: Path) -> None:
    """Read the past orders of MERCHANT_ID's shop into a data folder, to load or to train on.

    The shop's allowance is kept to. Whatever interrupts it, the same command goes on from there.
    The shop knows who cancelled and what was delivered; returns stand in the courier's report.
    """
    with Home.open(load_settings()) as home:
        contacts = Contacts(home.keyring.sealing)
        found = SHOPIFY.of(home.connection, contacts, merchant_id)
        if found is None or not found.account.token:
            raise RefusedError(
                f'"{merchant_id}" has no shop with a token; set one with `rto shop set`'
            )
        out.mkdir(parents=True, exist_ok=True)
        asyncio.run(_read(home, found, now_us() - days * DAY_US, out))
    read = write_tables(found.account, merchant_id, out)
    click.echo(
        f"{read.orders} orders in {out}, {read.ended} with an outcome, {read.refused} refused; "
        f"`rto load --data {out}` counts them"
    )


async def _read(home: Home, shop: Shop, since_us: int, out: Path) -> None:
    account, allowance = shop.account, Allowance(shop.merchant_id, home.on_store)
    address = home.settings.shopify_url.replace("{shop}", account.domain).rstrip("/")
    with tqdm(desc="reading", unit=" orders", delay=2, leave=False) as bar:
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
            admin = Admin(client, address, account.token, allowance)
            try:
                await read_past(admin, since_us, out, bar.update)
            except (RtoError, httpx2.HTTPError) as error:
                raise RefusedError(
                    f"the shop of {account.domain} gives no more ({error}): mend it and repeat, "
                    "what was read stays"
                ) from None


@shop.command("remove")
@click.argument("merchant_id")
def shop_remove(merchant_id: str) -> None:
    """Take nothing more from the shop of MERCHANT_ID."""
    with Home.open(load_settings()) as home, home.transaction() as log:
        if not SHOPIFY.drop(log.connection, merchant_id):
            raise RefusedError(f'"{merchant_id}" has no shop; set one with `rto shop set`')
        drop_reading(log.connection, merchant_id)
        contacts = Contacts(home.keyring.sealing)
        Arranging(merchant_id, contacts, now_us()).write_back(log, "", on=False)
        audit(log, "shop removed", merchant_id, now_us=now_us())
    click.echo("removed")

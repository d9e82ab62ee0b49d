"""``rto channel``: a merchant's WhatsApp number, payment links and couriers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO, TypeVar

import click
from pydantic import BaseModel

from features.errors import RefusedError
from features.settings import load_settings
from serving.audit import audit
from serving.commands.account_file import read_account
from serving.home import Home
from serving.moments import now_us
from serving.parcels.connecting import connect_courier, couriers_of
from serving.store.channels import WHATSAPP, Delegate, WhatsApp, keep_delegate, switch_channel
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.couriers import Courier
from serving.store.merchants import known_merchant
from serving.store.news import News, news_wanted, want_news
from serving.store.payments import RAZORPAY, Razorpay, keep_payments
from serving.store.subscriptions import listens

T = TypeVar("T", bound=BaseModel)


@click.group()
def channel() -> None:
    """Connect a merchant's WhatsApp number and payment links."""


@channel.command("set", short_help="Save a WhatsApp number.")
@click.argument("merchant_id")
@click.argument("account", type=click.File(encoding="utf-8"))
def channel_set(merchant_id: str, account: TextIO) -> None:
    """Save the number of MERCHANT_ID from ACCOUNT, a JSON file (- reads it from the input).

    It holds phone_number_id, token, app_secret, verify_token, and if wanted quiet_from,
    quiet_until, people_a_day and opt_in_declared: true where every customer agrees to messages at
    checkout; else customers whose order does not say whatsapp_opt_in are called. A changed
    app_secret opens beside the one before.
    """
    endpoint = _saved(merchant_id, read_account(WhatsApp, account), "channel set", WHATSAPP.keep)
    click.echo(f"set; let WhatsApp post to <this server>/v1/hooks/{endpoint}")


@channel.command("payments", short_help="Save a Razorpay account.")
@click.argument("merchant_id")
@click.argument("account", type=click.File(encoding="utf-8"))
def channel_payments(merchant_id: str, account: TextIO) -> None:
    """Save the Razorpay account of MERCHANT_ID from ACCOUNT, a JSON file (- reads the input).

    It holds key_id, key_secret, webhook_secret, and if wanted offers (true sends the offer to pay
    in advance as a marketing template) and token_share (0.2 lets customers pay only a fifth
    in advance).
    """
    endpoint = _saved(merchant_id, read_account(Razorpay, account), "payments set", keep_payments)
    click.echo(f"set; let Razorpay post payment_link events to <this server>/v1/hooks/{endpoint}")


@channel.command("courier", short_help="Save a courier's account.")
@click.argument("merchant_id")
@click.argument("account", type=click.File(encoding="utf-8"))
def channel_courier(merchant_id: str, account: TextIO) -> None:
    """Let a courier of MERCHANT_ID tell of parcels; ACCOUNT is a JSON file (- reads the input).

    It holds courier (generic, shiprocket or delhivery), token, and if wanted header (the one that
    carries the token, x-api-key by default). A changed token opens beside the one before.

    With email and password of an API user at Shiprocket, or api_token of Delhivery, the courier is
    called too: it is told what customers want after a failed delivery, and asked about parcels it
    says nothing of; calls_a_minute bounds that (120). At Shiprocket orders wait without a waybill
    until they may go: orders says whether it imports them from the shop by itself ("import") or
    they are made there then ("create", with pickup_location and if wanted length_cm, breadth_cm,
    height_cm, weight_kg), assign whether they are given a waybill (true), channel_id which shop.
    """
    read = read_account(Courier, account)
    with Home.open(load_settings()) as home, home.transaction() as log:
        known_merchant(log.connection, merchant_id)
        contacts = Contacts(home.keyring.sealing)
        endpoint = connect_courier(log, contacts, merchant_id, read, now_us())
        audit(log, "courier set", merchant_id, now_us=now_us())
    click.echo(f"set; let the courier post to <this server>/v1/hooks/{endpoint}")


@channel.command("couriers", short_help="Show what couriers are told, and what waits.")
@click.argument("merchant_id")
def channel_couriers(merchant_id: str) -> None:
    """Show the couriers of MERCHANT_ID: whether they are called, and what waits to be passed on."""
    with Home.open(load_settings()) as home:
        contacts = Contacts(home.keyring.sealing)
        for one in couriers_of(home.connection, contacts, merchant_id):
            state = f"refuses us: {one.stopped}" if one.stopped else (
                "called" if one.called else "only listened to"
            )  # fmt: skip
            click.echo(
                f"{one.courier}  {state}  {one.waiting} to be passed on, {one.dead} not taken, "
                f"{one.watched} parcels watched  /v1/hooks/{one.endpoint}"
            )


def _saved(
    merchant_id: str, account: T, did: str,
    keep: Callable[[Connection, Contacts, str, T], str],
) -> str:  # fmt: skip
    """Keep an account; where its events come in."""
    with Home.open(load_settings()) as home, home.transaction() as log:
        known_merchant(log.connection, merchant_id)
        contacts = Contacts(home.keyring.sealing)
        endpoint = keep(log.connection, contacts, merchant_id, account)
        audit(log, did, merchant_id, now_us=now_us())
    return endpoint


@channel.command("delegate")
@click.argument("merchant_id")
@click.option("--off", is_flag=True, help="Send over our own connection again.")
@click.option("--quiet-from", type=click.IntRange(0, 24), default=21, show_default=True)
@click.option("--quiet-until", type=click.IntRange(0, 24), default=9, show_default=True)
def channel_delegate(merchant_id: str, quiet_from: int, quiet_until: int, *, off: bool) -> None:
    """Let another provider of MERCHANT_ID's write to its customers.

    A webhook tells it of every question (message.requested), and it passes answers on to
    POST /v1/orders/{order_id}/reply. Nothing is asked between the quiet hours.
    """
    wanted = None if off else Delegate(quiet_from=quiet_from, quiet_until=quiet_until)
    with Home.open(load_settings()) as home, home.transaction() as log:
        known_merchant(log.connection, merchant_id)
        keep_delegate(log.connection, Contacts(home.keyring.sealing), merchant_id, wanted)
        did = "delegate removed" if off else "delegate set"
        audit(log, did, merchant_id, now_us=now_us())
        heard = off or listens(log.connection, merchant_id, "message.requested")
    click.echo("set" if heard else f"set; now `rto hook add {merchant_id} URL`, or nobody asks")


@channel.command("news", short_help="Say which news of their parcels customers get.")
@click.argument("merchant_id")
@click.option("--tracking/--no-tracking", default=None,
              help="Tell customers when a parcel leaves, comes today and has come.")  # fmt: skip
@click.option("--feedback/--no-feedback", default=None,
              help="Ask how it was a day after delivery, and why a parcel went back.")  # fmt: skip
def channel_news(merchant_id: str, tracking: bool | None, feedback: bool | None) -> None:
    """Let customers of MERCHANT_ID be told of their parcels; without options, say what is on.

    Both are off at first: each message costs, and takes a place among the people that a number
    may write to in a day (questions about orders come before them).
    """
    with Home.open(load_settings()) as home, home.transaction() as log:
        known_merchant(log.connection, merchant_id)
        before = news_wanted(log.connection, merchant_id)
        wanted = News(
            before.tracking if tracking is None else tracking,
            before.feedback if feedback is None else feedback,
        )
        if wanted != before:
            want_news(log.connection, merchant_id, wanted)
            audit(log, "parcel news", merchant_id, now_us=now_us(), tracking=wanted.tracking,
                  feedback=wanted.feedback)  # fmt: skip
    said = {"tracking": wanted.tracking, "feedback": wanted.feedback}
    click.echo(", ".join(f"{name} {'on' if on else 'off'}" for name, on in said.items()))


_PAYMENTS = click.option("--payments", is_flag=True, help="The payment links, not the messages.")


@channel.command("stop", short_help="Send nothing for now, or make no payment links.")
@click.argument("merchant_id")
@_PAYMENTS
def channel_stop(merchant_id: str, *, payments: bool) -> None:
    """Send nothing for MERCHANT_ID until ``rto channel resume``, or make no payment links."""
    _switch(merchant_id, "stopped by hand", payments=payments)


@channel.command("resume")
@click.argument("merchant_id")
@_PAYMENTS
def channel_resume(merchant_id: str, *, payments: bool) -> None:
    """Send, or make payment links, again for MERCHANT_ID."""
    _switch(merchant_id, None, payments=payments)


def _switch(merchant_id: str, why: str | None, *, payments: bool) -> None:
    with Home.open(load_settings()) as home, home.transaction() as log:
        switch = RAZORPAY.stop if payments else switch_channel
        if not switch(log.connection, merchant_id, why):
            wanted = "rto channel payments" if payments else "rto channel set"
            raise RefusedError(f'"{merchant_id}" has no such channel; set one with `{wanted}`')
        did = "channel resumed" if why is None else why
        audit(log, did, merchant_id, now_us=now_us(), payments=payments)
    click.echo("resumed" if why is None else "stopped")

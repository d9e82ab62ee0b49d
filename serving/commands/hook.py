"""``rto hook``: where a merchant is told what happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from features.errors import RefusedError
from features.settings import load_settings
from serving.home import Home
from serving.moments import now_us
from serving.schemas import NewWebhook, Replay
from serving.store.contacts import Contacts
from serving.store.deliveries import EVENTS, EventName, deliveries_of
from serving.store.log import Log
from serving.store.merchants import known_merchant
from serving.store.subscriptions import subscriptions_of
from serving.webhooks.subscriptions import Arranging, shown, shown_deliveries

_LAST = 2**62


@click.group()
def hook() -> None:
    """Tell a merchant's own systems what happens (webhooks)."""


@hook.command("add")
@click.argument("merchant_id")
@click.argument("url")
@click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice(EVENTS),
    help="Only this; may be repeated.",
)
def hook_add(merchant_id: str, url: str, events: tuple[EventName, ...]) -> None:
    """Tell URL what happens at MERCHANT_ID from now on; https, or this machine.

    The secret is shown this once.
    """
    with _arranged(merchant_id) as (log, webhooks):
        one, secret = webhooks.add(log, NewWebhook(url=url, events=list(events)))
    click.echo(f"{one.subscription_id} {secret}")


@hook.command("list")
@click.argument("merchant_id")
def hook_list(merchant_id: str) -> None:
    """Show the webhooks of MERCHANT_ID."""
    with _opened(merchant_id) as home:
        contacts = Contacts(home.keyring.sealing)
        for one in subscriptions_of(home.connection, contacts, merchant_id):
            line = shown(home.connection, one)
            state = line["stopped"] or (
                f"failing since {line['failing_since']}" if line["failing_since"] else "on"
            )
            told = " ".join(one.events) or "everything"
            click.echo(
                f"{one.subscription_id}  {one.url}  {told}  {state}  {line['waiting']} waiting"
            )


@hook.command("rotate")
@click.argument("merchant_id")
@click.argument("webhook_id")
def hook_rotate(merchant_id: str, webhook_id: str) -> None:
    """Replace a secret; the one before signs beside it for a day."""
    with _arranged(merchant_id) as (log, webhooks):
        _, secret = webhooks.rotate(log, webhook_id)
    click.echo(secret)


@hook.command("resume")
@click.argument("merchant_id")
@click.argument("webhook_id")
def hook_resume(merchant_id: str, webhook_id: str) -> None:
    """Switch one on again; it is told everything since it was switched off."""
    with _arranged(merchant_id) as (log, webhooks):
        webhooks.resume(log, webhook_id)
    click.echo("resumed")


@hook.command("remove")
@click.argument("merchant_id")
@click.argument("webhook_id")
def hook_remove(merchant_id: str, webhook_id: str) -> None:
    """Take one away."""
    with _arranged(merchant_id) as (log, webhooks):
        webhooks.remove(log, webhook_id)
    click.echo("removed")


@hook.command("deliveries")
@click.argument("merchant_id")
@click.argument("webhook_id")
@click.option("--last", type=click.IntRange(1), default=50, show_default=True)
@click.option("--dead", is_flag=True, help="Only those that were given up.")
def hook_deliveries(merchant_id: str, webhook_id: str, last: int, *, dead: bool) -> None:
    """Show what a webhook was told, newest first."""
    with _opened(merchant_id) as home:
        contacts = Contacts(home.keyring.sealing)
        known = subscriptions_of(home.connection, contacts, merchant_id)
        if webhook_id not in {one.subscription_id for one in known}:
            raise RefusedError(f'there is no webhook "{webhook_id}"; `rto hook list` names them')
        found = deliveries_of(
            home.connection, webhook_id, state="dead" if dead else None, before=_LAST, limit=last
        )
    for line in shown_deliveries(found):
        click.echo("  ".join(str(value) for value in line.values() if value is not None))


@hook.command("replay")
@click.argument("merchant_id")
@click.argument("webhook_id")
@click.option("--delivery", "delivery_id", help="One delivery.")
@click.option("--dead", is_flag=True, help="All that were given up.")
@click.option("--after", type=click.IntRange(0), help="The log from this position on.")
def hook_replay(
    merchant_id: str, webhook_id: str, delivery_id: str | None, after: int | None, *, dead: bool
) -> None:
    """Tell one again, under the same ids."""
    wanted = Replay(delivery_id=delivery_id, dead=dead, after=after)
    with _arranged(merchant_id) as (log, webhooks):
        count = webhooks.replay(log, webhook_id, wanted)
    click.echo(f"{count} are due again")


def _opened(merchant_id: str) -> Home:
    home = Home.open(load_settings())
    try:
        known_merchant(home.connection, merchant_id)
    except RefusedError:
        home.close()
        raise
    return home


@contextmanager
def _arranged(merchant_id: str) -> Iterator[tuple[Log, Arranging]]:
    """The webhooks of a merchant, to be changed in one transaction."""
    with _opened(merchant_id) as home, home.transaction() as log:
        yield log, Arranging(merchant_id, Contacts(home.keyring.sealing), now_us())

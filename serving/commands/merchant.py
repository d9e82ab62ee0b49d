"""``rto merchant``: whose orders are scored."""

from __future__ import annotations

from shlex import quote

import click

from features.errors import RefusedError
from features.settings import load_settings
from serving.audit import audit
from serving.home import Home
from serving.moments import now_us
from serving.store.erasing import drop_merchant_data, overwrite_deleted, settle_deleted
from serving.store.merchants import (
    add_merchant,
    close_merchant,
    known_merchant,
)

LONGEST_ID = 255


def checked_id(merchant_id: str) -> str:
    """A merchant's id without blanks around it.

    Raises
    ------
    RefusedError
        If it cannot be one.
    """
    merchant_id = merchant_id.strip()
    if not 0 < len(merchant_id) <= LONGEST_ID or not merchant_id.isprintable():
        raise RefusedError(
            f"a merchant's id is 1 to {LONGEST_ID} printable characters; choose another"
        )
    return merchant_id


@click.group()
def merchant() -> None:
    """Add and close merchants."""


@merchant.command("add")
@click.argument("merchant_id")
@click.option("--name", help="As pages show it; default the id.")
@click.option("--platform", help="The merchant whose platform keys speak for this one too.")
@click.option("--invented", is_flag=True, help="Every page says that its data is invented.")
def merchant_add(
    merchant_id: str, name: str | None, platform: str | None, *, invented: bool
) -> None:
    """Add MERCHANT_ID, observing and without keys."""
    merchant_id = checked_id(merchant_id)
    with Home.open(load_settings()) as home, home.transaction() as log:
        now = now_us()
        if platform is not None:
            known_merchant(log.connection, platform)
        added = add_merchant(
            log.connection, merchant_id, name or merchant_id, invented=invented, now_us=now,
            platform=platform,
        )  # fmt: skip
        if not added:
            raise RefusedError(f'there is a merchant "{merchant_id}" already; choose another id')
        log.append(
            "merchant", {"name": name or merchant_id, "invented": invented, "platform": platform},
            at_us=now, known_us=now, merchant_id=merchant_id,
        )  # fmt: skip
        audit(log, "merchant added", merchant_id, now_us=now)
    click.echo(
        f"Added {merchant_id}. Next: rto key new {quote(merchant_id)}, and "
        f"rto user add EMAIL --merchant {quote(merchant_id)}"
    )


@merchant.command("close", short_help="Off-board a merchant.")
@click.argument("merchant_id")
@click.confirmation_option(prompt="Its contacts and lists are destroyed for good. Go on?")
def merchant_close(merchant_id: str) -> None:
    """Off-board MERCHANT_ID: no key opens any more, and nothing of its customers stays sealed."""
    with Home.open(load_settings()) as home:
        known_merchant(home.connection, merchant_id)
        overwrite_deleted(home.connection)
        with home.transaction() as log:
            now = now_us()
            close_merchant(log.connection, merchant_id, now_us=now)
            sealed = drop_merchant_data(log.connection, merchant_id)
            audit(log, "merchant closed", merchant_id, now_us=now, sealed=sealed)
        settle_deleted(home.connection)
    click.echo(
        f"Closed {merchant_id}: its keys open nothing, {sealed} sealed details of orders are "
        "destroyed, and so are its lists, messages, accounts with carriers and receivers. "
        "Kept: orders without personal data, decisions and counts under keyed hashes."
    )

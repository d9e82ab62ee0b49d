"""``rto merchant`` and ``rto key``: who may ask, and with what."""

from __future__ import annotations

from shlex import quote

import click

from features.errors import RefusedError
from features.settings import load_settings
from serving.home import Home
from serving.moments import now_us
from serving.store.merchants import KeyKind, add_merchant, new_key

LONGEST_ID = 255


@click.group()
def merchant() -> None:
    """Add merchants."""


@merchant.command("add")
@click.argument("merchant_id")
@click.option("--name", help="As pages show it; default the id.")
@click.option("--invented", is_flag=True, help="Every page says that its data is invented.")
def merchant_add(merchant_id: str, name: str | None, *, invented: bool) -> None:
    """Add MERCHANT_ID, observing and without keys."""
    merchant_id = merchant_id.strip()
    if not 0 < len(merchant_id) <= LONGEST_ID or not merchant_id.isprintable():
        raise RefusedError(
            f"a merchant's id is 1 to {LONGEST_ID} printable characters; choose another"
        )
    with Home.open(load_settings()) as home, home.transaction() as log:
        now = now_us()
        added = add_merchant(
            log.connection, merchant_id, name or merchant_id, invented=invented, now_us=now
        )
        if not added:
            raise RefusedError(f'there is a merchant "{merchant_id}" already; choose another id')
        log.append(
            "merchant", {"name": name or merchant_id, "invented": invented},
            at_us=now, known_us=now, merchant_id=merchant_id,
        )  # fmt: skip
    click.echo(f"Added {merchant_id}. Next: rto key new {quote(merchant_id)}")


@click.group()
def key() -> None:
    """Make API keys."""


@key.command("new")
@click.argument("merchant_id")
@click.option("--test", "kind", flag_value="test", help="Its orders count nowhere.")
@click.option("--page", "kind", flag_value="page", help="Opens the pages, not the API.")
def key_new(merchant_id: str, kind: KeyKind | None) -> None:
    """Make a key of MERCHANT_ID; it is shown once and stored hashed."""
    with Home.open(load_settings()) as home, home.transaction() as log:
        made = new_key(log.connection, merchant_id, kind or "live", now_us=now_us())
    click.echo(made)
    if kind == "page":
        click.echo(f"Open http://127.0.0.1:8000/?key={made}", err=True)

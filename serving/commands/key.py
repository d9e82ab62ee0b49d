"""``rto key``: with what a merchant's programs ask."""

from __future__ import annotations

import click

from features.days import HOUR_US
from features.settings import load_settings
from serving.audit import audit
from serving.home import Home
from serving.moments import now_us, rfc3339
from serving.store.merchants import (
    SCOPES,
    KeyKind,
    Scope,
    key_digest,
    key_id_of,
    keys,
    new_key,
    revoke_key,
)


@click.group()
def key() -> None:
    """Make, list, replace and revoke API keys."""


@key.command("new")
@click.argument("merchant_id")
@click.option("--test", is_flag=True, help="Its orders count nowhere.")
@click.option("--platform", is_flag=True, help="Speaks for every merchant of this platform.")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES),
    help="What the key may do; may be repeated, default everything.",
)  # fmt: skip
def key_new(merchant_id: str, scopes: tuple[Scope, ...], *, test: bool, platform: bool) -> None:
    """Make a key of MERCHANT_ID; it is shown once and stored hashed."""
    kind = _kind(test=test, platform=platform)
    with Home.open(load_settings()) as home, home.transaction() as log:
        made = new_key(log.connection, merchant_id, kind, now_us=now_us(), scopes=scopes)
        audit(log, "key made", merchant_id, now_us=now_us(), key=_id(made), kind=kind)
    click.echo(made)


def _kind(*, test: bool, platform: bool) -> KeyKind:
    if platform:
        return "platform_test" if test else "platform"
    return "test" if test else "live"


@key.command("list", short_help="List keys by their ids.")
@click.argument("merchant_id", required=False)
def key_list(merchant_id: str | None) -> None:
    """List the keys (of MERCHANT_ID) by their ids; the keys themselves are kept nowhere."""
    with Home.open(load_settings()) as home:
        for line in keys(home.connection, merchant_id):
            ends = "" if line.revoked_us is None else f"  revoked {rfc3339(line.revoked_us)}"
            click.echo(
                f"{line.key_id}  …{line.hint}  {line.kind:13} {line.merchant_id}  "
                f"{line.scopes or 'everything'}  made {rfc3339(line.made_us)}{ends}"
            )


@key.command("revoke")
@click.argument("key_id")
@click.option("--in-hours", type=click.FloatRange(0, 720), default=0.0, help="From then on.")
def key_revoke(key_id: str, in_hours: float) -> None:
    """Revoke KEY_ID; servers notice within five seconds."""
    with Home.open(load_settings()) as home, home.transaction() as log:
        now = now_us()
        at_us = now + round(in_hours * HOUR_US)
        merchant_id = revoke_key(log.connection, key_id, at_us=at_us)
        audit(log, "key revoked", merchant_id, now_us=now, key=key_id, starting=rfc3339(at_us))
    click.echo(f"Revoked {key_id} of {merchant_id} from {rfc3339(at_us)}")


@key.command("rotate")
@click.argument("key_id")
@click.option(
    "--keep-hours", type=click.FloatRange(0, 720), default=24.0, show_default=True,
    help="How long the old key still opens.",
)  # fmt: skip
def key_rotate(key_id: str, keep_hours: float) -> None:
    """Make a key like KEY_ID and let that one end after a while."""
    with Home.open(load_settings()) as home, home.transaction() as log:
        now = now_us()
        found = [line for line in keys(log.connection) if line.key_id == key_id]
        merchant_id = revoke_key(log.connection, key_id, at_us=now + round(keep_hours * HOUR_US))
        made = new_key(
            log.connection, merchant_id, found[0].kind,  # type: ignore[arg-type]
            now_us=now, scopes=found[0].scopes.split(),  # type: ignore[arg-type]
        )  # fmt: skip
        audit(log, "key rotated", merchant_id, now_us=now, key=key_id, to=_id(made))
    click.echo(made)


def _id(made: str) -> str:
    return key_id_of(key_digest(made))

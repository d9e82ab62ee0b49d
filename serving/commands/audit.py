"""``rto audit``: who did what."""

from __future__ import annotations

import click

from features.settings import load_settings
from serving.audit import audited
from serving.home import Home
from serving.moments import rfc3339


@click.command()
@click.argument("merchant_id", required=False)
@click.option("--last", type=click.IntRange(1), default=50, show_default=True)
def audit(merchant_id: str | None, last: int) -> None:
    """Show who did what (to MERCHANT_ID), newest first."""
    with Home.open(load_settings()) as home:
        for at_us, owner, body in audited(home.connection, merchant_id, last):
            more = ", ".join(f"{k} {v}" for k, v in body.items() if k not in ("did", "by"))
            click.echo(
                f"{rfc3339(at_us)}  {owner or 'everybody'}: {body['did']} by {body['by']}"
                + (f" ({more})" if more else "")
            )

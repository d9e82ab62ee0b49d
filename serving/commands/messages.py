"""``rto messages``: what did not reach a customer, and sending it again."""

from __future__ import annotations

import click

from features.errors import RefusedError
from features.settings import load_settings
from serving.audit import audit
from serving.conversation.manual import Resending
from serving.home import Home
from serving.moments import now_us, rfc3339
from serving.store.dead_letters import dead_letters

_MOST = 1_000


@click.group()
def messages() -> None:
    """List what did not reach a customer, and send it again."""


@messages.command("list")
@click.argument("merchant_id")
def messages_list(merchant_id: str) -> None:
    """Print the messages of MERCHANT_ID that nobody received, or may not have."""
    with Home.open(load_settings()) as home:
        found = dead_letters(home.connection, merchant_id, _MOST)
    for one in found:
        click.echo(
            f"{one.message_id}  {rfc3339(one.made_us)[:19]}  {one.purpose:12} {one.state:8} "
            f"{one.order_id}  {one.why}"
        )
    if not found:
        click.echo("every message has reached its customer, or is on its way")


@messages.command("retry")
@click.argument("merchant_id")
@click.argument("message_id")
@click.option("--doubtful", is_flag=True, help="Also one that may have arrived.")
def messages_retry(merchant_id: str, message_id: str, *, doubtful: bool) -> None:
    """Send MESSAGE_ID of MERCHANT_ID again."""
    now = now_us()
    with Home.open(load_settings()) as home, home.transaction() as log:
        if not Resending(merchant_id, message_id, doubtful, now)(log):
            raise RefusedError(
                f'"{merchant_id}" has no such message to send again; `rto messages list` names '
                "them, and of an unknown one nobody knows whether it arrived (--doubtful)"
            )
        audit(log, f"message {message_id} sent again", merchant_id, now_us=now)
    click.echo("waiting to be sent")

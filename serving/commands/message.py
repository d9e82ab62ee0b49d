"""``rto messages``: what did not reach a customer, and sending it again."""

from __future__ import annotations

import click

from features.errors import RefusedError
from features.settings import load_settings
from serving.audit import audit
from serving.home import Home
from serving.moments import now_us, rfc3339
from serving.store.outbox import dead_letters, send_again

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
    for message_id, order_id, purpose, state, why, made_us in found:
        click.echo(
            f"{message_id}  {rfc3339(made_us)[:19]}  {purpose:12} {state:8} {order_id}  {why}"
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
        if not send_again(log.connection, merchant_id, message_id, now, doubtful=doubtful):
            raise RefusedError(
                f'"{merchant_id}" has no such message to send again; `rto messages list` names '
                "them, and of an unknown one nobody knows whether it arrived (--doubtful)"
            )
        audit(log, f"message {message_id} sent again", merchant_id, now_us=now)
    click.echo("waiting to be sent")

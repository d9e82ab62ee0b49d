"""``rto trial``: a model for one merchant alone, or in the shadow of the one that decides."""

from __future__ import annotations

import click

from features.days import DAY_US
from features.errors import RefusedError
from features.settings import load_settings
from serving.model import Place, announce_in, newest_promotions
from serving.moments import now_us
from serving.store.connection import connect
from serving.trial import Compared, compared, placed


@click.group()
def trial() -> None:
    """Try a model on one merchant, or in the shadow."""


@trial.command("canary")
@click.argument("version")
@click.option("--merchant", required=True, help="Whose orders it decides.")
def canary(version: str, merchant: str) -> None:
    """Let VERSION, whose gates must have passed, decide the orders of one merchant."""
    settings = load_settings()
    announce_in(settings, Place(merchant), placed(settings, version, decides=True))
    click.echo(f"{version} decides the orders of {merchant}; rto trial end --merchant ends it")


@trial.command("shadow")
@click.argument("version")
def shadow(version: str) -> None:
    """Let VERSION score every order beside the model that decides."""
    settings = load_settings()
    announce_in(settings, Place(challenger=True), placed(settings, version, decides=False))
    click.echo(f"{version} scores in the shadow; rto trial compare shows how it does")


@trial.command("end")
@click.option("--merchant", help="The merchant whose canary ends; else the shadow ends.")
def end(merchant: str | None) -> None:
    """End a trial at once; the champion decides again."""
    settings = load_settings()
    place = Place(merchant) if merchant else Place(challenger=True)
    connection = connect(settings.store_url, readonly=True)
    try:
        if place not in newest_promotions(connection):
            raise RefusedError("no such trial is running")
    finally:
        connection.close()
    announce_in(settings, place, None)
    click.echo("ended")


@trial.command("compare", short_help="Compare a challenger with what was decided.")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True)
@click.option("--merchant", help="Only this merchant's orders.")
def compare(days: int, merchant: str | None) -> None:
    """Compare what was decided with what the challenger would have said, on the same orders."""
    connection = connect(load_settings().store_url, readonly=True)
    try:
        since = now_us() - days * DAY_US
        found = compared(connection, since_us=since, merchant_id=merchant)
    finally:
        connection.close()
    if not found:
        click.echo("No order was scored by a challenger in this time.")
    for pair in found:
        click.echo(_told(pair))


def _told(pair: Compared) -> str:
    losses = (
        "no outcome is known yet"
        if pair.decided_loss is None or pair.challenger_loss is None
        else f"log-loss {pair.decided_loss:.4f}, the challenger's {pair.challenger_loss:.4f}, on "
        f"{pair.known} known outcomes of orders nobody interfered with"
    )
    return (
        f"{pair.model} and {pair.challenger}: {pair.orders} orders, "
        f"{100 * pair.differing:.2f} points apart on average; {losses}"
    )

"""``rto erase`` and ``rto audit``: people taken out of the store, and who did what."""

from __future__ import annotations

import click
from tqdm import tqdm

from features.errors import RefusedError
from features.settings import load_settings
from serving.audit import audited
from serving.home import Home
from serving.ledger import Ledger, catch_up
from serving.moments import now_us, rfc3339
from serving.store.owner import Owner
from serving.upkeep.erasure import Person
from serving.upkeep.erasure import erase as erase_person


@click.command()
@click.option("--phone", help="With or without the country's prefix.")
@click.option("--email")
@click.option("--customer", help="The merchant's own id of the customer.")
@click.option("--merchant", help="At this merchant only; else at all of them.")
def erase(phone: str | None, email: str | None, customer: str | None, merchant: str | None) -> None:
    """Erase a person's contacts, payloads, notes and keys; says what goes and what stays."""
    person = Person(phone, email, customer)
    with (
        Home.open(load_settings()) as home,
        tqdm(desc="orders", unit="", delay=2, leave=False) as bar,
    ):
        done = erase_person(
            home, person, now_us=now_us(), merchant_id=merchant, progress=bar.update
        )
        followed = _followed(home)
    click.echo(
        f"Erased {done.sealed} sealed details of {done.orders} orders and {done.entries} list "
        f"entries; random tombstones stand in place of {done.keys} keys.\nKept: what was bought "
        "and where to down to the pincode, counts and decisions, which name nobody any more; and "
        f"{done.shared} keys that other persons' orders have too.\nBackups made before now still "
        "hold the sealed details; destroy them or let them expire. One-way marks of the keys are "
        "kept for 90 days, so that what is still on its way, as in a spool, comes in without them."
    )
    if not followed:
        click.echo("The server that is running puts its own memory right within a minute.")
    if not done.settled:
        click.echo("A reader still holds the old pages; they go with the next checkpoint.")


def _followed(home: Home) -> bool:
    """Let the stored who-records follow, unless a server owns them and will do it itself."""
    try:
        owner = Owner.claim(home.settings.claim, grace_s=0)
    except RefusedError:
        return False
    try:
        if not home.connection.own():
            return False
        catch_up(Ledger(home.connection), home.connection)
    finally:
        owner.release()
    return True


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

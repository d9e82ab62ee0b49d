"""``rto erase``: people taken out of the store."""

from __future__ import annotations

import click
from tqdm import tqdm

from features.errors import RefusedError
from features.settings import load_settings
from serving.catching_up import catch_up
from serving.home import Home
from serving.ledger import Ledger
from serving.moments import now_us
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

"""``rto recheck``: logged decisions computed again from the store."""

from __future__ import annotations

import click
from tqdm import tqdm

from features.directory import Directory
from features.errors import StoreError
from features.keys import Hasher
from features.settings import load_settings
from serving.home import Home
from serving.rows import Rows
from serving.store.connection import connect
from serving.store.contacts import Contacts
from serving.store.decisions import count_decisions
from serving.upkeep.recheck import Recheck, Rechecked

_SHOWN = 5


@click.command()
def recheck() -> None:
    """Recompute logged decisions: every feature bit for bit, and the decision that followed."""
    settings = load_settings()
    with Home.open(settings) as home:
        keyring = home.keyring
    reading = connect(settings.store_url, readonly=True)
    try:
        count = count_decisions(reading)
        rows = Rows(Directory.open(), Hasher(list(keyring.hashing.keys.values())))
        with tqdm(desc="rechecking", unit=" decisions", total=count, delay=2, leave=False) as bar:
            found = Recheck(reading, rows, Contacts(keyring.sealing), settings.folds_dir).run(
                bar.update
            )
    finally:
        reading.close()
    _tell(found)


def _tell(found: Rechecked) -> None:
    click.echo(
        f"{found.equal} decisions have the same features bit for bit and come out as they did; "
        f"{found.erased} cannot be compared because their text has been erased, "
        f"{found.other_catalogue} because they were made with other features, "
        f"{found.pruned} because orders that they counted have been pruned since."
    )
    if not found.differences:
        return
    for one in found.differences[:_SHOWN]:
        click.echo(
            f"order {one.order_id}: {one.name} was {one.logged!r}, is {one.again!r} "
            f"(decision {one.decision_id})"
        )
    orders = len({one.decision_id for one in found.differences})
    raise StoreError(f"{orders} decisions differ; the log or the program has been changed")

"""``rto load``: past orders and outcomes into the live store, ending with a fold."""

from __future__ import annotations

from pathlib import Path

import click
import pyarrow as pa
from tqdm import tqdm

from features.errors import RefusedError
from features.settings import load_settings
from features.shelf import Shelf
from features.tables import read_events, read_folder, read_items
from serving.catching_up import catch_up
from serving.folds import publish_fold
from serving.home import Home
from serving.ledger import Ledger
from serving.moments import now_us
from serving.store.connection import flushed_together
from serving.store.log import last_seq
from serving.store.owner import Owner
from serving.upkeep.load import Loaded, Loader
from serving.upkeep.past_events import NEEDED, PastEvents, PastLines


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Data folder with orders and, where known, events and items.",
)
def load(data: Path) -> None:
    """Load past orders; orders that are live already are skipped."""
    settings = load_settings()
    with Home.open(settings) as home:
        with flushed_together(home.connection):
            loaded, span = _load(home, data)
            pa.default_memory_pool().release_unused()  # counting and folding need room
            _store_records(home)
        fold = publish_fold(home.connection, settings.folds_dir, now_us=now_us())
    click.echo(
        f"Loaded {loaded.orders} orders ({span}) with {loaded.events} later events; "
        f"{loaded.loaded_already} were loaded before, {loaded.live_already} are live already. "
        f"History is folded up to event {fold.boundary}."
    )


def _loader(home: Home, data: Path) -> Loader:
    """Orders and lines stay on disk: of a million of them they are a gigabyte."""
    shelf = Shelf(home.settings.home)
    folder = read_folder(data, shelf=shelf)
    events = PastEvents.of(folder.orders, read_events(data, NEEDED))
    lines = PastLines.of(folder.orders, read_items(data, shelf=shelf), shelf=shelf)
    pa.default_memory_pool().release_unused()
    return Loader(home, folder, now_us(), events=events, lines=lines)


def _load(home: Home, data: Path) -> tuple[Loaded, str]:
    loader = _loader(home, data)
    with tqdm(desc="loading", unit=" events", delay=2, leave=False) as bar:
        return loader.run(bar.update), loader.span


def _store_records(home: Home) -> None:
    """Count the new events into the who-records now, unless a server is doing so."""
    if not home.connection.own():
        return
    try:
        owner = Owner.claim(home.settings.claim, grace_s=0)
    except RefusedError:
        return
    try:
        ledger, end = Ledger(home.connection), last_seq(home.connection)
        with tqdm(
            desc="counting", unit=" events", total=end - ledger.seq, delay=2, leave=False
        ) as bar:
            catch_up(ledger, home.connection, bar.update)
    finally:
        owner.release()

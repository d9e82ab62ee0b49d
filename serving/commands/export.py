"""``rto export``: the live log as a data folder."""

from __future__ import annotations

from pathlib import Path

import click

from features.settings import load_settings
from serving.home import Home
from serving.store.connection import connect
from serving.store.contacts import Contacts
from serving.upkeep.export import export_log


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Data folder."
)
@click.option("--contacts", "with_contacts", is_flag=True, help="Write raw contacts too.")
def export(out: Path, *, with_contacts: bool) -> None:
    """Write the live log as tables: orders, items, events, revisions."""
    settings = load_settings()
    with Home.open(settings) as home:
        contacts = Contacts(home.keyring.sealing)
    reading = connect(settings.store_url, readonly=True)
    try:
        written = export_log(reading, contacts, out, with_contacts=with_contacts)
    finally:
        reading.close()
    click.echo(f"Wrote {written} orders to {out}{'' if with_contacts else ', without contacts'}.")

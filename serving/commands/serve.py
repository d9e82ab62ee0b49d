"""``rto serve``: the API and the pages, with the worker beside them."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from features.settings import Settings, load_settings
from serving.commands.options import HOST, port_option
from serving.keyring import open_keyring
from serving.processes.supervisor import Supervisor, bind
from serving.store.connection import connect
from serving.store.hashing import check_hash_version
from serving.store.migrations import migrate
from serving.store.owner import Owner


@click.command()
@HOST
@port_option("--port", 8000, "Port to listen on; 0 takes a free one.", least=0)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Serve this model and ignore promotions.",
)
def serve(host: str, port: int, bundle: Path | None) -> None:
    """Serve the API and the pages until stopped."""
    settings = load_settings()
    owner = Owner.claim(settings.claim)
    _make_ready(settings)
    listening = bind(host, port)

    def began() -> None:
        click.echo(f"Serving on http://{host}:{listening.getsockname()[1]} (stop with Ctrl-C)")

    status = Supervisor(listening, owner.handle, bundle).run(began)
    owner.release()
    sys.exit(status)


def _make_ready(settings: Settings) -> None:
    """Make the keys and the database, or say in one sentence why not.

    What else is checked (``serving.store.opening``) takes a second to import, which every start
    would wait for; the scoring process does it.
    """
    keyring = open_keyring(settings)
    with closing(connect(settings.store_url)) as connection:
        migrate(connection)
        check_hash_version(connection, keyring.hashing.keys)

"""``rto rehash``: the log follows a new version of the hash key."""

from __future__ import annotations

from contextlib import closing

import click
from tqdm import tqdm

from features.errors import RefusedError
from features.settings import load_settings
from serving.catching_up import catch_up
from serving.home import Home
from serving.keyring import open_keyring
from serving.ledger import Ledger
from serving.moments import now_us
from serving.store.connection import connect
from serving.store.log import last_seq
from serving.store.migrations import migrate
from serving.store.owner import Owner
from serving.upkeep.rehash import rehash as rehash_log


@click.command()
def rehash() -> None:
    """Bring stored identities under the newest version of RTO_HASH_KEY; the server must be stopped.

    Add the new version to RTO_HASH_KEY beside the old ones first. Interrupted, run it again.
    """
    settings = load_settings()
    keyring, owner = open_keyring(settings), Owner.claim(settings.claim, grace_s=0)
    try:
        with closing(connect(settings.store_url)) as connection:
            migrate(connection)
            if not connection.own():
                raise RefusedError("a server owns the log; stop it first")
            home = Home(settings, keyring, connection)
            with tqdm(desc="facts", unit="", delay=2, leave=False) as bar:
                count = rehash_log(home, now_us=now_us(), progress=bar.update)
            ledger = Ledger(connection)
            left = last_seq(connection) - ledger.seq
            with tqdm(desc="counting", unit=" events", total=left, delay=2, leave=False) as bar:
                catch_up(ledger, connection, bar.update)
    finally:
        owner.release()
    version = keyring.hashing.version
    click.echo(
        f"{count} orders and revisions follow version {version} of RTO_HASH_KEY. Keep the versions "
        "before: keys are made through all of them."
        if count
        else f"Version {version} of RTO_HASH_KEY is in force already."
    )

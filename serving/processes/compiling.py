"""Machine code for the scoring process, compiled in a process of its own that ends thereafter.

A compiler leaves 150 MB behind in whoever has used it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import click

from features.compiled import compiles_first
from features.directory import Directory
from features.errors import RtoError
from features.keys import Hasher
from features.settings import load_settings
from serving.history import History
from serving.model import Champion
from serving.moments import now_us
from serving.processes.warmup import warm_up
from serving.rows import Rows
from serving.store.connection import connect

_NOBODYS_KEY = bytes(32)


def compile_apart(bundle: Path | None) -> None:
    """Have machine code at hand where there is none yet and it can be kept.

    Should this fail, the process that needs it compiles for itself.
    """
    if compiles_first():
        pin = [] if bundle is None else ["--bundle", str(bundle)]
        subprocess.run([sys.executable, "-m", __name__, *pin], check=False)


@click.command()
@click.option("--bundle", type=click.Path(path_type=Path))
def main(bundle: Path | None) -> None:
    """Score an order that nobody placed, with the model that will be in force."""
    settings = load_settings()
    champion = Champion.of(settings, bundle)
    with closing(connect(settings.store_url, readonly=True)) as connection:
        asyncio.run(champion.follow(connection))
        history = History(connection, settings.folds_dir)
        rows = Rows(Directory.open(), Hasher([_NOBODYS_KEY]))
        warm_up(rows, history.ledger, history.windows, champion.scorer, now_us())


if __name__ == "__main__":
    with suppress(RtoError):  # whoever waits for the machine code meets the same, and says so
        main(standalone_mode=False)

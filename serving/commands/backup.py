"""``rto backup`` and ``rto restore``: the log in one file, and back."""

from __future__ import annotations

from pathlib import Path

import click
from tqdm import tqdm

from features.settings import load_settings
from serving.home import Home
from serving.moments import now_us, rfc3339
from serving.upkeep.backup import backup as make_backup
from serving.upkeep.backup import restore as bring_back


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write the whole log to the new FILE, while servers go on.

    Keys are not in it: keep RTO_HASH_KEY and RTO_ENCRYPTION_KEY, or the key file under RTO_HOME,
    somewhere else.
    """
    settings = load_settings()
    with Home.open(settings) as home, tqdm(desc="writing", delay=2, leave=False) as bar:
        about = make_backup(home, file, now_us=now_us(), progress=bar.update)
    where = "the settings" if settings.hash_key else str(settings.keys_file)
    click.echo(
        f"Wrote {about.orders} orders, events up to {about.seq}, to {file}; its keys are not in it "
        f"but in {where}: keep them apart. Models and folds are not in it either: models lie in "
        f"{settings.models_dir}, folds are counted anew."
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(file: Path) -> None:
    """Bring the backup FILE into an empty log, on either engine, under the same keys."""
    with tqdm(desc="restoring", delay=2, leave=False) as bar:
        about = bring_back(load_settings(), file, now_us=now_us(), progress=bar.update)
    click.echo(
        f"Restored {about.orders} orders, events up to {about.seq}, as of {rfc3339(about.made_us)}."
        " Whoever was erased and whatever was reported since must be erased and reported again."
    )

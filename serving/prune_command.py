"""``rto prune``: what need not be kept any longer."""

from __future__ import annotations

import re
from datetime import datetime

import click
from tqdm import tqdm

from features.days import DAY_US, IST, to_us
from features.errors import RefusedError
from features.settings import load_settings
from serving.home import Home
from serving.moments import now_us, rfc3339
from serving.pruning import TEST_DAYS
from serving.pruning import prune as prune_log


@click.command()
@click.option("--older-than", "age", help="Days (180d) or an instant; default RTO_RETENTION_DAYS.")
def prune(age: str | None) -> None:
    """Remove contacts of orders finished long ago, and old test orders."""
    settings, now = load_settings(), now_us()
    if age is None:
        if settings.retention_days is None:
            raise RefusedError("say --older-than 180d, or set RTO_RETENTION_DAYS")
        age = f"{settings.retention_days}d"
    before = instant_of(age, now)
    with (
        Home.open(settings) as home,
        tqdm(desc="pruning", unit=" orders", delay=2, leave=False) as bar,
    ):
        done = prune_log(home, before, now_us=now, progress=bar.update)
    click.echo(
        f"Removed the contacts of {done.contacts} orders finished before {rfc3339(before)} and "
        f"{done.tests} test orders older than {TEST_DAYS} days. Kept {done.kept} contacts: of "
        "newer orders, and of orders without an outcome, which may still need a message. Counts "
        "and decisions stay as they were; backups made before hold what was removed."
    )


def instant_of(text: str, now: int) -> int:
    """An age in days or an instant, in microseconds since 1970.

    >>> instant_of("2d", 3 * DAY_US) == DAY_US
    True

    Raises
    ------
    RefusedError
        If it is neither, or lies in the future.
    """
    if found := re.fullmatch(r"(\d{1,5})d", text.strip()):
        return now - int(found[1]) * DAY_US
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RefusedError(f'"{text}" is no age; say 180d or 2026-01-31') from None
    instant = to_us(moment if moment.tzinfo else moment.replace(tzinfo=IST))
    if instant > now:
        raise RefusedError(f"{text} lies in the future; name an instant that has passed")
    return instant

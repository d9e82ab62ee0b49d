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
from serving.upkeep.order_pruning import prune_orders
from serving.upkeep.pruning import TEST_DAYS
from serving.upkeep.pruning import prune as prune_log


@click.command()
@click.option("--older-than", "age", help="Days (180d) or an instant; default RTO_RETENTION_DAYS.")
@click.option("--orders", "whole", is_flag=True, help="Take out whole orders too.")
def prune(age: str | None, *, whole: bool) -> None:
    """Remove contacts of orders finished long ago, and old test orders.

    With --orders also every order of which nothing has been heard since: its text, decisions and
    shipments. What it counts for later orders is kept without them, so no score changes. Decisions
    from before can then be neither shown nor rechecked, and an order id that is posted, reported
    on or loaded again is a new one.
    """
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
        gone = prune_orders(home, before, now_us=now, progress=bar.update) if whole else None
    click.echo(
        f"Removed the contacts of {done.contacts} orders finished before {rfc3339(before)} and "
        f"{done.tests} test orders older than {TEST_DAYS} days. Kept {done.kept} contacts: of "
        "newer orders, and of orders without an outcome, which may still need a message. Counts "
        "and decisions stay as they were; backups made before hold what was removed."
    )
    if gone is not None:
        click.echo(
            f"Took {gone.orders} whole orders and their decisions out of the log, {gone.pending} "
            "of them without an outcome: what is reported of those later is of an unknown order. "
            "What they count is carried on, so no score, fold or feature changes."
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

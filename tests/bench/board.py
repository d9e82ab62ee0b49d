"""How long the merchant's pages take to answer, with a year of orders counted."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from time import perf_counter

import click
import httpx2

from features.days import DAY_US
from serving.board.reading import catch_up
from serving.board.refresh import refresh
from serving.board.summary import Summary
from serving.pages.menu import MENU
from tests.serving import shop
from tests.serving.board.invented import write_year
from tests.serving.pages.rooms import Person, Rooms, open_rooms

_TIMES = 7
_NOW_US = shop.NOON + 3 * DAY_US
_MORE = (
    "/returns?by=sku&days=365&sort=rate", "/returns?by=cause", "/returns?days=365",
    "/returns/table?by=pincode&days=365", "/failed?days=365", "/failed/table?days=365",
    "/inbox?view=calls", "/messages", "/settings/webhooks",
)  # fmt: skip


@click.command()
@click.option("--orders", default=200_000, show_default=True)
@click.option("--home", type=click.Path(path_type=Path), help="Kept, and used again.")
def main(orders: int, home: Path | None) -> None:
    """Write the orders, count them, and visit every page."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_visit(home or Path(folder), orders))


async def _visit(home: Path, orders: int) -> None:
    async with open_rooms(home, clock=shop.Clock(_NOW_US)) as rooms:
        if not rooms.house.settings.board.exists():
            _fill(rooms, orders)
        owner = rooms.person("owner")
        for path in (*(entry.path for entry in MENU), *_MORE):
            click.echo(f"{path:<45} {await _fastest(owner, path)}")


def _fill(rooms: Rooms, orders: int) -> None:
    began = perf_counter()
    write_year(rooms.house.home, orders, now_us=_NOW_US)
    written = perf_counter()
    log = rooms.house.home.connection
    with Summary.open(rooms.house.settings.board) as summary:
        events = catch_up(summary, log)
        counted = perf_counter()
        refresh(summary, log, "kurtas", now_us=_NOW_US)
    worked = perf_counter() - counted
    click.echo(f"{orders:,} orders, {events:,} events: written in {written - began:.0f} s, counted "
               f"in {counted - written:.0f} s, worked out in {worked:.1f} s")  # fmt: skip
    size = rooms.house.settings.board.stat().st_size
    click.echo(f"the summary takes {size / 1e6:.0f} MB")


async def _fastest(person: Person, path: str) -> str:
    took = []
    for _ in range(_TIMES):
        began = perf_counter()
        answer: httpx2.Response = await person.get(path)
        took.append(1000 * (perf_counter() - began))
        if answer.status_code != 200:
            return f"{answer.status_code}"
    took.sort()
    middle = took[len(took) // 2]
    return f"{took[0]:6.1f} ms at best, {middle:6.1f} ms in the middle, {took[-1]:6.1f} ms at worst"


if __name__ == "__main__":
    main()

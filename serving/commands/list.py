"""``rto list``: a merchant's allow and block lists from the command line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import click
from tqdm import tqdm

from features.errors import RefusedError
from features.keys import Hasher
from features.settings import load_settings
from serving.home import Home
from serving.lists.changing import told
from serving.lists.file import MOST_BYTES, Defaults, Line, read_list
from serving.lists.importing import ImportEntries, parts, summed
from serving.lists.known import Lists
from serving.moments import now_us
from serving.schemas import ListField, ListName
from serving.store.lists import entries
from serving.store.merchants import known_merchant

_SHOWN = 10


@click.group("list")
def list_() -> None:
    """Import and show allow and block lists."""


@list_.command("import", short_help="Add the entries of a CSV file.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--merchant", required=True, help="Whose list.")
@click.option(
    "--list", "name", type=click.Choice(get_args(ListName)), help="For lines that name none."
)
@click.option("--field", type=click.Choice(get_args(ListField)), help="For lines that name none.")
@click.option("--reason", help="For lines that give none.")
@click.option("--by", help="Who imports; default the account.")
@click.option(
    "--refused",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the lines that were not taken, with the reason.",
)
def list_import(
    file: Path, merchant: str, name: str | None, field: str | None, reason: str | None,
    by: str | None, refused: Path | None,
) -> None:  # fmt: skip
    """Add the entries of a CSV FILE of up to 100,000 lines; running servers follow in a second.

    Its first line names the columns: value and field, or one called phone, email, ip, device or
    pincode; and if wanted list, reason, by and expires_at. Importing twice changes nothing.
    """
    if file.stat().st_size > MOST_BYTES:
        raise RefusedError(f"{file} is larger than {MOST_BYTES} bytes; split it")
    lines = read_list(file.read_bytes(), Defaults(name or "", field or "", reason or "", by or ""))
    with Home.open(load_settings()) as home:
        known_merchant(home.connection, merchant)
        results = _imported(home, merchant, lines)
    found = summed(results)
    click.echo(f"Took {found['taken']} of {found['lines']} lines into the lists of {merchant}.")
    for one in found["refused"][:_SHOWN]:
        click.echo(f"{file.name} line {one['line']}: {one['detail']}", err=True)
    if refused is not None and found["refused"]:
        _write(refused, lines, results)
        click.echo(f"The {len(found['refused'])} others are in {refused}.", err=True)
    elif len(found["refused"]) > _SHOWN:
        more = len(found["refused"]) - _SHOWN
        click.echo(f"and {more} more; --refused FILE writes all of them", err=True)


def _imported(home: Home, merchant: str, lines: list[Line]) -> list[dict[str, Any]]:
    lists = Lists(home.connection, Hasher(list(home.keyring.hashing.keys.values())))
    results: list[dict[str, Any]] = []
    with tqdm(desc="importing", unit=" lines", total=len(lines), delay=2, leave=False) as bar:
        for some in parts(lines):
            with home.transaction() as log:
                results += ImportEntries(merchant, some, lists, now_us())(log)
            bar.update(len(some))
    return results


def _write(path: Path, lines: Sequence[Line], results: Sequence[dict[str, Any]]) -> None:
    """The lines that were not taken as they stood, behind their number and the reason."""
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["line", "why"])
        for line, result in zip(lines, results, strict=True):
            if result["result"] == "invalid":
                writer.writerow([line.number, result["detail"], *line.cells])


@list_.command("show", short_help="Print the entries; values are kept as hashes.")
@click.argument("merchant")
def list_show(merchant: str) -> None:
    """Print the entries of MERCHANT; values are kept as hashes, so their ends are shown."""
    with Home.open(load_settings()) as home:
        for entry in entries(home.connection, merchant):
            line = told(entry)
            ends = f"  until {line['expires_at']}" if line["expires_at"] else ""
            click.echo(
                f"{line['entry_id']}  {line['list']:5}  {line['field']:7}  {line['hint']}  "
                f"{line['reason']}  by {line['added_by']}{ends}"
            )

"""How the benchmarks speak: lines and small tables on the terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click


def say(text: str) -> None:
    """One line."""
    click.echo(text)


def machine() -> str:
    """What the figures were measured on, and how busy it was."""
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return f"{os.cpu_count()} processors, load {load}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with the first column to the left and numbers to the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    for row in (head, *rows):
        first, *others = (
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        click.echo("  ".join(("", first, *others)))


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The same as a README holds it."""
    click.echo("| " + " | ".join(head) + " |")
    click.echo("|---|" + "--:|" * (len(head) - 1))
    for row in rows:
        click.echo("| " + " | ".join(row) + " |")

"""The command ``rto import``: a shop's export to a data folder, with a report."""

from __future__ import annotations

from pathlib import Path

import click

from training.importing.fitting import fitting
from training.importing.importer import REFUSED, OutcomeFile, import_export
from training.importing.source import Source
from training.mapping_file import load_mapping, shipped_mappings
from training.mapping_spec import FileForm


def _list_mappings(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if not asked or ctx.resilient_parsing:
        return
    for mapping in shipped_mappings():
        click.echo(f"{mapping.name.replace('_', '-'):<22}{mapping.reads:<10}{mapping.says}")
    ctx.exit()


@click.command("import")
@click.argument("export", type=click.Path(path_type=Path))
@click.option(
    "--mapping",
    metavar="MAPPING",
    help="How to read it: a YAML file, or the short name of a shipped mapping.",
)
@click.option(
    "--outcomes",
    type=click.Path(path_type=Path),
    metavar="REPORT",
    help="A courier's report with the outcomes.",
)
@click.option("--outcomes-mapping", metavar="MAPPING", help="How to read the courier's report.")
@click.option(
    "--join",
    metavar="COLUMN",
    help="The export's column that the report's order ids repeat.  [default: the order id]",
)
@click.option("--merchant", metavar="ID", help="Whose orders these are, if the file does not say.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The data folder to write.",
)
@click.option(
    "--list-mappings",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_mappings,
    help="List the shipped mappings and stop.",
)
def import_(
    export: Path,
    mapping: str | None,
    outcomes: Path | None,
    outcomes_mapping: str | None,
    join: str | None,
    merchant: str | None,
    out: Path,
) -> None:
    """Bring a shop's EXPORT (CSV, gzipped or not) to a data folder.

    Prints what was kept, changed and refused; refused rows stand in DIR/refused.csv with their
    reasons.
    """  # fmt: skip
    if mapping is None:
        raise click.UsageError(_which(export))
    report = import_export(
        export,
        load_mapping(mapping),
        out,
        outcome_file=_outcome_file(outcomes, outcomes_mapping, join),
        merchant=merchant,
        progress=True,
    )
    click.echo(report.as_text())
    refused = f" ({out / REFUSED} says why rows were refused)" if report.export.refused else ""
    click.echo(f"\nWritten to {out}{refused}; learn from it with: rto train --data {out}")


def _which(export: Path) -> str:
    """What to write for ``--mapping``: the shipped one whose columns the file has."""
    found = fitting(Source.open(export, FileForm()), "orders")
    if found:
        return f"say how to read the file; its columns are those of --mapping {found[0]}"
    return (
        f"{export.name} is in no format that comes with the program; write a --mapping, or let"
        " Set-up in the pages make one"
    )


def _outcome_file(path: Path | None, mapping: str | None, join: str | None) -> OutcomeFile | None:
    if path is None:
        if mapping is not None or join is not None:
            raise click.UsageError("--outcomes-mapping and --join need --outcomes")
        return None
    if mapping is None:
        raise click.UsageError("--outcomes needs --outcomes-mapping")
    return OutcomeFile(path, load_mapping(mapping), join)

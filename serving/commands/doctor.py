"""``rto doctor``: is this installation fit to serve."""

from __future__ import annotations

import sys

import click

from features.settings import load_settings
from serving.moments import now_us
from serving.upkeep.doctor import examine


@click.command()
def doctor() -> None:
    """Check keys, log, disk, folds, model, machine code and backups; 1 if anything is wrong."""
    wrong = False
    for finding in examine(load_settings(), now_us()):
        click.echo(f"{finding.state:5}  {finding.what}: {finding.says}")
        wrong = wrong or finding.state == "wrong"
    sys.exit(1 if wrong else 0)

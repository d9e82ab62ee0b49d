"""The program ``rto``: one command line over training and serving, each imported when asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import NamedTuple

import click

from features.errors import RtoError


class Place(NamedTuple):
    """Where a command lives and the line ``rto --help`` shows for it, without importing it."""

    module: str
    says: str


COMMANDS: dict[str, Place] = {
    "simulate": Place(
        "training.commands", "Invent a year of orders with known true probabilities."
    ),
    "import": Place("training.commands", "Bring a shop's export to a data folder."),
    "features": Place("training.commands", "Compute the as-of feature matrix of a data folder."),
    "train": Place("training.commands", "Learn a model from past orders."),
    "backtest": Place(
        "training.commands", "Replay past orders as if live and keep the predictions."
    ),
    "evaluate": Place("training.commands", "Report what predictions were worth."),
    "score": Place("training.commands", "Score a file of orders in one batch."),
    "models": Place("training.commands", "List the trained models."),
    "serve": Place("serving.commands", "Serve the API and the pages."),
    "worker": Place("serving.commands", "Fold history and keep the timers."),
    "load": Place("serving.commands", "Load past orders and outcomes into the live store."),
    "export": Place("serving.commands", "Write the live log as tables."),
    "recheck": Place("serving.commands", "Recompute logged decisions and compare their features."),
    "explain": Place("serving.commands", "Show one decision in full."),
    "merchant": Place("serving.commands", "Add merchants."),
    "key": Place("serving.commands", "Make API keys."),
    "settings": Place("serving.commands", "Print every setting and what it means."),
}


class LateGroup(click.Group):
    """A group whose commands are imported only when one of them is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of a newcomer's way through them."""
        return [*COMMANDS, *(name for name in self.commands if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None for an unknown name."""
        known = super().get_command(ctx, cmd_name)
        if known is not None or cmd_name not in COMMANDS:
            return known
        module = import_module(COMMANDS[cmd_name].module)
        group: click.Group = module.commands
        return group.get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, so that help imports nothing."""
        own = {name: command.get_short_help_str() for name, command in self.commands.items()}
        says = {name: place.says for name, place in COMMANDS.items()} | own
        with formatter.section("Commands"):
            formatter.write_dl([(name, says[name]) for name in self.list_commands(ctx)])


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rto")
def cli() -> None:
    """Open risk scoring for return-to-origin (RTO) of cash-on-delivery orders."""


def main() -> None:
    """Run the program; whatever a user can mend ends in one line on stderr and status 1."""
    try:
        cli(standalone_mode=True)
    except RtoError as error:
        click.echo(f"rto: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()

"""The commands of training, each imported only when it is asked for: their tools are heavy."""

from __future__ import annotations

from importlib import import_module

import click

# A command and where it lives. To add one, add its line; nothing else here changes.
COMMANDS: dict[str, str] = {
    "simulate": "training.simulate_command:simulate",
    "import": "training.import_command:import_",
    "features": "training.features_command:features_",
    "models": "training.models_command:models_",
    "score": "training.score_command:score_",
    "evaluate": "training.evaluate_command:evaluate_",
    "backtest": "training.backtest_command:backtest_",
    "train": "training.train_command:train_",
}


class CommandShelf(click.Group):
    """A group that looks its commands up in ``COMMANDS``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, without importing anything."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command's module and return the command, or None for an unknown name."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


commands = CommandShelf("training")

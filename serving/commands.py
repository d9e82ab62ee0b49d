"""The commands of serving, each imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click

# A command and where it lives.
COMMANDS: dict[str, str] = {
    "serve": "serving.serve_command:serve",
    "worker": "serving.worker_process:worker",
    "load": "serving.load_command:load",
    "export": "serving.export_command:export",
    "recheck": "serving.recheck_command:recheck",
    "explain": "serving.explain_command:explain",
    "merchant": "serving.tenant_commands:merchant",
    "key": "serving.tenant_commands:key",
    "settings": "serving.settings_command:settings",
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


commands = CommandShelf("serving")

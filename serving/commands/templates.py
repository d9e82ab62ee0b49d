"""``rto templates``: what a WhatsApp number may say first."""

from __future__ import annotations

import click
from pydantic_core import to_json

from serving.conversation.messages.templates import submissions


@click.command()
def templates() -> None:
    """Print the message templates as WhatsApp wants them submitted."""
    click.echo(to_json(submissions(), indent=1))

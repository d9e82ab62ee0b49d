"""``rto settings``: every setting, its value and its meaning."""

from __future__ import annotations

import click

from features.settings import load_settings, settings_table


@click.command()
def settings() -> None:
    """Print every setting and what it means; secrets are masked."""
    for name, value, meaning in settings_table(load_settings()):
        click.echo(f"{name}={value}")
        click.echo(click.wrap_text(meaning, initial_indent="    ", subsequent_indent="    "))

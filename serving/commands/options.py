"""Options that several commands of serving share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")


def port_option(name: str, default: int, says: str, *, least: int = 1) -> Callable[[Any], Any]:
    """An option that names a port, from ``least`` on."""
    return click.option(
        name, type=click.IntRange(least, 65_535), default=default, show_default=True, help=says
    )

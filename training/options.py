"""Option types that several commands of training share: instants and spans of time."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from features.days import DAY_US, HOUR_US, IST, to_us

F = TypeVar("F", bound=Callable[..., object])

_SPAN = re.compile(r"^(\d+)([hdw])$")
_UNIT_US = {"h": HOUR_US, "d": DAY_US, "w": 7 * DAY_US}


class Moment(click.ParamType[int]):
    """An ISO date or time as µs since 1970; without a zone it is Indian time."""

    name = "time"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,  # noqa: ARG002
        ctx: click.Context | None,  # noqa: ARG002
    ) -> int:
        """Read a moment, or fail with a sentence."""
        if isinstance(value, int):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date or time such as 2026-05-02 or 2026-05-02T00:00+05:30")
        return to_us(moment if moment.tzinfo else moment.replace(tzinfo=IST))


class Span(click.ParamType[int]):
    """A length of time such as 12h, 7d or 4w, as µs."""

    name = "span"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,  # noqa: ARG002
        ctx: click.Context | None,  # noqa: ARG002
    ) -> int:
        """Read a span, or fail with a sentence."""
        if isinstance(value, int):
            return value
        found = _SPAN.match(str(value))
        if not found or int(found[1]) == 0:
            self.fail(f"{value!r} is no span such as 12h, 7d or 4w")
        return int(found[1]) * _UNIT_US[found[2]]


MOMENT, SPAN = Moment(), Span()


def existing_folder(name: str, says: str) -> Callable[[F], F]:
    """A required option that names a data folder."""
    return click.option(
        name,
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        required=True,
        help=says,
    )


def configuration_options(command: F) -> F:
    """The options that make a training configuration: ``--config``, ``--extra``, ``--exclude``."""
    for option in (
        click.option("--exclude", multiple=True, metavar="NAME",
                     help="Leave out a feature group, feature or kind of token (such as coupons)."),
        click.option("--extra", multiple=True, metavar="COLUMN",
                     help="Use this extra column; you vouch that it is known at order time."),
        click.option("--config", type=click.Path(path_type=Path, exists=True, dir_okay=False),
                     help="Training configuration (YAML)."),
    ):  # fmt: skip
        command = option(command)
    return command


def on_option(command: F) -> F:
    """The option ``--on``: a Dask cluster that does the work."""
    return click.option(
        "--on",
        metavar="dask://HOST:PORT",
        help="Let the workers of this Dask scheduler do the work.",
    )(command)

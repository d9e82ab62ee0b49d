"""What the documents say and the code knows better: written by ``make docs``, tested as is."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import click
from click.testing import CliRunner

from features.catalogue import CATALOGUE
from features.reasons import REASONS
from features.settings import Settings, settings_table
from rto import cli

ROOT = Path(__file__).resolve().parent.parent


class Part(NamedTuple):
    """A passage of a document between two markers, and what writes it."""

    document: str
    name: str
    write: Callable[[], str]


def feature_table() -> str:
    """Every feature in model order, by group."""
    groups: dict[str, list[str]] = defaultdict(list)
    for feature in CATALOGUE:
        row = f"| `{feature.name}` | {feature.unit} | `{feature.reason}` | {_cell(feature.says)} |"
        groups[feature.group].append(row)
    head = "| feature | unit | reason | what it is |\n|---|---|---|---|\n"
    tables = (
        f"### {group} ({len(rows)})\n\n{head}" + "\n".join(rows) for group, rows in groups.items()
    )
    return f"{len(CATALOGUE)} features in {len(groups)} groups.\n\n" + "\n\n".join(tables)


def group_table() -> str:
    """The groups of features and how many each holds."""
    counts: dict[str, int] = defaultdict(int)
    for feature in CATALOGUE:
        counts[feature.group] += 1
    return ", ".join(f"{group} {n}" for group, n in counts.items())


def reason_table() -> str:
    """Every reason code with what a person reads."""
    head = "| code | bucket | text | advice |\n|---|---|---|---|\n"
    rows = (
        f"| `{r.code}` | {r.bucket} | {_cell(r.text)} | {_cell(r.advice)} |"
        for r in REASONS.values()
    )
    return head + "\n".join(rows)


def settings_text() -> str:
    """Every setting with its default and meaning."""
    head = "| variable | default | meaning |\n|---|---|---|\n"
    defaults = Settings.model_construct()
    rows = (f"| `{n}` | {_cell(v)} | {_cell(says)} |" for n, v, says in settings_table(defaults))
    return head + "\n".join(rows)


def help_text() -> str:
    """``rto --help`` and the help of every command."""
    pages = (_help(words) for words in _commands(cli, click.Context(cli, info_name="rto"), ()))
    return "\n\n".join(pages)


def _commands(
    command: click.Command, context: click.Context, words: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _commands(found, context, (*words, name))


def _help(words: tuple[str, ...]) -> str:
    shown = CliRunner().invoke(cli, [*words, "--help"], prog_name="rto", terminal_width=90)
    return f"```text\n$ rto {' '.join((*words, '--help'))}\n{shown.output.rstrip()}\n```"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


PARTS = (
    Part("README.md", "groups", group_table),
    Part("features/README.md", "features", feature_table),
    Part("features/README.md", "reasons", reason_table),
    Part("serving/README.md", "settings", settings_text),
    Part("COMMANDS.md", "help", help_text),
)


def rewritten(document: str, parts: tuple[Part, ...] = PARTS) -> str:
    """The document's text with every generated passage as it should be.

    Raises
    ------
    ValueError
        If the document lacks a passage's markers.
    """
    text = (ROOT / document).read_text(encoding="utf-8")
    for part in parts:
        if part.document != document:
            continue
        begin, end = f"<!-- {part.name} -->", f"<!-- /{part.name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"{document} has no passage {begin} … {end}")
        passage = f"{begin}\n\n{part.write()}\n\n{end}"
        text = pattern.sub(lambda _, passage=passage: passage, text)  # type: ignore[misc]
    return text


def main() -> None:
    """Rewrite every document."""
    for document in dict.fromkeys(part.document for part in PARTS):
        (ROOT / document).write_text(rewritten(document), encoding="utf-8")
        sys.stdout.write(f"{document}\n")


if __name__ == "__main__":
    main()

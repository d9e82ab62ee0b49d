"""What is said within a day of a customer's message: texts with buttons, in their language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from serving.conversation.messages.templates import language_in

_MOST_BUTTONS, _TITLE = 3, 20
_MOST_ROWS, _ROW = 10, 24
_LONGEST = 1_000


@cache
def texts() -> dict[str, dict[str, Any]]:
    """All texts by language and step."""
    read = yaml.safe_load((Path(__file__).parent / "session.yaml").read_text("utf-8"))
    languages: dict[str, dict[str, Any]] = read
    return languages


def language_of(content: Mapping[str, Any]) -> str:
    """The customer's language where there are texts in it, else English."""
    return language_in(texts(), content)


def session(
    step: str,
    content: Mapping[str, Any],
    words: Mapping[str, str],
    *,
    message_id: str,
    buttons: Mapping[str, str] | None = None,
    without: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The body of a session message, from its type on.

    Parameters
    ----------
    step : str
        Names the text.
    words : mapping
        What stands for the names in braces.
    buttons : mapping, optional
        Answers and titles, instead of the text's own.
    without : frozenset of str
        Answers that are not open to this customer.
    """
    said = texts()[language_of(content)][step]
    text = str(said["body"]).format_map({name: str(word) for name, word in words.items()})
    body = {"text": text[:_LONGEST]}
    shown = said.get("buttons", {}) if buttons is None else buttons
    open_to = {answer: title for answer, title in shown.items() if answer not in without}
    if "rows" in said:
        rows = [{"id": f"{answer}:{message_id}", "title": title[:_ROW]}
                for answer, title in said["rows"].items() if answer not in without]  # fmt: skip
        action = {"button": str(said["choose"])[:_TITLE], "sections": [{"rows": rows[:_MOST_ROWS]}]}
        chosen = {"type": "list", "body": body, "action": action}
        return {"type": "interactive", "interactive": chosen}
    if not open_to:
        return {"type": "text", "text": {"preview_url": False, "body": body["text"]}}
    replies = [
        {"type": "reply", "reply": {"id": f"{answer}:{message_id}", "title": title[:_TITLE]}}
        for answer, title in open_to.items()
    ][:_MOST_BUTTONS]
    pressed = {"type": "button", "body": body, "action": {"buttons": replies}}
    return {"type": "interactive", "interactive": pressed}

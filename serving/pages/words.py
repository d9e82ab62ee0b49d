"""The languages of the pages: English in the code, the others in a catalogue beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TypeAlias

import yaml

LANGUAGES = {"en": "English", "hi": "हिन्दी"}

Words: TypeAlias = Callable[..., str]


def words(language: str) -> Words:
    """The function that says a sentence in a language.

    It takes the English sentence and the values of its ``{names}``; what a catalogue lacks is
    said in English.
    """
    sentences = catalogue(language)

    def say(sentence: str, **values: object) -> str:
        said = sentences.get(sentence, sentence)
        return said.format(**values) if values else said

    return say


@cache
def catalogue(language: str) -> dict[str, str]:
    """The sentences of a language, by the English ones."""
    if language == "en":
        return {}
    found: dict[str, str] = {}
    for file in files("serving.pages").joinpath("words").iterdir():
        if file.name.startswith(f"{language}.") and file.name.endswith(".yaml"):
            found |= yaml.safe_load(file.read_text("utf-8")) or {}
    return found


def language_of(chosen: str, accepted: str) -> str:
    """The language to show: the one that was chosen, else the first one accepted that is there.

    >>> language_of("", "ta, hi;q=0.8, en;q=0.5"), language_of("en", "hi"), language_of("", "")
    ('hi', 'en', 'en')
    """
    if chosen in LANGUAGES:
        return chosen
    for wish in accepted.split(","):
        name = wish.split(";")[0].strip().split("-")[0].lower()
        if name in LANGUAGES:
            return name
    return "en"

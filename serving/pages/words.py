"""The languages of the pages: English in the code, the others in a catalogue beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TypeAlias

import yaml

LANGUAGES = {"en": "English", "hi": "हिन्दी"}

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_PLACE = re.compile(r"#(\d)")
_BETWEEN = re.compile(r"[,;] ")

Words: TypeAlias = Callable[..., str]


def words(language: str) -> Words:
    """The function that says a sentence in a language.

    It takes the English sentence and the values of its ``{names}``; what a catalogue lacks is
    said in English. A sentence that was made elsewhere with numbers in it, such as a reason, is
    looked up with a ``#`` for each of them.
    """
    sentences = catalogue(language)

    def say(sentence: str, **values: object) -> str:
        said = sentences.get(sentence)
        if said is None:
            said = (not values and _told(sentences, sentence)) or sentence
        return said.format(**values) if values else said

    return say


def _told(sentences: Mapping[str, str], text: str) -> str | None:
    """A sentence by its form, whole or part by part; None where a part has no translation.

    >>> _told({"# came back": "#1 लौटे", "no outcome": "नतीजा नहीं"}, "2 came back, no outcome")
    '2 लौटे, नतीजा नहीं'
    """
    whole = _filled(sentences, text)
    if whole is not None:
        return whole
    for mark in reversed(list(_BETWEEN.finditer(text))):
        first = _filled(sentences, text[: mark.start()])
        rest = first and _told(sentences, text[mark.end() :])
        if first and rest:
            return f"{first}{mark[0]}{rest}"
    return None


def _filled(sentences: Mapping[str, str], text: str) -> str | None:
    numbers = _NUMBER.findall(text)
    said = sentences.get(_NUMBER.sub("#", text))
    if said is None:
        return None
    return _PLACE.sub(lambda place: numbers[int(place[1]) - 1], said)


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

"""How unlike Indian address text some letters are: a trigram model of characters, and word counts.

The table holds, for every pair of letters (or word edge) and the next one, the surprise
−ln P(next | pair) in thousandths of a nat. It was learned by ``features.learn_gibberish`` from
bank-branch addresses (RBI/NPCI list, public domain) and the directory's localities.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.compiled import compiled

TABLE = Path(__file__).resolve().parent / "tables" / "letter_surprise.npy"
SYMBOLS = 27
WORD_LETTERS = 4
NOISE_NATS = 4.0


class Letters(NamedTuple):
    """What one pass over a plain text finds.

    ``surprise`` is the mean over its letters and word ends in nats, ``worst`` the highest mean of
    any word of four letters or more; both NaN without such letters. ``noise`` counts the letters
    in words above ``NOISE_NATS``; a digit ends a word for this purpose. A ``number`` is a word
    with one to five digits, ``first_number`` the position of the first (−1: none).
    """

    letters: int
    digits: int
    words: int
    longest: int
    numbers: int
    first_number: int
    long_numbers: int
    noise: int
    surprise: float
    worst: float


class Noise(NamedTuple):
    """Of ``Letters`` what the character model tells."""

    noise: int
    surprise: float
    worst: float


Surprise = npt.NDArray[np.int16]


@lru_cache(maxsize=1)
def open_surprise() -> Surprise:
    """The shipped table, of shape (27 · 27 · 27,), memory-mapped."""
    return np.asarray(np.load(TABLE, mmap_mode="r"))


def read_letters(plain_text: str, surprise: Surprise) -> Letters:
    """Count and judge the letters of a text that ``features.latin.plain`` made."""
    return Letters(*_read(plain_text.encode("ascii") + b" ", surprise))


def read_noise(plain_text: str, surprise: Surprise) -> Noise:
    """What :func:`read_letters` says of noise, without counting words."""
    return Noise(*_judge(plain_text.encode("ascii") + b" ", surprise))


@compiled
def _read(
    symbols: bytes, surprise: Surprise
) -> tuple[int, int, int, int, int, int, int, int, float, float]:
    """Both passes in one call, since crossing into machine code costs as much as a pass."""
    letters, digits, words, longest, numbers, first_number, long_numbers = _count(symbols)
    noise, mean, worst = _judge(symbols, surprise)
    return letters, digits, words, longest, numbers, first_number, long_numbers, noise, mean, worst


@compiled
def _count(symbols: bytes) -> tuple[int, int, int, int, int, int, int]:
    letters = digits = words = longest = numbers = long_numbers = 0
    first_number = -1
    word_letters = word_digits = 0
    for symbol in symbols:
        if symbol != 32:
            word_digits += symbol <= 57
            word_letters += symbol > 57
            continue
        if 0 < word_digits < 6:
            numbers += 1
            first_number = words if first_number < 0 else first_number
        long_numbers += word_digits >= 6
        letters += word_letters
        digits += word_digits
        longest = max(longest, word_letters + word_digits)
        words += word_letters + word_digits > 0
        word_letters = word_digits = 0
    return letters, digits, words, longest, numbers, first_number, long_numbers


@compiled
def _judge(symbols: bytes, surprise: Surprise) -> tuple[int, float, float]:
    noise = steps = 0
    total = word_total = 0.0
    worst = np.nan
    before = last = word_letters = 0
    for symbol in symbols:
        now = symbol - 96 if symbol > 57 else 0
        if now > 0 or word_letters > 0:
            word_total += surprise[(before * SYMBOLS + last) * SYMBOLS + now]
            before, last = last, now
            word_letters += now > 0
        if now > 0 or word_letters == 0:
            continue
        mean = word_total / (1000.0 * (word_letters + 1))
        if word_letters >= WORD_LETTERS:
            worst = mean if not worst >= mean else worst
            noise += word_letters if mean > NOISE_NATS else 0
        total += word_total
        steps += word_letters + 1
        before = last = word_letters = 0
        word_total = 0.0
    return noise, (total / (1000.0 * steps) if steps else np.nan), worst

"""How unlike Indian address text some letters are: a trigram model of characters, and word counts.

The table holds, for every pair of letters (or word edge) and the next one, the surprise
−ln P(next | pair) in thousandths of a nat. It was learned by ``features.learn_gibberish`` from
bank-branch addresses (RBI/NPCI list, public domain) and the directory's localities.
"""

from __future__ import annotations

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
    in words above ``NOISE_NATS``. A ``number`` is a word with a digit and fewer than six of them;
    ``first_number`` is its position among the words (−1: none).
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


Surprise = npt.NDArray[np.int16]


def open_surprise() -> Surprise:
    """The shipped table, of shape (27 · 27 · 27,), memory-mapped."""
    return np.asarray(np.load(TABLE, mmap_mode="r"))


def read_letters(plain_text: str, surprise: Surprise) -> Letters:
    """Count and judge the letters of a text that ``features.latin.plain`` made."""
    return Letters(*_read(np.frombuffer(plain_text.encode("ascii") + b" ", np.uint8), surprise))


@compiled
def _read(
    text: npt.NDArray[np.uint8], surprise: Surprise
) -> tuple[int, int, int, int, int, int, int, int, float, float]:
    letters = digits = words = longest = numbers = long_numbers = noise = steps = 0
    first_number = -1
    total = 0.0
    worst = np.nan
    before = last = 0
    word_letters = word_digits = 0
    word_total = 0.0
    for symbol in text:
        if 97 <= symbol <= 122:
            now = symbol - 96
            word_total += surprise[(before * 27 + last) * 27 + now]
            before, last = last, now
            word_letters += 1
            continue
        if 48 <= symbol <= 57:
            word_digits += 1
            continue
        if word_letters + word_digits == 0:
            continue
        if word_letters > 0:
            word_total += surprise[(before * 27 + last) * 27]
            total += word_total
            steps += word_letters + 1
            mean = word_total / (1000.0 * (word_letters + 1))
            if word_letters >= WORD_LETTERS:
                if not worst >= mean:
                    worst = mean
                if mean > NOISE_NATS:
                    noise += word_letters
        if 0 < word_digits < 6:
            numbers += 1
            if first_number < 0:
                first_number = words
        if word_digits >= 6:
            long_numbers += 1
        letters += word_letters
        digits += word_digits
        longest = max(longest, word_letters + word_digits)
        words += 1
        before = last = word_letters = word_digits = 0
        word_total = 0.0
    mean = total / (1000.0 * steps) if steps else np.nan
    return (
        letters, digits, words, longest, numbers, first_number, long_numbers, noise, mean, worst,
    )  # fmt: skip

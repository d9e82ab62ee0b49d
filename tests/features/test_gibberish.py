"""The character model tells address text from keyboard noise."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.gibberish import NOISE_NATS, SYMBOLS, TABLE, open_surprise, read_letters
from features.latin import plain
from features.learn_gibberish import count_trigrams, split_addresses, surprise_of

SURPRISE = open_surprise()
SHARED = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
ADDRESSES = SHARED / "addresses_in" / "bank_branches.parquet"


def walk(rng: random.Random) -> str:
    """Invented keyboard noise: fingers walking along one row of keys."""
    row = rng.choice(("qwertyuiop", "asdfghjkl", "zxcvbnm"))
    key, word = rng.randrange(len(row)), ""
    for _ in range(rng.randint(5, 9)):
        word += row[key]
        key = max(0, min(len(row) - 1, key + rng.choice((-2, -1, 1, 2))))
    return word


def test_the_table_is_small_and_holds_probabilities() -> None:
    assert TABLE.stat().st_size < 100_000
    shares = np.exp(-SURPRISE.reshape(SYMBOLS, SYMBOLS, SYMBOLS) / 1000.0).sum(axis=2)
    assert shares == pytest.approx(np.ones((SYMBOLS, SYMBOLS)), abs=0.02)


def test_learning_counts_words_and_their_edges() -> None:
    counts = count_trigrams(["Ab, 12 ab"])
    a, b = 1, 2
    assert counts[0, 0, a] == counts[0, a, b] == counts[a, b, 0] == 2
    assert counts.sum() == 6


def test_what_was_seen_surprises_less() -> None:
    learned = surprise_of(count_trigrams(["nagar"] * 50))
    seen = read_letters("nagar", learned).surprise
    assert seen < read_letters("xqzwk", learned).surprise


def test_real_words_are_unsurprising_and_noise_is_not() -> None:
    assert read_letters("gandhi nagar main road", SURPRISE).surprise < 2.6
    noise = read_letters("gandhi nagar sdkfjhsdf", SURPRISE)
    assert noise.worst > NOISE_NATS
    assert noise.noise == len("sdkfjhsdf")


def test_a_word_is_judged_without_the_words_before_it() -> None:
    alone = read_letters("nagar", SURPRISE).surprise
    assert read_letters("nagar nagar", SURPRISE).surprise == pytest.approx(alone)


def test_letters_numbers_and_words_are_counted() -> None:
    letters = read_letters("flat 12b mg road 560034 2", SURPRISE)
    assert (letters.letters, letters.digits, letters.words) == (11, 9, 6)
    assert (letters.numbers, letters.first_number, letters.long_numbers) == (2, 1, 1)
    assert letters.longest == 6


def test_a_text_without_letters_has_no_surprise() -> None:
    for text in ("", "12 34", "560034"):
        letters = read_letters(text, SURPRISE)
        assert np.isnan(letters.surprise)
        assert np.isnan(letters.worst)
        assert letters.letters == letters.noise == 0


@given(st.text(max_size=500))
def test_every_text_can_be_read(text: str) -> None:
    words = plain(text)
    letters = read_letters(words, SURPRISE)
    assert letters.words == len(words.split())
    assert letters.letters + letters.digits == len(words.replace(" ", ""))
    assert letters.noise <= letters.letters
    assert np.isnan(letters.surprise) == (letters.letters == 0)


def test_held_out_addresses_and_invented_noise_hardly_overlap() -> None:
    if not ADDRESSES.exists():
        pytest.skip(f"real addresses are not at {ADDRESSES}; set SHARED_DATA")
    _, judge = split_addresses(ADDRESSES)
    rng = random.Random(7)
    real = [read_letters(plain(text[:500]), SURPRISE).surprise for text in judge[:4000]]
    noise = [
        read_letters(" ".join(walk(rng) for _ in range(rng.randint(1, 6))), SURPRISE).surprise
        for _ in range(2000)
    ]
    real = [value for value in real if not np.isnan(value)]
    ordered = np.sort(real)
    auc = np.searchsorted(ordered, noise).mean() / len(ordered)
    assert auc > 0.995

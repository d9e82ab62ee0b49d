"""Learns the letter table: ``python -m features.learn_gibberish ADDRESSES.parquet``.

The file needs a column ``address`` and a column ``ifsc``; a fifth of its rows (by a checksum of
``ifsc``) is left out, so that the model can be judged on addresses it has not seen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from features.directory import Directory
from features.gibberish import SYMBOLS, TABLE, Surprise
from features.latin import plain

HELD_OUT = 5
TRUST_PAIR = 20.0
TRUST_LETTER = 200.0


def split_addresses(file: Path) -> tuple[list[str], list[str]]:
    """Addresses to learn from and addresses to judge by."""
    table = pq.read_table(file, columns=["ifsc", "address"])
    learn: list[str] = []
    judge: list[str] = []
    for ifsc, address in zip(*(column.to_pylist() for column in table.columns), strict=True):
        held_out = crc32(ifsc.encode()) % HELD_OUT == 0
        (judge if held_out else learn).append(address)
    return learn, judge


def count_trigrams(texts: Iterable[str]) -> npt.NDArray[np.int64]:
    """Trigram counts of shape (27, 27, 27): letters a–z are 1–26, a word's edge is 0."""
    counts = np.zeros(SYMBOLS**3, np.int64)
    for text in texts:
        for word in plain(text).split():
            if word.isalpha():
                padded = [0, 0, *(ord(letter) - 96 for letter in word), 0]
                for a, b, c in zip(padded, padded[1:], padded[2:], strict=False):
                    counts[(a * SYMBOLS + b) * SYMBOLS + c] += 1
    return counts.reshape(SYMBOLS, SYMBOLS, SYMBOLS)


def surprise_of(counts: npt.NDArray[np.int64]) -> Surprise:
    """−1000 ln P, each level shrunk to the next shorter context (Dirichlet prior, as in MacKay and
    Peto 1995), the shortest to the uniform distribution."""
    single = counts.sum(axis=(0, 1)) + 1.0
    unigram = single / single.sum()
    pairs = counts.sum(axis=0)
    bigram = (pairs + TRUST_LETTER * unigram) / (pairs.sum(axis=1, keepdims=True) + TRUST_LETTER)
    trigram = (counts + TRUST_PAIR * bigram) / (counts.sum(axis=2, keepdims=True) + TRUST_PAIR)
    milli_nats: Surprise = np.rint(-1000.0 * np.log(trigram)).astype(np.int16).reshape(-1)
    return milli_nats


def _localities() -> Iterator[str]:
    directory = Directory.open()
    return (directory.office_name(number) for number in range(directory.n_offices))


def main(file: Path) -> None:
    """Learn from the file and the directory, and write the table that ships."""
    learn, _ = split_addresses(file)
    counts = count_trigrams(learn) + count_trigrams(_localities())
    np.save(TABLE, surprise_of(counts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

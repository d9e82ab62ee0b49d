"""Slips of the finger: letters left out, doubled, swapped or hit beside the key."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.world.chance import Flags, Floats

_BESIDE = {
    "a": "s", "s": "a", "d": "f", "f": "d", "g": "h", "h": "g", "j": "k", "k": "j", "l": "k",
    "q": "w", "w": "e", "e": "r", "r": "t", "t": "y", "y": "u", "u": "i", "i": "o", "o": "p",
    "p": "o", "z": "x", "x": "c", "c": "v", "v": "b", "b": "n", "n": "m", "m": "n",
}  # fmt: skip
_MEAN_LETTERS = 6.0


def slip(rng: np.random.Generator, texts: pa.Array, rate: Floats) -> pa.Array:
    """Put slips into some texts.

    Parameters
    ----------
    texts : string array of shape (n,)
    rate : shape (n,)
        Slips per word, roughly; at most three befall one text.
    """
    words = np.clip(rate * _MEAN_LETTERS, 0.0, 3.0)
    times = np.minimum(rng.poisson(words), 3)
    rows = np.flatnonzero(times)
    if not len(rows):
        return texts
    lots = rng.random((len(rows), 3, 2))
    slipped = texts.take(pa.array(rows)).to_pylist()
    for i, written in enumerate(slipped):
        for where, how in lots[i, : times[rows[i]]]:
            written = _one(written, float(where), float(how))
        slipped[i] = written
    changed: Flags = times > 0
    back = np.full(len(times), -1)
    back[rows] = np.arange(len(rows))
    replaced = pa.array(slipped, pa.string()).take(pa.array(back, mask=~changed))
    return pc.if_else(pa.array(changed), replaced, texts)


def _one(written: str | None, where: float, how: float) -> str | None:
    if not written or len(written) < 5:
        return written
    at = 1 + int(where * (len(written) - 2))
    letter = written[at]
    if not letter.isalpha():
        return written
    if how < 0.35:
        return written[:at] + written[at + 1 :]
    if how < 0.55:
        return written[:at] + letter + written[at:]
    if how < 0.8:
        return written[: at - 1] + letter + written[at - 1] + written[at + 1 :]
    return written[:at] + _BESIDE.get(letter.lower(), letter) + written[at + 1 :]

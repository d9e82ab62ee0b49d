"""What came of one attempt to tell somebody something."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2

_GONE = 410
_LONGEST_ASKED_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one attempt.

    Parameters
    ----------
    why : str or None
        What went wrong; None where it was taken.
    gone, removed : bool
        The address wants nothing ever again; there is nothing to tell any more.
    pause_s : float
        The least that the receiver asks to be spared.
    spared : bool
        It was not attempted, for the receiver's sake, and counts for nothing.
    """

    why: str | None = None
    gone: bool = False
    removed: bool = False
    pause_s: float = 0.0
    token: str = ""
    spared: bool = False


def read_answer(answer: httpx2.Response) -> Taken:
    """Anything but a 2xx was not taken; a redirect is not followed."""
    if answer.is_success:
        return Taken()
    asked = answer.headers.get("retry-after", "")
    pause = min(float(asked), _LONGEST_ASKED_S) if asked.isascii() and asked.isdigit() else 0.0
    status = answer.status_code
    return Taken(f"HTTP {status}", gone=status == _GONE, pause_s=pause)

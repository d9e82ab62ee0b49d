"""One entry of the feature catalogue."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Feature:
    """A number the model may use, with everything a person needs to read it.

    Parameters
    ----------
    name : str
        Who or what, what, how long: ``phone_rto_rate_90d``.
    unit : str
        ``share``, ``count``, ``rupees``, ``days``, ``flag``, ``km``, ``score``, ``code`` …
    reason : str
        The public reason code (see ``features/reasons.py``) under which it is explained.
    says : str
        One sentence: what it is and what happens at the edges (unknown, first order, zero).
    group : str
        What ``exclude`` in a training configuration names: ``phone``, ``ip``, ``address`` …
    text : bool
        True when it is read from personal text (name, phone, email, address, device, IP address),
        so that it cannot be recomputed once the text has been erased.
    """

    name: str
    unit: str
    reason: str
    says: str
    group: str
    text: bool = False

"""Numbers, arrays and records as plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from math import isfinite

import numpy as np


def plain(value: object) -> object:
    """The same as JSON can say it; what is no finite number becomes null.

    >>> plain({"a": (1, float("nan")), "b": np.float64(0.5)})
    {'a': [1, None], 'b': 0.5}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(value) if isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def plain_object(value: object) -> dict[str, object]:
    """``plain`` of something that becomes a JSON object."""
    body = plain(value)
    if not isinstance(body, dict):
        raise TypeError("only a mapping or a record becomes a JSON object")
    return body

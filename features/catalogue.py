"""Every feature, in model order: the one list that rows, bundles and reports go by."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple

from features import address, basket, calendar, contact, device
from features.directory import Directory
from features.feature import Feature
from features.history.layout import HISTORY_FEATURES
from features.order import Order
from features.place import Place

SIGNAL_FEATURES: tuple[Feature, ...] = (
    *basket.FEATURES,
    *calendar.FEATURES,
    *contact.FEATURES,
    *device.FEATURES,
    *address.FEATURES,
)
CATALOGUE: tuple[Feature, ...] = (*SIGNAL_FEATURES, *HISTORY_FEATURES)
N_SIGNALS = len(SIGNAL_FEATURES)


def signals_of(order: Order, place: Place, directory: Directory) -> tuple[float, ...]:
    """What the order says by itself, in the order of ``SIGNAL_FEATURES``; NaN is unknown."""
    return (
        *basket.signals(order),
        *calendar.signals(order),
        *contact.signals(order),
        *device.signals(order),
        *address.signals(order, directory, place),
    )


def fingerprint(features: tuple[Feature, ...] = CATALOGUE) -> str:
    """A digest of names, units and definitions: a model made for others must not be served."""
    text = json.dumps([astuple(feature) for feature in features], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()

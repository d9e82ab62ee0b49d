"""Which numbers a model reads from a row, and the reason each of them stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256

import numpy as np

from features.errors import BundleError
from features.feature import Feature
from features.reasons import REASONS
from features.row import Row
from models.scorer import Extra, ExtraKind, Floats

OTHER = "order_details"
"""The reason for whatever has none of its own, such as a merchant's extra columns."""

_TOKEN_REASONS = {
    "pincode": "rto_prone_pincode",
    "district": "rto_prone_city",
    "city": "rto_prone_city",
    "state": "rto_prone_area",
    "sku": "rto_prone_product",
    "category": "rto_prone_product",
    "coupon": "rto_prone_coupon",
    "courier": "rto_prone_courier",
    "channel": "rto_prone_channel",
    "utm_source": "rto_prone_channel",
    "utm_campaign": "rto_prone_channel",
    "merchant": "rto_prone_merchant",
    "payment_mode": "cod_order",
}


@lru_cache(maxsize=4096)
def prefix_of(token: str) -> str:
    """What kind of key a token is.

    >>> prefix_of("pincode=560034"), prefix_of("x:store=a=b")
    ('pincode', 'x:store')
    """
    return token.partition("=")[0]


@lru_cache(maxsize=4096)
def reason_of(prefix: str) -> str:
    """The reason code of a kind of token."""
    code = _TOKEN_REASONS.get(prefix, OTHER)
    return code if code in REASONS else OTHER


def fingerprint(feature: Feature) -> str:
    """What identifies a feature's definition: its name, unit and sentence."""
    text = "\n".join((feature.name, feature.unit, feature.says))
    return sha256(text.encode()).hexdigest()[:16]


def number_of(value: object) -> float:
    """An extra column's value as a number; whatever is none is unknown (NaN)."""
    return float(value) if isinstance(value, int | float) else float("nan")


def extras_learned(numbers: Iterable[str], tokens: Iterable[str]) -> dict[str, ExtraKind]:
    """The merchant's own columns behind a model's numbers and its tokens ``x:column=value``.

    >>> extras_learned(["minutes"], ["pincode=560034", "x:style=A", "x:style=B"])
    {'style': 'word', 'minutes': 'number'}
    """
    learned: dict[str, ExtraKind] = {
        prefix_of(token)[2:]: "word" for token in tokens if token.startswith("x:")
    }
    return learned | dict.fromkeys(numbers, "number")


def missing_extras(learned: Mapping[str, ExtraKind], extra: Extra) -> tuple[str, ...]:
    """The columns a model learned from that an order lacks, or that are words for a number.

    >>> missing_extras({"minutes": "number", "style": "word"}, {"minutes": "four", "style": "A"})
    ('minutes',)
    """
    return tuple(
        name
        for name, kind in learned.items()
        if name not in extra or (kind == "number") == isinstance(extra[name], str)
    )


def tokens_of(tokens: Iterable[str], extra: Extra) -> dict[str, None]:
    """All one-hot keys of an order, each once: the row's own and the extra columns in words."""
    keys = dict.fromkeys(tokens)
    for name, value in extra.items():
        if isinstance(value, str):
            keys[f"x:{name}={value}"] = None
    return keys


@dataclass(frozen=True, slots=True)
class Inputs:
    """The columns of the trees: catalogue features, then tokens as flags, then extra numbers.

    Parameters
    ----------
    features : tuple of str
        Catalogue names, in the order of the trees' columns.
    flags : tuple of str
        Tokens; the column is 1 where an order has it, else 0.
    extras : tuple of str
        Numeric extra columns of the merchant.
    """

    features: tuple[str, ...]
    flags: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind, names in asdict(self).items():
            if len(set(names)) != len(names):
                raise BundleError(f"inputs.json: {kind} names a column twice")

    @property
    def n_columns(self) -> int:
        """Number of the trees' columns."""
        return len(self.features) + len(self.flags) + len(self.extras)

    def to_json(self) -> dict[str, object]:
        """As it lies in ``inputs.json``."""
        return {name: list(names) for name, names in asdict(self).items()}

    @classmethod
    def from_json(cls, body: Mapping[str, object]) -> Inputs:
        """Read ``inputs.json``.

        Raises
        ------
        BundleError
            If it does not hold exactly the three lists of names.
        """
        if set(body) != {"features", "flags", "extras"}:
            raise BundleError("inputs.json must hold exactly features, flags and extras")
        return cls(**{name: _names(name, value) for name, value in body.items()})


def _names(name: str, value: object) -> tuple[str, ...]:
    """A list of texts, or a sentence."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BundleError(f"inputs.json: {name} must be a list of names")
    return tuple(value)


class Reader:
    """Turns rows into the columns a model was trained on.

    All numbers of an order lie in one vector, the catalogue's features and then the extra
    columns; trees and linear part pick theirs by position.
    """

    def __init__(self, inputs: Inputs, catalogue: Sequence[Feature]) -> None:
        names = [feature.name for feature in catalogue]
        both = set(names) & set(inputs.extras)
        if both:
            raise BundleError(f'inputs.json: the extra column "{min(both)}" is also a feature')
        self.inputs = inputs
        self.n_catalogue = len(names)
        self.position = {name: i for i, name in enumerate((*names, *inputs.extras))}
        unknown = [name for name in inputs.features if name not in self.position]
        if unknown:
            raise BundleError(
                f'the feature "{unknown[0]}" of this bundle is unknown here; train again'
            )
        n_features = len(inputs.features)
        names = [*inputs.features, *inputs.flags, *inputs.extras]
        self._picks = np.array([self.position.get(name, 0) for name in names], dtype=np.intp)
        self._of_flags = slice(n_features, n_features + len(inputs.flags))
        self._flags = {token: n_features + i for i, token in enumerate(inputs.flags)}
        reasons = [feature.reason for feature in catalogue] + [OTHER] * len(inputs.extras)
        self.reasons = tuple(code if code in REASONS else OTHER for code in reasons)
        self.column_reasons = (
            *(self.reasons[self.position[name]] for name in inputs.features),
            *(reason_of(prefix_of(token)) for token in inputs.flags),
            *(OTHER for _ in inputs.extras),
        )

    def numbers(self, row: Row, extra: Extra) -> Floats:
        """All numbers of an order, shape (n_catalogue + n_extras,)."""
        if len(row.values) != self.n_catalogue:
            raise ValueError(f"a row has {len(row.values)} values, not {self.n_catalogue}")
        if not self.inputs.extras:
            # A view that cannot be written, or with gaps, would be compiled for anew.
            flags = row.values.flags
            return row.values if flags.carray else row.values.copy()
        extras = [number_of(extra.get(name)) for name in self.inputs.extras]
        return np.concatenate([row.values, np.array(extras)])

    def columns(self, numbers: Floats, tokens: Iterable[str]) -> Floats:
        """The trees' columns of an order, shape (n_columns,)."""
        x = numbers.take(self._picks)
        if self._flags:
            x[self._of_flags] = 0.0
            for token in tokens:
                if token in self._flags:
                    x[self._flags[token]] = 1.0
        return x

    def numbers_many(
        self, values: Floats, extras: Mapping[str, Sequence[float | str | None]]
    ) -> Floats:
        """``numbers`` of many orders, shape (n_orders, n_catalogue + n_extras)."""
        if not self.inputs.extras:
            return values
        columns = [
            [number_of(value) for value in extras[name]]
            if name in extras
            else [np.nan] * len(values)
            for name in self.inputs.extras
        ]
        return np.column_stack([values, *columns])

    def columns_many(self, numbers: Floats, tokens: Sequence[Iterable[str]]) -> Floats:
        """``columns`` of many orders, shape (n_orders, n_columns), C-ordered."""
        x = numbers.take(self._picks, axis=1)
        if self._flags:
            x[:, self._of_flags] = 0.0
            for i, own in enumerate(tokens):
                for token in own:
                    if token in self._flags:
                        x[i, self._flags[token]] = 1.0
        return x

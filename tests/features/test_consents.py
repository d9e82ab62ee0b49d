"""Consents: who shares into the network, by what was known before an order was placed."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from features.consents import Consents
from features.days import to_us
from features.errors import DataError
from features.schema import CONSENT_COLUMNS

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
US = to_us(NOON)


def table(*rows: tuple[str | None, bool | None, datetime | None]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table(
        {
            name: pa.array(values, kind)
            for (name, kind), values in zip(CONSENT_COLUMNS.items(), columns, strict=True)
        }
    )


def test_without_a_word_nobody_shares() -> None:
    assert not Consents().shares("a", US)
    assert not Consents(table(("b", True, NOON))).shares("a", US + 1)


def test_a_consent_counts_from_the_instant_after_it_is_known() -> None:
    consents = Consents(table(("a", True, NOON)))
    assert [consents.shares("a", US + by) for by in (-1, 0, 1)] == [False, False, True]


def test_a_consent_can_be_taken_back() -> None:
    later = NOON.replace(hour=15)
    consents = Consents(table(("a", False, later), ("a", True, NOON)))
    assert consents.shares("a", to_us(later))
    assert not consents.shares("a", to_us(later) + 1)


@pytest.mark.parametrize(
    ("row", "column"),
    [((None, True, NOON), "merchant_id"), (("a", None, NOON), "shares"),
     (("a", True, None), "known_at")],
)  # fmt: skip
def test_half_a_consent_is_refused(
    row: tuple[str | None, bool | None, datetime | None], column: str
) -> None:
    with pytest.raises(DataError, match=column):
        Consents(table(row))

"""A slipped pincode is told with the one that fits, where a person reads the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.catalogue import CATALOGUE
from features.row import Row
from models.risk import Impact, Risk
from serving.wording import listed
from tests.serving import shop
from tests.serving.shop import LIVE, body, run

ADDRESS = {"line1": "12 Lake View", "city": "Bengaluru", "state": "Karnataka", "pincode": "560043"}


class Doubtful(shop.Steady):
    """A model that minds pincodes."""

    def explain(
        self, row: Row, extra: Mapping[str, float | str], risk: Risk, *, most: int | None = None
    ) -> tuple[Impact, ...]:
        """All of it."""
        return (Impact("address_incorrect_pincode", risk.probability - risk.base_probability, 1.0),)


def reasons_for(tmp_path: Path, address: dict[str, str]) -> Sequence[Any]:
    async def scene() -> Any:
        async with shop.serving(tmp_path, scorer=Doubtful()) as service:
            await shop.add_shop(service)
            return await service.desk.score(LIVE, body(shipping_address=address))

    found: Sequence[Any] = run(scene())["reasons"]
    return found


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("560304", "560034"), ("5600344", "560034"), ("650034", "560034")],
)
def test_the_advice_names_the_pincode_that_fits(tmp_path: Path, typed: str, meant: str) -> None:
    address = ADDRESS | {"line2": "Koramangala", "pincode": typed}
    (reason,) = reasons_for(tmp_path, address)
    assert reason["text"] == "The pincode does not seem to belong to this address"
    assert reason["advice"].endswith(f"; {meant} would fit the address")


def test_a_pincode_written_in_the_address_is_suggested(tmp_path: Path) -> None:
    address = ADDRESS | {"line2": "Koramangala 560034", "pincode": "560001"}
    (reason,) = reasons_for(tmp_path, address)
    assert reason["advice"].endswith("; 560034 would fit the address")


def test_a_pincode_that_fits_brings_no_other(tmp_path: Path) -> None:
    (reason,) = reasons_for(tmp_path, ADDRESS | {"line2": "Koramangala", "pincode": "560034"})
    assert reason["text"] == "No other pincode fits the address better"
    assert reason["advice"] == ""


def test_other_reasons_suggest_no_pincode() -> None:
    values = np.full(len(CATALOGUE), np.nan)
    values[[f.name for f in CATALOGUE].index("payment_cod")] = 1.0
    (line,) = listed([Impact("cod_order", 0.1, 0.5)], values, pincode="560034")
    assert line["advice"] == "Offer a reason to pay in advance"

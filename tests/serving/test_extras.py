"""The merchant's own columns that a model learned from: an order without one is warned of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.scorer import ExtraKind
from serving.service import Service
from tests.serving import shop
from tests.serving.shop import LIVE, body, run

LEARNED: dict[str, ExtraKind] = {"basket_minutes": "number", "style": "word"}


class Learned(shop.Steady):
    """A model that learned from two columns of the merchant's own."""

    extras = LEARNED


def counted(service: Service) -> dict[str, int]:
    return {name: n for (name,), n in service.metrics.missing_extras.items()}


@pytest.mark.parametrize(
    ("extra", "missing"),
    [
        ({"basket_minutes": 4, "style": "A"}, []),
        ({"basket_minutes": 4, "style": "A", "colour": "red"}, []),
        ({"style": "A"}, ["basket_minutes"]),
        ({"basket_minutes": "four", "style": 7}, ["basket_minutes", "style"]),
        ({}, ["basket_minutes", "style"]),
        (None, ["basket_minutes", "style"]),
    ],
)
def test_a_column_that_the_model_misses_is_warned_of_and_counted(
    tmp_path: Path, extra: dict[str, Any] | None, missing: list[str]
) -> None:
    async def scene() -> None:
        async with shop.serving(tmp_path, scorer=Learned()) as service:
            await shop.add_shop(service)
            answer = await service.desk.score(LIVE, body(extra=extra))
            assert [warning.partition(":")[0] for warning in answer["warnings"]] == [
                f"extra.{name}" for name in missing
            ]
            assert counted(service) == dict.fromkeys(missing, 1)
            again = await service.desk.score(LIVE, body(extra=extra))
            assert again["warnings"] == answer["warnings"]
            assert counted(service) == dict.fromkeys(missing, 1)
            text = service.metrics.render().decode()
            for name in missing:
                assert f'rto_missing_extras_total{{column="{name}"}} 1.0' in text

    run(scene())


def test_a_model_without_columns_of_its_own_misses_none(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            await shop.add_shop(service)
            answer = await service.desk.score(LIVE, body(extra={"colour": "red"}))
            assert answer["warnings"] == []
            assert counted(service) == {}

    run(scene())

"""The model in force follows promotions, and stays when one cannot be served."""

from __future__ import annotations

import asyncio
from pathlib import Path

from features.errors import BundleError
from models.scorer import Scorer
from serving.home import Home
from serving.model import Champion, Promotion, announce
from serving.readiness import readiness, trained_until
from tests.serving import shop


class Shelf:
    """Released models by version."""

    def __init__(self) -> None:
        self.asked: list[Promotion] = []

    def load(self, _: Path, promotion: Promotion) -> Scorer:
        """Version 2 is damaged."""
        self.asked.append(promotion)
        if promotion.version == "rto-2":
            raise BundleError("trees.txt was altered")
        model = shop.Steady(0.9)
        model.version = promotion.version
        return model


def test_a_server_follows_promotions_and_keeps_its_model_when_one_is_damaged(
    tmp_path: Path,
) -> None:
    settings, shelf = shop.settings_in(tmp_path), Shelf()

    async def scene() -> None:
        champion = Champion(settings.models_dir, load=shelf.load)
        with Home.open(settings) as home:
            await champion.follow(home.connection)
            assert champion.scorer.version == "prior-1"
            for version, serves in (("rto-1", "rto-1"), ("rto-2", "rto-1"), ("rto-3", "rto-3")):
                announce(settings, Promotion(version, "d" + version))
                await champion.follow(home.connection)
                await champion.follow(home.connection)
                assert champion.scorer.version == serves
                assert (champion.refused is not None) == (version == "rto-2")
        assert shelf.asked == [Promotion(f"rto-{n}", f"drto-{n}") for n in (1, 2, 3)]

    asyncio.run(scene())


def test_a_pinned_model_ignores_promotions(tmp_path: Path) -> None:
    settings = shop.settings_in(tmp_path)

    async def scene() -> None:
        champion = Champion(settings.models_dir, shop.Steady(), load=Shelf().load)
        announce(settings, Promotion("rto-1", "d"))
        with Home.open(settings) as home:
            await champion.follow(home.connection)
        assert champion.scorer.version == "steady-1"

    asyncio.run(scene())


def test_a_missing_bundle_is_told_by_readyz(tmp_path: Path) -> None:
    Home.open(shop.settings_in(tmp_path)).close()

    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            service.champion = Champion(tmp_path / "released")
            announce(service.settings, Promotion("rto-9", "d"))
            await service.tick()
            warnings = readiness(service).warnings
            assert any("rto-9 cannot be served" in warning for warning in warnings)
            assert service.scorer.version == "prior-1"

    asyncio.run(scene())


def test_history_older_than_the_model_is_told(tmp_path: Path) -> None:
    async def scene() -> None:
        scorer = shop.Steady()
        learnt = {"content": {"training": {"until": "2026-12-24T00:00:00+00:00"}}}
        scorer.manifest = learnt  # type: ignore[attr-defined]
        assert trained_until(scorer) is not None
        async with shop.serving(tmp_path, scorer=scorer) as service:
            assert "the history is empty, the model was trained" in readiness(service).warnings[0]
            await service.desk.score(shop.LIVE, shop.body())
            first = readiness(service).warnings[0]
            assert first.startswith("the history ends at 2026-11-20T12:00:00+05:30")
            learnt["content"]["training"]["until"] = "2026-11-01T00:00:00+00:00"
            assert not any("history" in warning for warning in readiness(service).warnings)

    asyncio.run(scene())

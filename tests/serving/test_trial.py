"""Models on trial: a canary decides for one merchant, a challenger decides nothing."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from features.errors import BundleError, RefusedError
from models.risk import Risk
from models.scorer import Scorer
from serving.commands.explain import page
from serving.home import Home
from serving.model import EVERYBODY, Champion, Place, Promotion, announce_in
from serving.parcels.outcomes import Report, read_outcomes
from serving.service import Service
from serving.store.merchants import Access
from serving.trial import compared, placed
from tests.serving import shop
from tests.serving.shop import LIVE, body, outcome, run

SAREES = Access("sarees", "live")


class Faulty(shop.Steady):
    """A model that fails on every order."""

    def score(self, *_: Any) -> Risk:
        """Never."""
        raise ZeroDivisionError


def _load(_: Path, promotion: Promotion) -> Scorer:
    if promotion.version == "damaged":
        raise BundleError("trees.txt was altered")
    model = Faulty() if promotion.version == "faulty" else shop.Steady(float(promotion.digest))
    model.version = promotion.version
    return model


async def _scored(service: Service, order_id: str, access: Access = LIVE) -> dict[str, Any]:
    return await service.desk.score(access, body(order_id=order_id))


def _shadows(service: Service) -> list[Any]:
    found = service.connection.execute("SELECT body FROM event WHERE kind='decided' ORDER BY seq")
    return [json.loads(bytes(b)).get("shadow") for (b,) in found.fetchall()]


def _following(home: Path, scene: Any) -> None:
    async def play() -> None:
        settings = shop.settings_in(home)
        Home.open(settings).close()
        champion = Champion(settings.models_dir, load=_load)
        service = Service(settings, shop.KEYRING, champion, clock=shop.Clock())
        await service.start()
        try:

            async def put(place: Place, version: str | None, digest: str = "0.5") -> None:
                promotion = None if version is None else Promotion(version, digest)
                announce_in(settings, place, promotion)
                await service.tick()

            await scene(service, put)
        finally:
            await service.stop()

    run(play())


def test_a_canary_decides_for_one_merchant_until_it_ends(tmp_path: Path) -> None:
    async def scene(service: Service, put: Any) -> None:
        await put(EVERYBODY, "champion", "0.2")
        await put(Place("sarees"), "canary", "0.6")
        models = [(await _scored(service, "1", who))["model"] for who in (LIVE, SAREES)]
        assert models == ["champion", "canary"]
        await put(EVERYBODY, "newer", "0.3")
        await put(Place("sarees"), "damaged")
        assert "damaged cannot be served" in str(service.champion.refused)
        models = [(await _scored(service, "2", who))["model"] for who in (LIVE, SAREES)]
        assert models == ["newer", "canary"]
        await put(Place("sarees"), None)
        assert (await _scored(service, "3", SAREES))["model"] == "newer"
        assert service.champion.refused is None

    _following(tmp_path, scene)


def test_a_challenger_is_recorded_beside_the_decision_and_never_in_it(tmp_path: Path) -> None:
    async def scene(service: Service, put: Any) -> None:
        await put(EVERYBODY, "champion", "0.2")
        plain = await _scored(service, "0")
        await put(Place(challenger=True), "challenger", "0.9")
        beside = await _scored(service, "1")
        told = page(service.connection, beside["decision_id"])
        assert "challenger would have said 0.9000" in told
        assert "shadow" not in beside
        assert beside["probability"] == plain["probability"]
        await put(Place(challenger=True), "faulty")
        assert (await _scored(service, "2"))["model"] == "champion"
        await put(Place(challenger=True), None)
        await _scored(service, "3")
        said = {"model": "challenger", "probability": 0.9}
        assert _shadows(service) == [None, said, None, None]

    _following(tmp_path, scene)


def test_a_comparison_is_on_the_same_orders_and_their_outcomes(tmp_path: Path) -> None:
    async def scene(service: Service, put: Any) -> None:
        await put(EVERYBODY, "champion", "0.25")
        await put(Place(challenger=True), "challenger", "0.5")
        for i in range(4):
            await _scored(service, f"o{i}")
        await _scored(service, "s", SAREES)
        (pair,) = compared(service.connection, since_us=0, merchant_id="kurtas")
        assert (pair.orders, pair.known, pair.decided_loss) == (4, 0, None)
        await _told(service, outcome("o0", "rto"), outcome("o1", "delivered"))
        (pair,) = compared(service.connection, since_us=0, merchant_id="kurtas")
        assert (pair.model, pair.challenger, pair.orders, pair.known) == (
            "champion", "challenger", 4, 2,
        )  # fmt: skip
        assert pair.differing == pytest.approx(0.25)
        assert pair.decided_loss == pytest.approx(0.8369882)
        assert pair.challenger_loss == pytest.approx(0.6931472)
        (both,) = compared(service.connection, since_us=0, merchant_id=None)
        assert both.orders == 5
        assert compared(service.connection, since_us=shop.NOON + 1, merchant_id=None) == []

    _following(tmp_path, scene)


async def _told(service: Service, *items: dict[str, Any]) -> None:
    work = Report(LIVE, read_outcomes(items), shop.NOON, service.doorkeeper.speaking)
    await service.writer.submit(work)


def test_a_model_is_replaced_under_load_without_a_failed_order(tmp_path: Path) -> None:
    async def scene(service: Service, put: Any) -> None:
        await put(EVERYBODY, "first")

        async def load(who: int) -> list[dict[str, Any]]:
            return [await _scored(service, f"{who}-{i}") for i in range(40)]

        async def swap() -> None:
            for version in ("second", "damaged", "third"):
                await put(EVERYBODY, version)

        answers, _ = await asyncio.gather(asyncio.gather(*(load(i) for i in range(8))), swap())
        seen = [answer["model"] for one in answers for answer in one]
        assert len(seen) == 320
        assert {"first", "third"} <= set(seen) <= {"first", "second", "third"}

    _following(tmp_path, scene)


def test_only_a_released_or_trained_model_is_tried(tmp_path: Path) -> None:
    settings = shop.settings_in(tmp_path)
    for name in ("nothing", "../trained", ""):
        with pytest.raises(RefusedError, match="there is no model"):
            placed(settings, name, decides=False)
    (tmp_path / "trained" / "rto-1").mkdir(parents=True)
    with pytest.raises(BundleError):
        placed(settings, "rto-1", decides=False)
    shutil.rmtree(tmp_path / "trained")

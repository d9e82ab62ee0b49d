"""A shop to test with: orders as it posts them, a model that answers at once, a service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import SecretStr

from features.row import Row
from features.settings import Settings
from models.risk import Impact, Risk
from models.scorer import ExtraKind
from serving.keyring import Keyring, VersionedKeys
from serving.model import Champion
from serving.service import Service
from serving.store.merchants import Access, add_merchant, new_key

DATABASE_URL = "database_url"
NOON = 1_795_156_200_000_000  # 2026-11-20T12:00:00+05:30
LIVE = Access("kurtas", "live")
TEST = Access("kurtas", "test")
KEYRING = Keyring(VersionedKeys({1: bytes(range(32))}), VersionedKeys({1: bytes(range(32, 64))}))


def secret(kind: str) -> SecretStr:
    """A key of the ring as a setting says it."""
    return SecretStr(f"1:{getattr(KEYRING, kind).newest.hex()}")


ORDER: dict[str, Any] = {
    "order_id": "1001",
    "created_at": "2026-11-20T11:15:00+05:30",
    "payment_mode": "cod",
    "amount": 1299.00,
    "discount": 200,
    "shipping_fee": 0,
    "cod_fee": 49,
    "coupons": ["DIWALI10"],
    "items": [
        {"sku": "KRT-01", "name": "Cotton kurta", "category": "kurta", "quantity": 1, "price": 1450}
    ],
    "customer": {
        "id": "c-77",
        "name": "Asha Rao",
        "phone": "+91 98765 43210",
        "email": "asha@example.com",
        "language": "hi",
        "whatsapp_opt_in": True,
    },
    "shipping_address": {
        "name": "Asha Rao",
        "phone": "+91 98765 43210",
        "line1": "Flat 12B, Lake View Apts",
        "line2": "80 Feet Road",
        "landmark": "near SBI",
        "city": "Bengaluru",
        "state": "Karnataka",
        "pincode": "560034",
    },
    "device": {"ip": "203.0.113.9", "device_id": "d-1", "user_agent": "Mozilla/5.0"},
    "channel": "shopify",
    "utm": {"source": "meta", "campaign": "diwali"},
    "origin_pincode": "110037",
    "courier": "delhivery",
    "promised_at": "2026-11-25T21:00:00+05:30",
    "dispatch_cutoff": "2026-11-20T17:00:00+05:30",
    "extra": {"basket_minutes": 4},
}


def order(**changes: Any) -> dict[str, Any]:
    """The usual order with some fields changed; None leaves a field out."""
    return {name: v for name, v in (ORDER | changes).items() if v is not None}


def body(**changes: Any) -> bytes:
    """The usual order as bytes."""
    return json.dumps(order(**changes)).encode()


def outcome(order_id: str = "1001", what: str = "delivered", **more: Any) -> dict[str, Any]:
    """One outcome report."""
    return {"order_id": order_id, "outcome": what, "outcome_at": "2026-11-20T11:55:00+05:30"} | more


class Steady:
    """A model with one answer for all."""

    version = "steady-1"
    digest = "00"
    extras: Mapping[str, ExtraKind] = {}

    def __init__(self, probability: float = 0.4) -> None:
        self._risk = Risk(probability, -0.4, 0.2, -1.4)

    def score(self, row: Row, extra: Mapping[str, float | str]) -> Risk:
        """The answer."""
        return self._risk

    def score_many(
        self,
        values: NDArray[np.float64],
        tokens: Sequence[Sequence[str]],
        extras: Mapping[str, Sequence[float | str | None]] | None = None,
    ) -> NDArray[np.float64]:
        """The answer, often."""
        return np.full(len(values), self._risk.probability)

    def interval(self, row: Row, risk: Risk) -> tuple[float, float]:
        """Half as much, half as little."""
        return risk.probability / 2, (1 + risk.probability) / 2

    def explain(
        self, row: Row, extra: Mapping[str, float | str], risk: Risk, *, most: int | None = None
    ) -> tuple[Impact, ...]:
        """Two reasons that add up."""
        return (
            Impact("cod_order", risk.probability - risk.base_probability + 0.05, 1.2),
            Impact("rto_prone_pincode", -0.05, -0.2),
        )


class Clock:
    """Time that passes when told to."""

    def __init__(self, us: int = NOON) -> None:
        self.us = us

    def __call__(self) -> int:
        """Now."""
        return self.us


def settings_in(home: Path) -> Settings:
    """Settings of a home folder and nothing else; a file in it may name a server's database."""
    url = home / DATABASE_URL
    if not url.exists():
        return Settings(home=home)
    return Settings(
        home=home,
        database_url=url.read_text(),
        hash_key=secret("hashing"),
        encryption_key=secret("sealing"),
    )


@asynccontextmanager
async def serving(
    home: Path,
    *,
    clock: Callable[[], int] | None = None,
    scorer: Steady | None = None,
    keyring: Keyring = KEYRING,
) -> AsyncIterator[Service]:
    """A started service without its HTTP door."""
    settings = settings_in(home)
    champion = Champion(settings.models_dir, scorer or Steady())
    service = Service(settings, keyring, champion, clock=clock or Clock())
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


async def add_shop(service: Service, merchant_id: str = "kurtas") -> str:
    """Add a merchant and return a live key."""

    def work(log: Any) -> str:
        add_merchant(log.connection, merchant_id, merchant_id, invented=True, now_us=NOON)
        return new_key(log.connection, merchant_id, "live", now_us=NOON)

    return await service.writer.submit(work)


def run(scene: Any) -> Any:
    """Play one asynchronous scene."""
    return asyncio.run(scene)

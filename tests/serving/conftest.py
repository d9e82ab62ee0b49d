"""The contract suite runs twice: the modules named here on SQLite, and again on PostgreSQL.

A test that takes ``tmp_path`` and opens its store with ``shop.settings_in`` needs nothing more.
One that is about SQLite's own files is marked ``only_sqlite``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.sandbox.graph import Graph
from serving.sandbox.razorpay import Razorpay
from tests.serving import played, postgres, shop

ON_BOTH = {
    "test_batch",
    "test_desk",
    "test_joined_loop",
    "test_ledger",
    "test_revisions",
    "upkeep.test_folding",
    "test_writer",
    "board.test_reading",
    "conversation.test_acting",
    "conversation.test_sending",
    "conversation.test_talking",
    "conversation.test_tasks",
    "degraded.test_standby",
    "parcels.test_loop",
    "parcels.test_tracking",
    "payments.test_paying",
    "routes.test_routes",
    "store.test_durability",
    "store.test_log",
    "upkeep.test_backup",
    "upkeep.test_erasure",
    "upkeep.test_latecomers",
    "upkeep.test_load",
    "upkeep.test_order_pruning",
    "upkeep.test_pruning",
    "upkeep.test_rehash",
    "webhooks.test_delivering",
}


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark."""
    config.addinivalue_line("markers", "only_sqlite: about a file of SQLite's")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the contract's tests both engines."""
    module = metafunc.module.__name__.removeprefix("tests.serving.")
    marked = metafunc.definition.get_closest_marker("only_sqlite") is not None
    if module in ON_BOTH and not marked and "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """The engine of this run."""
    name: str = getattr(request, "param", "sqlite")
    return name


@pytest.fixture
def tmp_path(tmp_path: Path, engine: str) -> Path:
    """A home folder; on PostgreSQL it names a new database."""
    if engine == "postgresql":
        postgres.need_binaries()
        (tmp_path / shop.DATABASE_URL).write_text(postgres.shared().database())
    return tmp_path


@pytest.fixture
def graph() -> Iterator[Graph]:
    """A stand-in for WhatsApp that listens."""
    standing_in = Graph("123456", "token-of-the-shop", played.SECRET)
    standing_in.url = standing_in.start()  # type: ignore[attr-defined]
    yield standing_in
    standing_in.stop()


@pytest.fixture
def payments() -> Iterator[Razorpay]:
    """A stand-in for Razorpay that listens, on the shop's clock."""
    standing_in = Razorpay("rzp_test_key", "secret-of-the-key", played.WEBHOOK_SECRET)
    standing_in.url = standing_in.start()  # type: ignore[attr-defined]
    standing_in.clock = shop.NOON / 1e6
    yield standing_in
    standing_in.stop()

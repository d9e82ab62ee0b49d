"""The whole program on a PostgreSQL server: every command of the log, and real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from features.tables import write_folder
from rto import cli
from tests.serving import postgres, process, shop
from tests.serving.process import Server
from tests.serving.upkeep import test_load


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with past orders in its log."""
    home = tmp_path_factory.mktemp("home")
    (home / shop.DATABASE_URL).write_text(postgres.shared().database())
    with process.served(home) as running:
        yield running


def _rto(home: Path, *arguments: str) -> Result:
    """Run one command in this process: its start is what takes the time."""
    return CliRunner().invoke(cli, arguments, env=process.environment(home))


def _order(**changes: object) -> dict[str, object]:
    return shop.order(created_at="2026-11-20T11:15:00+05:30", **changes)


def test_an_order_is_decided_reported_shown_and_explained(server: Server) -> None:
    with server.client() as client:
        first = client.post("/v1/score", json=_order(order_id="s-1")).json()
        assert client.post("/v1/score", json=_order(order_id="s-1")).json() == first
        other = client.post("/v1/score", json=_order(order_id="s-1", amount=1)).json()
        assert (other["status"], other["decision"]) == (409, first)
        report = client.post("/v1/outcomes", json=[shop.outcome("s-1", "rto")]).json()
        assert report["recorded"] == 1
        story = client.get("/v1/orders/s-1").json()
        assert story["state"] == "rto"
        assert story["order"]["phone"] == "+91 98765 43210"
    explained = _rto(server.home, "explain", first["decision_id"])
    assert "Decision" in explained.stdout, explained.stderr


def test_export_recheck_and_worker_read_the_same_log(server: Server) -> None:
    with server.client() as client:
        for name in ("s-2", "s-3"):
            assert client.post("/v1/score", json=_order(order_id=name)).status_code == 200
    exported = _rto(server.home, "export", "--out", str(server.home / "out"))
    assert exported.stdout.startswith("Wrote "), exported.stderr
    checked = _rto(server.home, "recheck")
    assert "decisions have the same features bit for bit" in checked.stdout, checked.stderr


def test_a_second_server_of_the_same_log_is_refused(server: Server, tmp_path: Path) -> None:
    url = shop.settings_in(server.home).database_url
    (tmp_path / shop.DATABASE_URL).write_text(url)
    again = process.rto(tmp_path, "serve", "--port", "0")
    assert again.returncode == 1
    assert "already served by another process" in again.stderr


def test_past_orders_are_loaded_beside_the_server(server: Server) -> None:
    data = server.home / "data"
    write_folder(data, test_load._orders(*test_load.PAST))
    loaded = _rto(server.home, "load", "--data", str(data))
    assert loaded.stdout.startswith("Loaded 4 orders"), loaded.stderr

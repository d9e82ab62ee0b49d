"""A backlog keeps to the shop's limit, outlives a revoked token, and arrives."""

from __future__ import annotations

from pathlib import Path

from tests.serving.shops.backlog import BOUND, backlog


def test_a_backlog_arrives_within_the_limit_whatever_becomes_of_the_token(tmp_path: Path) -> None:
    came = backlog(tmp_path, 40, restore=5_000)
    assert came.share <= BOUND
    assert (came.right, came.alerts, came.stopped) == (40, 1, "HTTP 401")

"""A backlog under a courier's limit: nothing lost, nothing twice, the limit kept."""

from __future__ import annotations

from pathlib import Path

from tests.serving.parcels.backlog import backlog


def test_a_backlog_is_passed_on_within_the_limit_and_nothing_is_lost(tmp_path: Path) -> None:
    counted = backlog(tmp_path, 20, 60, 0.1)
    assert (counted.made, counted.shipped, counted.twice) == (20, 20, 0)
    assert counted.busiest <= 60
    assert counted.refused == 0

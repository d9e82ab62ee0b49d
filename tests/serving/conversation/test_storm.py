"""Repeated, shuffled and forged events: the same final state, and nothing taken."""

from __future__ import annotations

from pathlib import Path

from tests.serving.conversation.storm import forged, shuffled


def test_events_in_any_order_three_times_each_end_the_same(tmp_path: Path) -> None:
    one, two = shuffled(tmp_path / "1", 12, 1), shuffled(tmp_path / "2", 12, 2)
    assert one == two
    assert {stage for _, stage, _ in one} == {"released", "cancelled"}
    assert {state for *_, state in one} == {"read"}


def test_no_forged_event_is_taken_and_nothing_written(tmp_path: Path) -> None:
    answers, same = forged(tmp_path, 60)
    assert answers == {403}
    assert same

"""The demo says at once what stands in its way, and begins anew after an interruption."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from features.errors import RtoError, SettingsError
from features.settings import Settings
from serving import demo
from serving.demo import Demo


def test_a_port_in_use_is_refused_before_anything_is_set_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port} on 127.0.0.1 is in use"):
            Demo(Settings(home=tmp_path), "127.0.0.1", port).run(stay=False)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_set_up_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half = tmp_path / "demo" / "bundle"
    half.mkdir(parents=True)
    seen: list[tuple[str, bool]] = []

    def call(*words: str) -> None:
        seen.append((words[0], half.exists()))
        if words[0] == "train":
            raise RtoError("stopped here")

    monkeypatch.setattr(demo, "_call", call)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RtoError, match="stopped here"):
        Demo(Settings(home=tmp_path), "127.0.0.1", port).run(stay=False)
    assert seen == [("simulate", False), ("train", False)]

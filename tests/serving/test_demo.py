"""The demo says at once what stands in its way, and begins anew after an interruption."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import click
import pytest

from features.errors import RtoError, SettingsError
from features.settings import Settings
from serving import demo
from serving.commands.demo import demo as demo_command
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
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        port, sandbox_port = one.getsockname()[1], two.getsockname()[1]
    with pytest.raises(RtoError, match="stopped here"):
        Demo(Settings(home=tmp_path), "127.0.0.1", port, sandbox_port=sandbox_port).run(stay=False)
    assert seen == [("simulate", False), ("train", False)]


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_whoever_ends_the_demo_ends_what_it_started(
    name: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal comes as the interrupt after which ``run`` stops its processes."""
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    monkeypatch.setenv("RTO_HOME", str(tmp_path))
    monkeypatch.setattr(Demo, "run", lambda self, *, stay: os.kill(os.getpid(), name))
    try:
        with pytest.raises(click.Abort):
            demo_command(["--stop"], standalone_mode=False)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)

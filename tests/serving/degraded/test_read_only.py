"""Disks that can only be read: the program's own, and the log's while it is in use."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.serving import process, shop
from tests.serving.degraded.test_outage import _degraded, _told

FAULT = "trigger_fs_error"


def _mounted(*words: str) -> bool:
    """Whether this machine lets us mount so."""
    return (
        bool(shutil.which("mount"))
        and not subprocess.run(["mount", *words], check=False, capture_output=True).returncode
    )


@pytest.fixture
def read_only_program(tmp_path: Path) -> Iterator[Path]:
    """The program and its machine code on a disk that cannot be written to."""
    folder = tmp_path / "program"
    folder.mkdir()
    if not _mounted("--bind", "-o", "ro", str(process.ROOT), str(folder)):
        pytest.skip("a read-only disk needs the right to mount one: run as root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_the_program_runs_from_a_read_only_disk(read_only_program: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Read-only"):
        (read_only_program / "written").touch()
    home = tmp_path / "home"
    home.mkdir()
    with (
        process.served(home, {"PYTHONPATH": str(read_only_program)}) as server,
        server.client() as client,
    ):
        loaded = Path(f"/proc/{server.scoring_pid()}/maps").read_text()
        assert str(read_only_program) in loaded
        answer = client.post("/v1/score", json=shop.order(order_id="a"))
        assert (answer.status_code, answer.json()["degraded"]) == (200, False)


class Disk:
    """A file system of its own that turns read-only at its first fault, as ext4 does."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image, self.folder = image, folder
        with image.open("wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """While it is there."""
        words = ("-o", "loop,errors=remount-ro", str(self._image), str(self.folder))
        if not _mounted(*words):
            pytest.skip("a disk that fails needs the right to mount one: run as root")
        try:
            yield
        finally:
            subprocess.run(["umount", str(self.folder)], check=True)

    def fail(self) -> None:
        """Let it meet a fault; whatever is open for writing is refused from now on."""
        device = self.folder.stat().st_dev
        name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
        fault = Path("/sys/fs/ext4") / name / FAULT
        if not os.access(fault, os.W_OK):
            pytest.skip(f"this machine's ext4 offers no {FAULT}")
        fault.write_text("test")


@pytest.fixture
def failing(tmp_path: Path) -> Disk:
    """The disk of a log."""
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("a disk that fails needs mkfs.ext4: apt-get install e2fsprogs")
    folder = tmp_path / "disk"
    folder.mkdir()
    return Disk(tmp_path / "image", folder)


def test_orders_go_on_where_the_log_s_disk_turns_read_only_and_are_merged_once_it_is_mended(
    failing: Disk, tmp_path: Path
) -> None:
    home, elsewhere = failing.folder, {"RTO_SPOOL_DIR": str(tmp_path / "spool")}
    with (
        failing.mounted(),
        process.served(home, elsewhere) as server,
        server.client() as client,
    ):
        first = client.post("/v1/score", json=shop.order(order_id="first")).json()
        assert first["degraded"] is False
        failing.fail()
        told = _degraded(client, "refused-")
        assert "out of reach" in " ".join(client.get("/readyz").json()["warnings"])
        hold = client.post("/v1/orders/first/override", json={"action": "hold"})
        assert (hold.status_code, hold.headers["retry-after"]) == (503, "2")
        assert client.post("/v1/score", json=shop.order(order_id="first")).json() == first
        assert process.stop(server.process) == 0
    with failing.mounted():
        serving, _ = process.start(home, more=elsewhere)
        assert process.stop(serving) == 0
        _told(home, told | {"first": first["decision_id"]})

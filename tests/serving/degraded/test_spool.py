"""The spool keeps what it was given, through cuts and full disks, and forgets what was merged."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.degraded.spool import Spool, SpoolDownError

RESERVED = 64 * 1024


def _open(path: Path) -> tuple[Spool, list[bytes]]:
    return Spool.open(path, reserved=RESERVED)


def test_what_was_appended_is_there_for_the_next_process(tmp_path: Path) -> None:
    spool, records = _open(tmp_path / "spool")
    assert (records, spool.empty) == ([], True)
    spool.append([b"one", b"two"])
    spool.append([b"three"])
    spool.close()
    again, records = _open(tmp_path / "spool")
    assert records == [b"one", b"two", b"three"]
    again.append([b"four"])
    again.close()
    assert _open(tmp_path / "spool")[1] == [b"one", b"two", b"three", b"four"]


def test_what_was_merged_leaves_nothing_behind(tmp_path: Path) -> None:
    spool, _ = _open(tmp_path / "spool")
    spool.append([b"a longer one", b"x" * RESERVED])
    spool.clear()
    assert (tmp_path / "spool").read_bytes() == bytes(RESERVED)
    spool.append([b"b"])
    assert _open(tmp_path / "spool")[1] == [b"b"]


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(cut=st.integers(0, 80))
def test_a_record_cut_short_does_not_count_and_is_overwritten(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "spool"
    spool, _ = _open(path)
    spool.append([b"first" * 3, b"second" * 3])
    spool.close()
    with path.open("r+b") as file:
        file.seek(cut)
        file.write(bytes(200))
    spool, left = _open(path)
    assert left == [b"first" * 3, b"second" * 3][: len(left)]
    assert len(left) == (cut >= 23) + (cut >= 49)
    spool.append([b"third"])
    assert _open(path)[1] == [*left, b"third"]


def test_a_disk_that_refuses_is_named_and_nothing_of_the_record_counts(tmp_path: Path) -> None:
    spool, _ = _open(tmp_path / "spool")
    spool.append([b"kept"])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (RESERVED, hard))
    try:
        with pytest.raises(SpoolDownError, match="takes nothing: File too large"):
            spool.append([b"x" * RESERVED])
        spool.append([b"short"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert _open(tmp_path / "spool")[1] == [b"kept", b"short"]


def test_its_space_is_taken_beforehand(tmp_path: Path) -> None:
    _open(tmp_path / "spool")
    assert (tmp_path / "spool").stat().st_blocks * 512 >= RESERVED
    with pytest.raises(SpoolDownError):
        _open(tmp_path / "spool" / "no folder")


def test_an_append_returns_when_its_bytes_are_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, _ = _open(tmp_path / "spool")
    flushed: list[bool] = []

    def flush(_: int) -> None:
        flushed.append(b"kept" in (tmp_path / "spool").read_bytes())

    monkeypatch.setattr("serving.degraded.spool.os.fdatasync", flush)
    spool.append([b"kept"])
    assert flushed == [True]
    spool.close()

"""Where machine code is kept between processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from features.compiled import _cache


def test_machine_code_on_a_read_only_disk_is_used_through_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    folder = _cache()
    assert folder is not None
    (folder / "kernel.nbi").write_bytes(b"code")
    monkeypatch.setattr(os, "access", lambda *_: False)
    copy = _cache()
    assert copy is not None
    assert copy != folder
    assert (copy / "kernel.nbi").read_bytes() == b"code"


def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    assert _cache() is None

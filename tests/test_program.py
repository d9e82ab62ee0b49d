"""The program: a command that cannot be done ends in one line that says what to change."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import rto


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    """Exit status, stdout and stderr of one call."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["rto", *arguments])
        with pytest.raises(SystemExit) as ended:
            rto.main()
    printed = capsys.readouterr()
    return ended.value.code, printed.out, printed.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nothing",), "No such command 'nothing'. (rto --help)"),
        (("load", "--data", "nowhere"), "Directory 'nowhere' does not exist. (rto load --help)"),
        (("load",), "Missing option '--data'. (rto load --help)"),
        (("serve", "--port", "65536"), "65536 is not in the range 0<=x<=65535. (rto serve --help)"),
    ],
)
def test_wrong_use_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    status, out, err = _run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("rto: ")
    assert err.endswith(f"{says}\n")
    assert err.count("\n") == 1


def test_an_error_of_ours_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTO_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    status, out, err = _run(capsys, "load", "--data", str(tmp_path))
    assert (status, out) == (1, "")
    assert err == (
        f"rto: {tmp_path}: holds no orders.parquet or orders.csv; make one with rto import\n"
    )


def test_a_place_that_cannot_be_written_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RTO_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.chdir(tmp_path)
    status, _, err = _run(capsys, "merchant", "add", "shop")
    assert status == 1
    assert err.startswith("rto: ")
    assert err.count("\n") == 1


def test_help_and_no_command_show_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = _run(capsys, "--help")
    assert status == 0
    assert "simulate" in out
    status, _, err = _run(capsys)
    assert status == 2
    assert "simulate" in err


def test_a_damaged_database_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTO_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert _run(capsys, "merchant", "add", "shop")[0] in (0, None)
    database = tmp_path / "store" / "rto.sqlite3"
    sound = database.read_bytes()
    database.write_bytes(sound[:4096] + bytes(255 - byte for byte in sound[4096:]))
    status, _, err = _run(capsys, "merchant", "add", "other")
    assert status == 1
    # The schema fills more than the first page, so the damage shows as the file is opened.
    assert err.startswith("rto: cannot open the database ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"hash": 5}', '{"hash": "1:zz"}'])
def test_a_damaged_key_file_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("RTO_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "keys" / "keys.json"
    file.parent.mkdir()
    file.write_text(text)
    status, _, err = _run(capsys, "merchant", "add", "shop")
    assert status == 1
    assert str(file) in err
    assert err.count("\n") == 1


def test_no_list_of_commands_breaks_off_in_a_sentence() -> None:
    shown = (Path(rto.__file__).parent / "COMMANDS.md").read_text("utf-8")
    told = [line for line in shown.splitlines() if not line.startswith("Usage:")]
    assert [line for line in told if line.endswith("...")] == []

"""A fault of the program is a problem to the caller and tells the log nothing about people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.serving.client import Shop, played
from tests.serving.shop import order


def test_a_fault_is_answered_and_logged_without_what_was_sent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(ask: Shop) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise ValueError(f"could not read {order()['customer']['phone']}")

        object.__setattr__(ask.service.desk.judge, "rows", type("Rows", (), {"identity": fail})())
        for path in ("/v1/score", "/v1/checkout"):
            told = await ask("POST", path, order(), 500)
            assert told["detail"] == "something went wrong here; it has been logged"

    played(tmp_path, scene)
    assert "unexpected ValueError" in caplog.text
    assert "test_unexpected.py" in caplog.text
    assert "98765" not in caplog.text

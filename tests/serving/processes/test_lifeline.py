"""What processes write to stderr."""

from __future__ import annotations

import logging

import pytest

from serving.processes.lifeline import OutageFilter
from serving.store.faults import LogDownError


def test_an_outage_is_told_once_a_minute_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    caplog.handler.addFilter(outage := OutageFilter(lambda: now))
    parts = logging.getLogger("rto.sending"), logging.getLogger("rto.links")

    def fail(log: logging.Logger, error: Exception) -> None:
        try:
            raise error
        except type(error):
            log.exception("failed; trying again")

    for _ in range(3):
        for log in parts:
            fail(log, LogDownError("the server is gone"))
    now = 61.0
    fail(parts[0], OSError(28, "No space left on device"))
    fail(parts[0], ValueError("a fault of ours"))
    caplog.handler.removeFilter(outage)
    told = [(record.name, record.getMessage(), bool(record.exc_info)) for record in caplog.records]
    assert told == [
        ("rto.sending", "failed; trying again: the server is gone", False),
        ("rto.links", "failed; trying again: the server is gone", False),
        ("rto.sending", "failed; trying again: [Errno 28] No space left on device", False),
        ("rto.sending", "failed; trying again", True),
    ]

"""A log that is gone for a while, under a service that goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from serving.service import Service
from serving.store.faults import LogDownError


class Gone:
    """A connection to nothing."""

    def execute(self, *_: object) -> None:
        raise LogDownError("gone for a test")


@contextmanager
def out_of_reach(service: Service) -> Iterator[None]:
    """No write begins, and what is not remembered cannot be read."""

    def fail(*_: object) -> None:
        raise LogDownError("gone for a test")

    log, readers = service.writer._log, (service.history.ledger, service.policies)
    begin = log.begin
    log.begin = fail  # type: ignore[method-assign,assignment]
    for reader in readers:
        reader._connection = Gone()  # type: ignore[assignment]
    try:
        yield
    finally:
        log.begin = begin  # type: ignore[method-assign]
        for reader in readers:
            reader._connection = service.connection

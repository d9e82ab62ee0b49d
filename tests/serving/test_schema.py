"""The interface behaves as its own document says, whatever is sent to it.

``FUZZ_BODIES=20000`` sends that many malformed bodies and proportionally more generated requests.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, Config, GenerationMode

from tests.serving import process, shop
from tests.serving.process import Server

BODIES = int(os.environ.get("FUZZ_BODIES", "300"))
EXAMPLES = max(5, BODIES // 60)

# All checks of schemathesis, with what the contract promises in place of two of its guesses:
# a wrong optional field is taken as unknown and named, so data against the schema may be accepted;
# and the schema cannot say that times lie in the past, revisions are the newest, or orders exist.
CHECKS = {
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "403", "404", "409", "412", "422"],
    },
    "negative_data_rejection": {
        "expected-statuses": ["2xx", "400", "403", "404", "405", "409", "412", "413", "422", "428"],
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the module."""
    with process.served(tmp_path_factory.mktemp("fuzzed")) as server:
        yield server


def _can_be_wrong(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    """Whether anything can be sent to it that is wrong."""
    raw = operation.definition.raw
    asks = bool(raw.get("parameters") or raw.get("requestBody"))
    return asks and operation.path.startswith("/v1/")


def _faults(server: Server, mode: GenerationMode) -> list[str]:
    """What any check has against any answer."""
    url, config = f"{server.url}/openapi.json", Config.from_dict({"checks": CHECKS})
    # A deadline of a few milliseconds is missed on a busy machine, as declared.
    fixed = {"Authorization": f"Bearer {server.key}", "RTO-Deadline-Ms": "60000"}
    faults: list[str] = []
    for found in schemathesis.openapi.from_url(url, config=config).get_all_operations():
        operation: APIOperation[Any, Any, Any, Any] = found.ok()  # type: ignore[union-attr]
        if mode == GenerationMode.NEGATIVE and not _can_be_wrong(operation):
            continue

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode, headers=fixed))
        def check(case: Case[Any]) -> None:
            try:
                case.call_and_validate(headers=fixed)
            except BaseExceptionGroup as group:
                faults.extend(f"{case.method} {case.path}: {one}" for one in group.exceptions)

        check()
    return faults


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_as_the_document_says(server: Server, mode: GenerationMode) -> None:
    assert _faults(server, mode) == []


def _malformed(pick: random.Random) -> bytes:
    """A body as no shop should send it, and some shop will."""
    kind = pick.randrange(14)
    fields = [*shop.ORDER]
    name = pick.choice(fields)
    value: Any = pick.choice(
        (None, True, -1, 10**400, 1e308, "", [], {}, [[]], "\u202e" * 50, "१२३", "𝟙𝟚", "\x00",
         "a" * 100_000, {"a": {"b": []}}, [None] * 600, "2026-02-30T25:61:00Z", "-0", 1.005)
    )  # fmt: skip
    if kind < 6:
        return json.dumps(shop.order(**{name: value})).encode()
    whole = shop.body(order_id=f"m{pick.random()}")
    at = pick.randrange(len(whole))
    return (
        whole[:at],
        whole[:at] + pick.randbytes(3) + whole[at:],
        b"[" * pick.choice((1, 10_000)) + b"]" * pick.choice((1, 10_000)),
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        whole.replace(b"1299.0", pick.choice((b"NaN", b"Infinity", b"1e999", b"0x10", b"01"))),
        whole.replace(b"Asha", pick.choice((b"\\ud800", b"\\udfff\\ud800", b"\xff", b"\\u0000"))),
        whole.replace(b'"channel"', f'"{name}"'.encode()),
        pick.randbytes(pick.randrange(200)),
    )[kind - 6]


PATHS = (
    "/v1/score", "/v1/score/batch", "/v1/checkout", "/v1/outcomes", "/v1/shipments",
    "/v1/orders/backfill", "/v1/lists", "/v1/orders/m/override", "/v1/orders/m/reply",
)  # fmt: skip


def test_malformed_bodies_are_the_callers_fault_and_leave_no_trace(server: Server) -> None:
    pick = random.Random(5)
    with server.client() as client:
        _send(client, pick, 50)
        before = _resident_kb(server)
        for status in _send(client, pick, BODIES):
            assert status in (200, 400, 404, 409, 413, 422)
        assert client.post("/v1/score", content=b" " * 10_000_000).status_code == 413
        assert client.post("/v1/score", content=shop.body(order_id="after")).status_code == 200
    grown = _resident_kb(server) - before
    assert grown < 60_000 + BODIES  # KB: what the orders among them leave in the caches


def _send(client: httpx2.Client, pick: random.Random, count: int) -> list[int]:
    return [
        client.post(pick.choice(PATHS), content=_malformed(pick)).status_code for _ in range(count)
    ]


def _resident_kb(server: Server) -> int:
    text = Path(f"/proc/{server.scoring_pid()}/status").read_text("utf-8")
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1])

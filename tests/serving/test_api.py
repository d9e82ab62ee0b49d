"""The contract over real HTTP, from a server process of its own."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.serving import process, shop
from tests.serving.process import Server

ROOT = process.ROOT


def _order(**changes: Any) -> dict[str, Any]:
    """An order placed an hour ago."""
    recent = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    return shop.order(created_at=recent, **changes) | {
        "promised_at": (datetime.now(UTC) + timedelta(days=4)).isoformat(),
        "dispatch_cutoff": (datetime.now(UTC) + timedelta(hours=5)).isoformat(),
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the module."""
    with process.served(tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[httpx2.Client]:
    """A client with the merchant's key."""
    with server.client() as client:
        yield client


def _problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["detail"]
    return body


def test_a_score_has_every_field_of_the_contract(client: httpx2.Client) -> None:
    answer = client.post("/v1/score", json=_order(order_id="full"))
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {
        "order_id", "decision_id", "revision", "scored_at", "probability", "probability_low",
        "probability_high", "base_probability", "tier", "action", "policy_action", "arm",
        "dispatch", "wait_until", "reasons", "expected_cost", "evidence", "model", "policy",
        "rule", "segment", "degraded", "warnings",
    }  # fmt: skip
    assert body["model"] == "prior-1"
    assert (body["probability_low"], body["probability_high"]) == (None, None)
    assert body["evidence"]["fallback"] == "prior"
    assert (body["action"], body["dispatch"], body["arm"]) == ("ship", "go", None)
    assert {"code", "text", "bucket", "impact", "advice"} == set(body["reasons"][0])
    assert body["warnings"] == []


def test_a_wrong_required_field_is_named(client: httpx2.Client) -> None:
    body = _problem(client.post("/v1/score", json={"created_at": "yesterday"}), 422)
    assert {fault["field"] for fault in body["errors"]} == {"order_id", "created_at"}


def test_a_numeric_order_id_is_asked_for_as_text(client: httpx2.Client) -> None:
    body = _problem(client.post("/v1/score", json=_order(order_id=1001)), 422)
    assert body["detail"] == "order_id: must be text; send it as text, in quotes"


def test_a_caller_says_how_long_it_waits(client: httpx2.Client) -> None:
    order = _order(order_id="patient")
    answer = client.post("/v1/score", json=order, headers={"RTO-Deadline-Ms": "30000"})
    assert answer.status_code == 200
    body = _problem(client.post("/v1/score", json=order, headers={"RTO-Deadline-Ms": "x"}), 400)
    assert "RTO-Deadline-Ms" in body["detail"]


def test_a_wrong_optional_field_becomes_unknown_and_is_named(client: httpx2.Client) -> None:
    order = _order(order_id="warned", payment_mode="C.O.D.", discount="much")
    answer = client.post("/v1/score", json=order)
    assert answer.status_code == 200
    named = [warning.partition(":")[0] for warning in answer.json()["warnings"]]
    assert named == ["discount", "payment_mode"]


def test_more_than_two_decimals_are_an_error(client: httpx2.Client) -> None:
    body = _problem(client.post("/v1/score", json=_order(order_id="d", discount=1.005)), 422)
    assert body["errors"][0]["field"] == "discount"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"a": NaN}', b"[" * 10_000, b'{"order_id": "\\ud800"}']
)
def test_what_is_no_json_object_is_refused(client: httpx2.Client, body: bytes) -> None:
    _problem(client.post("/v1/score", content=body), 400)


def test_a_body_too_large_is_refused(client: httpx2.Client) -> None:
    _problem(client.post("/v1/score", content=b" " * 300_000), 413)


def test_other_content_is_a_conflict_that_holds_the_decision(client: httpx2.Client) -> None:
    order = _order(order_id="twice")
    first = client.post("/v1/score", json=order).json()
    assert client.post("/v1/score", json=order).json() == first
    body = _problem(client.post("/v1/score", json=order | {"amount": 1}), 409)
    assert body["decision"] == first


@pytest.mark.parametrize("key", ["-", "rto_live_nothing", "x" * 5000, "ключ"])
def test_no_key_opens_nothing(server: Server, key: str) -> None:
    headers = {b"Authorization": f"Bearer {key}".encode()}
    with httpx2.Client(base_url=server.url, headers=headers) as client:
        for method, path in (("POST", "/v1/score"), ("GET", "/v1/policy"), ("GET", "/v1/orders/1")):
            answer = client.request(method, path)
            _problem(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"


def test_unknown_routes_and_methods_are_problems(client: httpx2.Client) -> None:
    assert "/docs shows" in _problem(client.get("/v1/nothing"), 404)["detail"]
    assert "Allow" in _problem(refused := client.delete("/v1/score"), 405)["detail"]
    assert refused.headers["allow"] == "POST"
    _problem(client.get("/v1/orders?cursor=x"), 422)


def test_outcomes_are_idempotent_and_final_until_corrected(client: httpx2.Client) -> None:
    client.post("/v1/score", json=_order(order_id="fate"))

    def report(*items: dict[str, Any]) -> list[str]:
        answer = client.post("/v1/outcomes", json=list(items))
        assert answer.status_code == 200, answer.text
        return [result["result"] for result in answer.json()["results"]]

    then = datetime.now(UTC).isoformat()
    rto = {"order_id": "fate", "outcome": "rto", "outcome_at": then, "reason": "refused"}
    delivered = {"order_id": "fate", "outcome": "delivered", "outcome_at": then}
    assert report(rto, rto, rto | {"order_id": "nobody"}) == [
        "recorded",
        "unchanged",
        "unknown_order",
    ]
    assert report(delivered) == ["refused"]
    assert report(delivered | {"correction": True}) == ["recorded"]
    assert report(delivered, {"order_id": "fate"}) == ["unchanged", "invalid"]
    story = client.get("/v1/orders/fate").json()
    assert story["state"] == "delivered"
    assert [event["event"] for event in story["events"]] == [
        "placed", "decided", "rto_initiated", "correction",
    ]  # fmt: skip


def test_an_outcome_that_cannot_be_is_named_and_a_wrong_detail_taken_as_unknown(
    client: httpx2.Client,
) -> None:
    client.post("/v1/score", json=_order(order_id="odd"))
    now = datetime.now(UTC)

    def result(**item: Any) -> tuple[str, str]:
        body = {"order_id": "odd", "outcome": "rto", "outcome_at": now.isoformat()} | item
        (said,) = client.post("/v1/outcomes", json=body).json()["results"]
        return said["result"], said["detail"]

    assert result(outcome_at=(now + timedelta(hours=1)).isoformat())[0] == "invalid"
    recorded, detail = result(reason="C", awb=5)
    assert recorded == "recorded"
    assert "awb: must be text; send it as text, in quotes; taken as unknown" in detail
    assert "reason: should be 'refused'" in detail


def test_a_thousand_outcomes_go_at_once_and_no_more(client: httpx2.Client) -> None:
    then = datetime.now(UTC).isoformat()
    item = {"order_id": "nobody", "outcome": "lost", "outcome_at": then}
    assert len(client.post("/v1/outcomes", json=[item] * 1000).json()["results"]) == 1000
    _problem(client.post("/v1/outcomes", json=[item] * 1001), 400)


def test_an_order_of_any_id_has_its_whole_story(client: httpx2.Client) -> None:
    order = _order(order_id="a/b ?#%😀")
    client.post("/v1/score", json=order)
    story = client.get("/v1/orders", params={"order_id": order["order_id"]}).json()
    assert story["order"]["amount"] == 1299.0
    assert story["order"]["phone"] == order["customer"]["phone"]
    assert story["decision"]["order_id"] == order["order_id"]
    by_path = client.get("/v1/orders/" + quote(order["order_id"], safe=""))
    assert by_path.json() == story
    assert "?order_id=" in _problem(client.get("/v1/orders/unheard"), 404)["detail"]


def test_another_merchant_finds_nothing(server: Server, client: httpx2.Client) -> None:
    client.post("/v1/score", json=_order(order_id="mine"))
    process.rto(server.home, "merchant", "add", "sarees")
    other = process.rto(server.home, "key", "new", "sarees").stdout.strip()
    with server.client(other) as stranger:
        _problem(stranger.get("/v1/orders/mine"), 404)
        then = datetime.now(UTC).isoformat()
        item = {"order_id": "mine", "outcome": "lost", "outcome_at": then}
        assert stranger.post("/v1/outcomes", json=[item]).json()["recorded"] == 0
        answer = stranger.post("/v1/score", json=_order(order_id="mine")).json()
        assert answer["evidence"]["phone_orders"] == 0


def test_a_policy_is_changed_by_whom_has_read_it(client: httpx2.Client) -> None:
    read = client.get("/v1/policy")
    policy, tag = read.json(), read.headers["etag"]
    _problem(client.put("/v1/policy", json=policy), 428)
    saved = client.put("/v1/policy", json=policy | {"mode": "act"}, headers={"If-Match": tag})
    assert saved.status_code == 200
    assert saved.json()["revision"] == policy["revision"] + 1
    _problem(client.put("/v1/policy", json=policy, headers={"If-Match": tag}), 412)
    faults = policy | {"tiers": [0.5, 0.2]}
    tag = saved.headers["etag"]
    body = _problem(client.put("/v1/policy", json=faults, headers={"If-Match": tag}), 422)
    assert "tiers must rise" in body["detail"]
    answer = client.post("/v1/score", json=_order(order_id="acted")).json()
    assert answer["policy"] == saved.json()["revision"]
    assert answer["arm"] is not None
    back = client.put("/v1/policy", json=policy, headers={"If-Match": tag})
    assert back.status_code == 200


def test_health_and_counters_are_told(client: httpx2.Client) -> None:
    assert client.get("/livez").json() == {"alive": True}
    ready = client.get("/readyz").json()
    assert ready["ready"]
    assert ready["model"] == "prior-1"
    text = client.get("/metrics").text
    for stage in ("parse", "history", "features", "model", "reasons", "write"):
        assert f'rto_stage_seconds_count{{stage="{stage}"}}' in text
    assert 'rto_decisions_total{action="ship",model="prior-1"}' in text
    assert "98765" not in text


def test_the_first_page_shows_scored_orders_to_whom_has_the_key(server: Server) -> None:
    with server.client() as api:
        api.post("/v1/score", json=_order(order_id="<b>seen</b>"))
    with httpx2.Client(base_url=server.url) as browser:
        assert browser.get("/").headers["location"] == "/app/"
        asked = browser.get("/app/orders?q=1")
        assert asked.headers["location"] == "/app/login?next=/app/orders%3Fq%3D1"
        assert browser.get("/app/enter/wrong").status_code == 410
        entered = browser.post(f"/app/enter/{server.link}", data={"password": ""})
        assert (entered.status_code, entered.headers["location"]) == (303, "/app/today")
        assert "HttpOnly; Max-Age=1209600; Path=/app; SameSite=lax" in entered.headers["set-cookie"]
        assert browser.post(f"/app/enter/{server.link}", data={}).status_code == 410
        page = browser.get("/app/orders")
    assert page.status_code == 200
    assert "&lt;b&gt;seen&lt;/b&gt;" in page.text
    assert "Invented data" in page.text
    assert "Kurtas &amp; Co" in page.text
    assert "Payment at the door" in page.text
    assert "98765" not in page.text


def test_the_page_of_the_api_loads_nothing(server: Server) -> None:
    with httpx2.Client(base_url=server.url, follow_redirects=True) as browser:
        page = browser.get("/docs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for sign in ("<script", "<link", "<img", "src=", "@import", "url("):
        assert sign not in page.text


def test_the_interface_is_described_as_committed(client: httpx2.Client) -> None:
    described = client.get("/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    committed = json.loads((ROOT / "openapi.json").read_text("utf-8"))
    assert described == committed, "write it anew: python -m serving.openapi > openapi.json"


def test_a_second_start_is_refused_in_one_sentence(server: Server, tmp_path: Path) -> None:
    again = process.rto(server.home, "serve", "--port", "0")
    assert again.returncode == 1
    assert "is already served by process" in again.stderr
    assert again.stderr.count("\n") == 1
    taken = process.rto(tmp_path, "serve", "--port", server.url.rpartition(":")[2])
    assert taken.returncode == 1
    assert "is in use" in taken.stderr


def test_kill_9_of_the_scoring_process_keeps_what_it_answered(tmp_path: Path) -> None:
    with process.served(tmp_path) as server, server.client() as client:
        order = _order(order_id="last words")
        first = client.post("/v1/score", json=order).json()
        os.kill(server.scoring_pid(), signal.SIGKILL)
        # A new connection waits in the socket until the next scoring process takes it.
        with server.client() as again:
            assert again.post("/v1/score", json=order).json() == first
        assert process.stop(server.process) == 0
    database = sqlite3.connect(tmp_path / "store" / "rto.sqlite3")
    assert database.execute("SELECT count(*) FROM decision").fetchone() == (1,)
    assert int(database.execute("SELECT value FROM meta WHERE name='who_seq'").fetchone()[0]) >= 2
    database.close()


def test_an_unknown_variable_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "rto.py"), "settings"],
        env=process.environment(tmp_path) | {"RTO_HOMME": "x"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("rto: RTO_HOMME is not a setting")

"""A basket is weighed for a shop's server and for its page, and neither is remembered."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from serving.access import VISITS_AT_ONCE, Doorkeeper, TooManyError
from serving.store.merchants import Access
from serving.store.policies import save_policy
from tests.serving.client import Shop, open_shop
from tests.serving.process import ROOT
from tests.serving.shop import NOON, Steady, order, run

BASKET = order(order_id=None, created_at=None, payment_mode=None)


def played(tmp_path: Path, scene: Any, **options: Any) -> None:
    async def play() -> None:
        async with open_shop(tmp_path, **options) as ask:
            await scene(ask)

    run(play())


async def _act(ask: Shop, **thresholds: float | None) -> None:
    policy = ask.service.policies.now("kurtas").to_json() | {
        "mode": "act",
        "thresholds": {"verify": None, "prepaid": None, "hold": None, "block": None} | thresholds,
        "shares": {"holdout": 0.0, "explore": 0.0},
    }
    await ask.service.writer.submit(
        lambda log: save_policy(log, "kurtas", policy, expected=0, now_us=NOON)
    )
    ask.service.policies.forget("kurtas")


@pytest.mark.parametrize(
    ("thresholds", "cod", "partial_cod"),
    [
        ({}, True, True), ({"verify": 0.3}, True, True), ({"prepaid": 0.3}, False, True),
        ({"hold": 0.3}, False, False), ({"block": 0.3}, False, False),
    ],
)  # fmt: skip
def test_the_more_severe_the_policy_the_less_is_offered(
    tmp_path: Path, thresholds: dict[str, float], cod: bool, partial_cod: bool
) -> None:
    async def scene(ask: Shop) -> None:
        await _act(ask, **thresholds)
        told = await ask("POST", "/v1/checkout", BASKET)
        assert (told["offer"]["cod"], told["offer"]["partial_cod"]) == (cod, partial_cod)
        assert told["offer"] == told["advised"]
        assert told["offer"]["cod_fee"] > 0

    played(tmp_path, scene)


def test_a_good_customer_pays_no_fee(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        await _act(ask)
        assert (await ask("POST", "/v1/checkout", BASKET))["offer"]["cod_fee"] == 0

    played(tmp_path, scene, scorer=Steady(0.1))


def test_a_key_in_a_page_is_told_the_offer_alone_and_opens_nothing_else(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        page = await ask.with_key("kurtas", "live", "checkout")
        answer = await page.raw("POST", "/v1/checkout", BASKET)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.json() == {"offer": {"cod": True, "partial_cod": True, "cod_fee": 0}}
        for method, path in (("POST", "/v1/score"), ("GET", "/v1/events"), ("GET", "/v1/policy"),
                             ("POST", "/v1/outcomes"), ("GET", "/v1/orders/1001")):  # fmt: skip
            await page(method, path, order() if method == "POST" else None, 403)
        assert (await ask("GET", "/v1/events"))["events"] == []

    played(tmp_path, scene)


def test_a_key_that_may_order_may_weigh_and_one_that_reads_may_not(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        orders = await ask.with_key("kurtas", "live", "score")
        assert "probability" in await orders("POST", "/v1/checkout", BASKET)
        reads = await ask.with_key("kurtas", "live", "read")
        await reads("POST", "/v1/checkout", BASKET, 403)

    played(tmp_path, scene)


def test_a_browser_may_ask_from_another_site(tmp_path: Path) -> None:
    async def scene(ask: Shop) -> None:
        answer = await ask.raw(
            "OPTIONS", "/v1/checkout", headers={"Origin": "https://shop.example"}
        )
        assert answer.status_code == 204
        assert "authorization" in answer.headers["access-control-allow-headers"]

    played(tmp_path, scene)


def test_a_visitor_who_asks_on_and_on_is_slowed_down_and_nobody_else_is() -> None:
    now = [0.0]
    door = Doorkeeper(None, clock=lambda: now[0])  # type: ignore[arg-type]
    page = Access("kurtas", "live", ("checkout",), "k1")
    for last in range(int(VISITS_AT_ONCE)):
        door.visit(page, f"2001:db8:1:1::{last:x}")
    with pytest.raises(TooManyError):
        door.visit(page, "2001:db8:1:1:ffff::1")
    door.visit(page, "2001:db8:1:2::1")
    door.visit(page, "203.0.113.9")
    now[0] += 2.0
    door.visit(page, "2001:db8:1:1::1")
    with pytest.raises(TooManyError):
        door.visit(page, "2001:db8:1:1::1")


def test_the_snippet_of_the_readme_offers_everything_where_no_answer_comes(tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("needs node")
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(r"<!-- storefront -->\n```js\n(.*?)```", text, re.S)
    assert found is not None
    script = tmp_path / "shop.mjs"
    stand_in = """
let answer = null;
globalThis.fetch = async (url, options) => {
  if (answer === null) throw new Error("no network");
  globalThis.asked = { url, ...options };
  return { ok: answer.ok, json: async () => answer.body };
};
"""
    tries = """
const said = [];
said.push(await offer({ amount: 1299 }));
answer = { ok: false, body: {} }; said.push(await offer({ amount: 1299 }));
answer = { ok: true, body: { offer: { cod: false, partial_cod: true, cod_fee: 49 } } };
said.push(await offer({ amount: 1299 }));
console.log(JSON.stringify([...said, JSON.parse(globalThis.asked.body), globalThis.asked.url]));
"""
    script.write_text(stand_in + found[1] + tries)
    done = subprocess.run(["node", script], capture_output=True, text=True, check=True, timeout=60)
    everything = {"cod": True, "partial_cod": True, "cod_fee": 0}
    told = {"cod": False, "partial_cod": True, "cod_fee": 49}
    *said, basket, url = json.loads(done.stdout)
    assert said == [everything, everything, told]
    assert basket == {"amount": 1299}
    assert url.endswith("/v1/checkout")

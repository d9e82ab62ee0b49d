"""The pages render whatever was scored, and the API's page shows every shape it names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from models.actions import ACTIONS
from models.policy import default_policy
from serving.templating import page

ROOT = Path(__file__).resolve().parents[2]


def _order(**changes: Any) -> SimpleNamespace:
    answer = {
        "probability": 0.999, "base_probability": 0.2, "tier": "high", "action": "ship",
        "policy_action": "ship", "reasons": [], "expected_cost": {},
        "evidence": {"phone_orders": 1, "pincode_orders": 0, "fallback": "prior"},
    } | changes.pop("answer", {})  # fmt: skip
    order = {
        "order_id": "1001", "amount_paise": 129_900, "payment_mode": "cod", "state": "pending",
        "created_at": "2026-11-20T10:15:00+05:30", "answer": answer,
    } | changes  # fmt: skip
    return SimpleNamespace(**order)


def _orders(*orders: SimpleNamespace) -> str:
    shop = SimpleNamespace(name="Kurtas", invented=False)
    response = page(
        "orders.html", title="Orders", merchant=shop, orders=orders, policy=default_policy(),
        model="steady-1",
    )  # fmt: skip
    return bytes(response.body).decode()


def test_every_action_has_its_words() -> None:
    for action in ACTIONS:
        shown = _orders(
            _order(answer={"policy_action": action, "expected_cost": dict.fromkeys(ACTIONS, 41.9)})
        )
        assert ("Advice:" in shown) == (action != "ship")
        assert "ship ₹42" in shown


def test_what_is_unknown_is_called_so_and_text_is_escaped() -> None:
    shown = _orders(_order(order_id="<i>x</i>", amount_paise=None, payment_mode="unknown"))
    assert "amount unknown · payment unknown" in shown
    assert "&lt;i&gt;x&lt;/i&gt;" in shown
    assert "The last order" in shown


def test_reasons_are_in_points_with_their_sign() -> None:
    reasons = [
        {"impact": 0.081, "text": "The address is short", "advice": "Ask for a landmark"},
        {"impact": -0.02, "text": "Paid in advance", "advice": ""},
    ]
    shown = _orders(_order(answer={"reasons": reasons}), _order())
    assert "+8.1" in shown
    assert "−2.0" in shown
    assert "→ Ask for a landmark" in shown
    assert "The last 2 orders, newest first" in shown


def test_the_page_of_the_api_links_every_shape_it_names() -> None:
    api = json.loads((ROOT / "openapi.json").read_text("utf-8"))
    text = bytes(page("docs.html", title="API", api=api).body).decode()
    named = set(re.findall(r'href="#(\w+)"', text))
    assert named >= {"ScoreRequest", "ScoreAnswer", "OutcomeItem", "Problem"}
    for name in named:
        assert f'id="{name}"' in text
    for field in api["components"]["schemas"]["ScoreRequest"]["properties"]:
        assert f"<code>{field}</code>" in text
    assert "$ref" not in text

"""``rto explain``: one decision in full, on one page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click
import numpy as np

from features.catalogue import CATALOGUE
from features.errors import RefusedError
from features.settings import load_settings
from serving.moments import outside
from serving.store.connection import Connection, connect
from serving.store.decisions import decision_named


@click.command()
@click.argument("decision_id")
def explain(decision_id: str) -> None:
    """Show the decision DECISION_ID: what it saw, when, and why it came out so."""
    connection = connect(load_settings().store_url, readonly=True)
    try:
        click.echo(page(connection, decision_id), nl=False)
    finally:
        connection.close()


def page(connection: Connection, decision_id: str) -> str:
    """The page as text.

    Raises
    ------
    RefusedError
        If there is no such decision.
    """
    body, row = _decision(connection, decision_id)
    shown = outside(body)
    lines = [
        f"Decision {decision_id} on order {shown['order_id']}, {shown['scored_at']}",
        "",
        f"Probability   {shown['probability']:.4f} (average order {shown['base_probability']:.4f}),"
        f"{_sure(shown)} tier {shown['tier']}",
        f"Model         {shown['model']} ({shown['model_digest'][:12]})",
        f"Policy        revision {shown['policy']}, lists {shown['list_version']},"
        f" rule {shown['rule'] or 'none'}",
        f"Action        {shown['action']}; the policy advised {shown['policy_action']},"
        f" arm {shown['arm'] or 'none'}, propensity {shown['propensity']:g}",
        f"Evidence      events up to {shown['read_seq']}, fold {shown['fold']},"
        f" windows end at {shown['as_of']}",
        *(f"              {name}: {value}" for name, value in shown["evidence"].items()),
        *_section("Reasons (points of probability)", _reasons(shown["reasons"])),
        *_section("Expected cost, rupees", _costs(shown["expected_cost"])),
        *_section("In the shadow", _shadow(shown.get("shadow"))),
        *_section("Inputs", _inputs(row)),
        "",
    ]
    return "\n".join(lines)


def _decision(connection: Connection, decision_id: str) -> tuple[dict[str, Any], bytes | None]:
    try:
        found = decision_named(connection, UUID(decision_id))
    except ValueError:
        raise RefusedError(f'"{decision_id}" is no decision id; copy it from an answer') from None
    if found is None:
        raise RefusedError(f"there is no decision {decision_id} in this database")
    return found


def _sure(shown: dict[str, Any]) -> str:
    """Between which chances eight of ten such orders lie, where the model said so."""
    if shown.get("probability_low") is None:
        return ""
    return f" 80 % within {shown['probability_low']:.3f} to {shown['probability_high']:.3f},"


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", title, *(f"  {line}" for line in lines)] if lines else []


def _reasons(reasons: list[dict[str, Any]]) -> list[str]:
    return [f"{100 * r['impact']:+6.1f}  {r['code']}: {r['text']}" for r in reasons]


def _costs(costs: dict[str, float]) -> list[str]:
    return [f"{cost:8.2f}  {action}" for action, cost in costs.items()]


def _shadow(shadow: dict[str, Any] | None) -> list[str]:
    return (
        [] if shadow is None else [f"{shadow['model']} would have said {shadow['probability']:.4f}"]
    )


def _inputs(row: bytes | None) -> list[str]:
    if row is None:
        return ["none but the payment mode: the decision is degraded"]
    values = np.frombuffer(row)
    if len(values) != len(CATALOGUE):
        return ["made with other features than today's"]
    known = ((f, v) for f, v in zip(CATALOGUE, values, strict=True) if not np.isnan(v))
    return [f"{feature.name} = {value:.6g} {feature.unit}" for feature, value in known]

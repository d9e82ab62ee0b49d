"""Alerts, dashboard, containers and runbook speak of things that exist."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from features.settings import PREFIX, Settings
from serving.parcels.outcomes import Report, read_outcomes
from serving.wish import Wish
from tests.serving import shop

ROOT = Path(__file__).resolve().parents[2]
_METRIC = re.compile(r"\b((?:rto|process)_[a-z_]+)(\{[^}]*\})?")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!=|=)")
# What Prometheus itself puts on every series.
_SCRAPED = {"job", "instance"}


def _alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text("utf-8"))["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def _queries() -> dict[str, str]:
    """Every expression of alerts and dashboard, by where it stands."""
    found = {f"alert {rule['alert']}": str(rule["expr"]) for rule in _alerts()}
    for panel in json.loads((ROOT / "deploy/dashboard.json").read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            found[f"panel {panel['title']} {target['refId']}"] = target["expr"]
    return found


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The labels of every series that a working service shows, by its name."""

    async def scene() -> bytes:
        async with shop.serving(tmp_path_factory.mktemp("home")) as service:
            await service.standby.score(shop.LIVE, shop.body(), Wish())
            service.reach.lost("for a test")
            await service.standby.score(shop.LIVE, shop.body(order_id="b"), Wish())
            await service.tick()
            read = read_outcomes([shop.outcome()])
            work = Report(shop.LIVE, read, shop.NOON, service.doorkeeper.speaking)
            results = await service.writer.submit(work)
            service.metrics.outcomes.update(result.result for result in results)
            service.metrics.answers["score", 200] += 1
            return service.metrics.render()

    text = asyncio.run(scene()).decode()
    series: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            series.setdefault(sample.name, set()).update(sample.labels)
    return series


@pytest.mark.parametrize(("where", "query"), sorted(_queries().items()))
def test_every_query_asks_for_what_is_shown(
    shown: dict[str, set[str]], where: str, query: str
) -> None:
    asked = _METRIC.findall(query)
    assert asked or "up{" in query
    for name, matchers in asked:
        assert name in shown, f"{where} asks for {name}"
        assert set(_LABEL.findall(matchers)) <= shown[name] | _SCRAPED
    by = {
        label.strip()
        for group in re.findall(r"by \(([^)]*)\)", query)
        for label in group.split(",")
    }
    assert by <= set().union(*(shown[name] for name, _ in asked))


def test_every_gauge_of_a_failure_has_an_alert_and_every_alert_its_section() -> None:
    named = {rule["alert"] for rule in _alerts()}
    sections = re.findall(r"^### (\w+)$", (ROOT / "RUNBOOK.md").read_text("utf-8"), re.MULTILINE)
    assert sections == [rule["alert"] for rule in _alerts()]
    assert {"LogOutOfReach", "SpoolOutOfReach", "ModelRefused", "OutcomesSilent"} <= named
    for rule in _alerts():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]


def test_the_alerts_fire_when_they_should_and_not_otherwise() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("playing the alerts needs promtool: apt-get install prometheus")
    played = subprocess.run(
        [promtool, "test", "rules", "deploy/alerts_test.yaml"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert played.returncode == 0, played.stdout + played.stderr


def test_the_containers_are_given_settings_and_files_that_exist() -> None:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    given = set(composed["services"]["rto"]["environment"])
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert given | set(re.findall(r"\b(RTO_\w+)=", dockerfile)) <= known
    for name in ("RTO_HASH_KEY", "RTO_ENCRYPTION_KEY"):
        assert composed["services"]["rto"]["environment"][name].startswith("${" + name + ":?")
    mounted = [v for service in composed["services"].values() for v in service["volumes"]]
    files = [v.split(":")[0] for v in mounted if v.startswith("./deploy")]
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", dockerfile, re.MULTILINE)
    for name in (*files, *(part for line in copied for part in line.split())):
        assert (ROOT / name).exists(), name
    kept = (ROOT / ".dockerignore").read_text("utf-8").split()
    for name in (part for line in copied for part in line.split()):
        assert f"!{name}" in kept, f"{name} is not sent to the build"
    named = {v.split(":")[0] for v in mounted if not v.startswith(".")}
    assert named <= set(composed["volumes"])

"""The API's page shows every shape it names."""

from __future__ import annotations

import json
import re
from pathlib import Path

from serving.templating import page

ROOT = Path(__file__).resolve().parents[2]


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

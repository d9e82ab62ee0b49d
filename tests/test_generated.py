"""The documents say what the code does; ``make docs`` writes them anew."""

from __future__ import annotations

import pytest

from tests.generated import PARTS, ROOT, rewritten


@pytest.mark.parametrize("document", sorted({part.document for part in PARTS}))
def test_generated_passages_are_up_to_date(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert text == rewritten(document), f"{document} is stale; run make docs"

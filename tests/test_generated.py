"""The documents say what the code does; ``make docs`` writes them anew."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.generated import PARTS, ROOT

# In a process of its own: a command remembers the help option of whoever ran it first.
WRITE = (
    "import sys; from tests.generated import rewritten; sys.stdout.write(rewritten(sys.argv[1]))"
)


@pytest.mark.parametrize("document", sorted({part.document for part in PARTS}))
def test_generated_passages_are_up_to_date(document: str) -> None:
    words = [sys.executable, "-X", "utf8", "-c", WRITE, document]
    written = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
    text = (ROOT / document).read_text(encoding="utf-8")
    assert text == written.stdout, f"{document} is stale; run make docs"

"""Whether every planted breakage still breaks one place, before tests that are there."""

from __future__ import annotations

from pathlib import Path

from tests.mutants.run import mutants

ROOT = Path(__file__).resolve().parent.parent


def test_every_mutant_breaks_one_place_before_tests_that_exist() -> None:
    found = mutants()  # ends with a sentence where one breaks none or several
    assert len(found) > 100
    named = {test.partition("::")[0] for mutant in found for test in mutant.tests}
    assert [test for test in sorted(named) if not (ROOT / test).exists()] == []

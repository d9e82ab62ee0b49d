"""The list of breakages keeps up with the code it breaks."""

from __future__ import annotations

from pathlib import Path

from tests.mutants.run import ROOT, mutants


def test_every_mutant_breaks_one_place_and_names_tests_that_exist() -> None:
    found = mutants()
    assert len(found) >= 25
    assert len({mutant.name for mutant in found}) == len(found)
    for mutant in found:
        for test in mutant.tests:
            assert (ROOT / Path(test.partition("::")[0])).exists(), mutant.name

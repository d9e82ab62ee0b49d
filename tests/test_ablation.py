"""The ablation leaves no group of features out and takes none twice."""

from __future__ import annotations

from features.catalogue import CATALOGUE
from features.tokens import TOKEN_REASONS
from tests.bench.ablation import FAMILIES


def test_every_group_of_features_is_in_one_family() -> None:
    groups = [group for family in FAMILIES.values() for group in family.groups]
    assert sorted(groups) == sorted({feature.group for feature in CATALOGUE})


def test_families_name_kinds_of_tokens_that_there_are() -> None:
    kinds = {kind for family in FAMILIES.values() for kind in family.tokens}
    assert kinds <= set(TOKEN_REASONS)

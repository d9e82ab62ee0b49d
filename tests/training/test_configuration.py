"""A training configuration is read strictly, and options add to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import SettingsError
from training.configuration import Configuration, read_configuration


def read(tmp_path: Path, text: str) -> Configuration:
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    return read_configuration(tmp_path / "c.yaml")


def test_a_file_is_read_and_options_add_to_it(tmp_path: Path) -> None:
    found = read(tmp_path, "extra: [minutes]\nexclude: [ip]\ntrees: {num_leaves: 16}\nseed: 3\n")
    both = found.with_options(extra=("size", "minutes"), exclude=("coupons",))
    assert both.extra == ("minutes", "size")
    assert both.exclude == ("ip", "coupons")
    assert both.trees == {"num_leaves": 16}
    assert both.seed == 3


def test_no_file_and_an_empty_file_are_the_defaults(tmp_path: Path) -> None:
    assert read_configuration(None) == read(tmp_path, "") == Configuration()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("extras: [a]", r"c\.yaml: extras is not one of"),
        ("extra: minutes", r"c\.yaml: extra must be a list of names"),
        ("trees: {leaves: 3}", "leaves cannot be set"),
        ("trees: {num_leaves: 65}", "num_leaves must lie between 2 and 64"),
        ("trees: {num_leaves: many}", "every parameter must be a number"),
        ("trees: [1]", "trees must be a table"),
        ("interventions: forget", '"forget" is not one of leave out, propensity'),
        ("labels: hope", '"hope" is not one of folds, weights, wait'),
        ("seed: -1", "seed must be a whole number"),
        ("threads: 0", "threads must be a whole number"),
        ("- a", "holds no keys; it may name exclude"),
        ("a: [", "cannot be read as YAML"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        read(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml"):
        read_configuration(tmp_path / "none.yaml")

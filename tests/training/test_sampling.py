"""A sample learns from fewer orders, each of which has its whole history."""

from __future__ import annotations

import json
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from features.tables import Folder
from rto import cli
from training.matrix import Matrix, build
from training.sampling import PORTION, drawn, sample_of, sampled
from training.simulate_command import write_year
from training.world.spec import WorldSpec


@pytest.fixture(scope="module")
def whole(small_world: Folder) -> Matrix:
    return build(small_world, threads=1)


def test_sampled_orders_keep_what_they_had_and_persons_stay_whole(whole: Matrix) -> None:
    few = sampled(whole, 0.4, seed=7)
    persons = set(few.orders["person"])
    rows = np.flatnonzero(whole.orders["person"].isin(persons))
    assert 0.25 * len(whole.orders) < len(rows) == len(few.orders) < 0.55 * len(whole.orders)
    np.testing.assert_array_equal(few.values, whole.values[rows])
    assert list(few.tokens) == [whole.tokens[row] for row in rows.tolist()]
    assert few.orders["order_id"].tolist() == whole.orders["order_id"].iloc[rows].tolist()
    assert few.extras.keys() == whole.extras.keys()
    assert sample_of(few) == {"orders": len(rows), "of": len(whole.orders), "drawn": "persons"}


def test_asking_for_more_than_there_is_changes_nothing(whole: Matrix) -> None:
    assert sampled(whole, 1_000_000.0, seed=7) is whole
    assert sample_of(whole) is None


def test_a_draw_depends_on_share_and_seed_alone_and_a_larger_one_holds_the_smaller() -> None:
    persons = np.random.default_rng(3).integers(-(2**63), 2**63, 50_000)
    small, large = drawn(persons, 0.1, seed=7), drawn(persons, 0.3, seed=7)
    assert small.mean() == pytest.approx(0.1, abs=0.01)
    assert not (small & ~large).any()
    np.testing.assert_array_equal(drawn(persons[::-1], 0.1, seed=7), small[::-1])
    other = drawn(persons, 0.1, seed=8)
    assert (small & other).mean() == pytest.approx(0.01, abs=0.004)


@pytest.mark.parametrize(("text", "means"), [("20%", 0.2), ("0.2", 0.2), ("50_000", 50_000.0)])
def test_a_portion_is_a_share_or_a_number_of_orders(text: str, means: float) -> None:
    assert PORTION.convert(text, None, None) == pytest.approx(means)


@pytest.mark.parametrize("text", ["0", "-3", "few", "100%", "999", "2000.5", "nan", "inf"])
def test_any_other_portion_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="neither a share such as"):
        PORTION.convert(text, None, None)


def test_a_training_on_a_sample_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("training.shape.MOST_LEAVES", 200)
    write_year(tmp_path / "data", 2_000, 11, WorldSpec(), quiet=True)
    bundles = []
    for _ in range(2):
        done = CliRunner().invoke(
            cli,
            ["train", "--data", str(tmp_path / "data"), "--sample", "60%", "--no-tracking"],
            catch_exceptions=False,
        )
        assert "a sample: 1," in done.output
        assert " of 2,000 orders, all those of the persons drawn" in done.output
        path = Path(done.stdout.split("bundle: ")[1].splitlines()[0])
        bundles.append(json.loads((path / "manifest.json").read_text()))
    data = bundles[0]["content"]["training"]["data"]
    assert data["orders"] == data["sample"]["of"] == 2_000
    assert 1_000 < data["sample"]["orders"] < 1_400
    assert bundles[0]["digest"] == bundles[1]["digest"]

"""A bundle that was altered in any way is not served, and says in one sentence why."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.errors import BundleError
from features.feature import Feature
from models import bundle as bundle_module
from models.blend import Blend
from models.bundle import Bundle, BundleParts, write_bundle
from models.golden import GoldenRow, golden_row
from models.inputs import Inputs
from models.linear import Linear
from models.scorer import Scorer

from .conftest import CATALOGUE, ask, booster, make_parts


def load(path: Path, digest: str | None = None) -> Bundle:
    """Load with today's catalogue."""
    return Bundle.load(path, features=CATALOGUE, digest=digest)


def test_a_loaded_bundle_scores_and_explains_as_the_parts_did(
    released: Path, parts: BundleParts
) -> None:
    bundle: Scorer = load(released)
    model, asked = parts.model(), ask(20, seed=30)
    for row, extra in zip(asked.rows, asked.extras, strict=True):
        risk = bundle.score(row, extra)
        assert risk == model.score(row, extra)
        assert bundle.explain(row, extra, risk) == model.explain(row, extra, risk)
    many = bundle.score_many(asked.values(), asked.tokens())
    assert many.tolist() == model.score_many(asked.values(), asked.tokens()).tolist()


def test_a_bundle_knows_its_version_digest_and_training(released: Path, parts: BundleParts) -> None:
    bundle = load(released)
    assert bundle.version == "rto-2026-11-20.1"
    assert bundle.extras == {"basket_minutes": "number", "store": "word"}
    assert bundle.manifest["digest"] == bundle.digest
    assert bundle.manifest["content"]["training"] == parts.training  # type: ignore[index]


def test_the_digest_depends_on_what_scores_and_not_on_when_or_where(
    tmp_path: Path, parts: BundleParts
) -> None:
    first = write_bundle(tmp_path / "a", parts)
    renamed = replace(parts, version="rto-2026-11-21.1", provenance={"created_at": "later"})
    assert write_bundle(tmp_path / "b", renamed) == first
    for name in ("trees.txt", "linear.json", "golden.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    other = make_parts(blend=Blend(trees=0.6, linear=0.4))
    assert write_bundle(tmp_path / "c", other) != first


def test_a_bundle_without_trees_and_one_without_a_linear_part_are_served(tmp_path: Path) -> None:
    inputs = Inputs((), extras=("basket_minutes",))
    write_bundle(tmp_path / "linear", make_parts(trees=None, inputs=inputs))
    write_bundle(tmp_path / "trees", make_parts(linear=None))
    assert not (tmp_path / "linear" / "trees.txt").exists()
    assert load(tmp_path / "linear").score(ask(1, 1).rows[0], {}).probability > 0
    assert load(tmp_path / "trees").score(ask(1, 1).rows[0], {}).probability > 0


def test_every_changed_byte_is_noticed(released: Path) -> None:
    for path in sorted(released.iterdir()):
        whole = path.read_bytes()
        for position in range(0, len(whole), max(1, len(whole) // 60)):
            path.write_bytes(
                whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :]
            )
            with pytest.raises(BundleError):
                load(released)
        path.write_bytes(whole[:-1])
        with pytest.raises(BundleError):
            load(released)
        path.write_bytes(whole)
    load(released)


def test_nothing_is_parsed_before_its_digest_is_checked(
    released: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (released / "trees.txt").write_bytes(b"tree\nversion=v4\n")

    def explode(*_: object) -> None:
        raise AssertionError("parsed before it was verified")

    monkeypatch.setattr(bundle_module, "_model", explode)
    with pytest.raises(BundleError, match="not the file that was released"):
        load(released)


def link(folder: Path) -> None:
    """Put a link in a file's place, to the same bytes."""
    (folder / "trees.txt").rename(folder.parent / "elsewhere.txt")
    (folder / "trees.txt").symlink_to(folder.parent / "elsewhere.txt")


def pipe(folder: Path) -> None:
    """Put a pipe in a file's place: reading it must not hang."""
    (folder / "golden.json").unlink()
    os.mkfifo(folder / "golden.json")


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (lambda folder: (folder / "notes.txt").write_text("hi"), "'notes.txt', which its manifest"),
        (lambda folder: (folder / "model.pkl").write_bytes(b"\x80"), "'model.pkl', which its"),
        (lambda folder: (folder / "more").mkdir(), "'more', which its manifest"),
        (lambda folder: (folder / "x").symlink_to("trees.txt"), "'x', which its manifest"),
        (lambda folder: (folder / "linear.json").unlink(), "linear.json cannot be read"),
        (lambda folder: (folder / "manifest.json").unlink(), "it holds no manifest.json"),
        (link, "trees.txt cannot be read"),
        (pipe, "golden.json is no plain file"),
    ],
)
def test_a_folder_with_more_less_or_other_than_its_files_is_refused(
    tamper: Callable[[Path], object], says: str, released: Path
) -> None:
    tamper(released)
    with pytest.raises(BundleError, match=says):
        load(released)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="it holds no manifest"):
        load(tmp_path / "nowhere")


def test_another_bundle_than_the_promoted_one_is_refused(released: Path) -> None:
    digest = load(released).digest
    assert load(released, digest).digest == digest
    with pytest.raises(BundleError, match="another model than the one promoted"):
        load(released, "0" * 64)


def test_a_bundle_for_another_definition_of_a_feature_is_refused(released: Path) -> None:
    told = [
        replace(feature, says="Otherwise.") if feature.name == "cod" else feature
        for feature in CATALOGUE
    ]
    with pytest.raises(BundleError, match='"cod" is defined otherwise than in training'):
        Bundle.load(released, features=told)
    gone = [feature for feature in CATALOGUE if feature.name != "cod"]
    with pytest.raises(BundleError, match='"cod", which is no feature here'):
        Bundle.load(released, features=gone)


def test_a_catalogue_that_grew_or_was_reordered_is_served_alike(released: Path) -> None:
    fresh = Feature("fresh", unit="count", reason="cod_order", says="New.", group="test")
    grown = (fresh, *reversed(CATALOGUE))
    bundle, later = load(released), Bundle.load(released, features=grown)
    for row, extra in zip(ask(20, 3).rows, ask(20, 3).extras, strict=True):
        values = np.concatenate([[7.0], row.values[::-1]])
        assert later.score(replace(row, values=values), extra) == bundle.score(row, extra)


def with_golden(parts: BundleParts, **changes: float) -> BundleParts:
    """The parts with one answer of the exam changed."""
    first, *rest = parts.golden
    return replace(parts, golden=[replace(first, **changes), *rest])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda parts: replace(parts, golden=()), "holds no row"),
        (
            lambda parts: with_golden(parts, log_odds=parts.golden[0].log_odds + 1e-6),
            "golden row 0",
        ),
        (lambda parts: with_golden(parts, log_odds=float("-1e308")), "golden row 0 scores"),
        (lambda parts: with_golden(parts, log_odds=float("nan")), "holds NaN, infinity"),
        (lambda parts: with_golden(parts, probability=0.5), "golden row 0 is calibrated otherwise"),
        (lambda parts: replace(parts, trees="tree\n"), "several classes"),
        (
            lambda parts: replace(parts, inputs=Inputs(("gone",), extras=("basket_minutes",))),
            '"gone", which is no feature',
        ),
        (lambda parts: replace(parts, trees=booster(41).model_to_string()), "golden row 0 scores"),
        (lambda parts: replace(parts, linear=Linear(-1.0)), "golden row 0 scores"),
        (lambda parts: replace(parts, training={"auc": float("nan")}), "holds NaN, infinity"),
    ],
)
def test_what_would_fail_its_exam_is_never_written(
    change: Callable[[BundleParts], BundleParts], says: str, parts: BundleParts, tmp_path: Path
) -> None:
    with pytest.raises(BundleError, match=says):
        write_bundle(tmp_path / "models" / "v1", change(parts))
    assert list(tmp_path.rglob("*")) in ([], [tmp_path / "models"])


def test_the_exam_asks_lightgbm_and_not_ourselves(parts: BundleParts) -> None:
    row, extra = ask(1, seed=8).rows[0], ask(1, seed=8).extras[0]
    model = parts.model()
    told = golden_row(model, row, extra, tree_raw=model.parts(row, extra)[0] + 0.5)
    assert told.log_odds == pytest.approx(model.score(row, extra).log_odds + 0.5 * 0.7)


def test_unknown_values_survive_the_exam_paper(released: Path, parts: BundleParts) -> None:
    paper = json.loads((released / "golden.json").read_bytes())
    assert len(paper["rows"]) == 32
    assert paper["columns"] == list(parts.inputs.features)
    asked = [value for question in paper["rows"] for value in question["values"]]
    assert asked.count(None) == sum(
        int(np.isnan(golden.row.values[:5]).sum()) for golden in parts.golden
    )


def test_an_infinite_golden_value_is_refused(parts: BundleParts, tmp_path: Path) -> None:
    first: GoldenRow = parts.golden[0]
    row = replace(first.row, values=np.full(6, np.inf))
    with pytest.raises(BundleError, match="infinite value"):
        write_bundle(tmp_path / "v1", replace(parts, golden=[replace(first, row=row)]))


def test_a_taken_path_is_left_alone(released: Path, parts: BundleParts) -> None:
    before = {path.name: path.read_bytes() for path in released.iterdir()}
    with pytest.raises(BundleError, match="exists already"):
        write_bundle(released, parts)
    assert {path.name: path.read_bytes() for path in released.iterdir()} == before


def test_a_bundle_that_cannot_be_finished_leaves_nothing(
    parts: BundleParts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, body: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle_module, "write_file", full)
    with pytest.raises(OSError, match="No space left"):
        write_bundle(tmp_path / "v1", parts)
    assert list(tmp_path.iterdir()) == []

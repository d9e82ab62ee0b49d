"""A manifest proves itself; one that was forged well still cannot lead astray."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from features.errors import BundleError
from models.manifest import Manifest, canonical, hex_digest

from .test_bundle import load


def forged(page: dict[str, object]) -> bytes:
    """A manifest with digests recomputed by someone who knows how."""
    page = {name: part for name, part in page.items() if name not in ("digest", "seal")}
    content = {"format": page["format"], **page["content"]}  # type: ignore[dict-item]
    page["digest"] = hex_digest(canonical(content))
    page["seal"] = hex_digest(canonical(page))
    return json.dumps(page, sort_keys=True, indent=1).encode() + b"\n"


def forge(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Change a manifest and make it prove itself again."""
    page = json.loads((folder / "manifest.json").read_bytes())
    change(page)
    (folder / "manifest.json").write_bytes(forged(page))


def test_the_forger_of_these_tests_knows_how(released: Path) -> None:
    before = (released / "manifest.json").read_bytes()
    forge(released, lambda page: None)
    assert (released / "manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    "name",
    ["../secret.json", "/etc/passwd", "a/../trees.txt", "trees.txt\x00", ".", "", "model.pkl"],
)
def test_a_manifest_cannot_lead_out_of_its_folder(name: str, released: Path) -> None:
    forge(released, lambda page: page["content"]["files"].update({name: "0" * 64}))  # type: ignore[index]
    with pytest.raises(BundleError, match="is no part of a bundle"):
        load(released)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda page: page["content"]["files"].pop("golden.json"), "does not name golden.json"),
        (lambda page: page["content"].update(files=[]), "files must be an object"),
        (lambda page: page["content"]["features"].update(cod=3), "features must hold texts only"),
        (lambda page: page["content"].pop("training"), "content must hold"),
        (lambda page: page.update(version=3), "version must be text"),
        (lambda page: page.update(format="rto-bundle-9"), "is not of format"),
        (lambda page: page.update(more=1), "lacks a part or has one too many"),
        (lambda page: page["content"]["features"].update(gone="0" * 16), '"gone", which is no'),
        (lambda page: page["content"]["features"].update(cod="0" * 16), "defined otherwise"),
    ],
)
def test_a_forged_manifest_that_makes_no_sense_is_refused(
    change: Callable[[dict[str, object]], object], says: str, released: Path
) -> None:
    forge(released, change)
    with pytest.raises(BundleError, match=says):
        load(released)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"format": NaN}',
        b'{"format": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_manifest_that_is_no_manifest_is_refused(body: bytes, released: Path) -> None:
    (released / "manifest.json").write_bytes(body)
    with pytest.raises(BundleError):
        load(released)


def test_a_manifest_with_numbers_that_are_none_is_refused(released: Path) -> None:
    page = (released / "manifest.json").read_text()
    (released / "manifest.json").write_text(page.replace("3000", "3e999"))
    with pytest.raises(BundleError, match="does not carry its own digest"):
        load(released)


def test_a_manifest_survives_its_bytes() -> None:
    files = dict.fromkeys(
        ("blend.json", "calibration.json", "inputs.json", "golden.json"), "0" * 64
    )
    manifest = Manifest(version="é", files=files, features={}, training={"a": [1, None, 0.1]})
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest

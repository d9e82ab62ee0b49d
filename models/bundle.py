"""A released model as a folder of plain files that proves itself before it is used."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from features.errors import BundleError
from features.feature import Feature
from features.row import Row
from models.blend import Blend
from models.bundle_folder import MANIFEST, flush_folder, read_file, verified, write_file
from models.calibration import Calibration, calibration_from_json
from models.golden import GoldenRow, examine, golden_from_json, golden_to_json
from models.inputs import Inputs, fingerprint
from models.linear import Linear
from models.manifest import Manifest, canonical, hex_digest, read_json
from models.model import Model
from models.risk import Impact, Risk
from models.scorer import Extra, ExtraKind, Floats
from models.uncertainty import ORDERS, PENDING, Uncertainty


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleParts:
    """What training hands over to be released.

    Parameters
    ----------
    version : str
        Such as ``rto-2026-11-20.1``.
    catalogue : sequence of Feature
        In the order of the golden rows' values.
    trees : str or None
        ``Booster.model_to_string()``; None is a model without trees.
    linear : Linear or None
        None is a model without a linear part.
    golden : sequence of GoldenRow
        The exam (``models.golden.golden_row`` makes its questions).
    training : mapping
        Summary that belongs to the digest, mutes and base rates included; any JSON.
    provenance : mapping of str to str
        When and in which run; outside the digest.
    uncertainty : Uncertainty, optional
        Where it could be measured.
    """

    version: str
    catalogue: Sequence[Feature]
    inputs: Inputs
    trees: str | None
    linear: Linear | None
    blend: Blend
    calibration: Calibration
    golden: Sequence[GoldenRow]
    training: Mapping[str, object] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    uncertainty: Uncertainty | None = None

    def model(self) -> Model:
        """The model as it will be loaded."""
        return Model(
            catalogue=self.catalogue,
            inputs=self.inputs,
            trees=self.trees,
            linear=self.linear,
            blend=self.blend,
            calibration=self.calibration,
            uncertainty=self.uncertainty,
        )


class Bundle:
    """A verified model; see ``models.scorer.Scorer`` for what it does."""

    def __init__(self, manifest: Manifest, model: Model) -> None:
        self.version = manifest.version
        self.digest = manifest.digest
        self.manifest: Mapping[str, object] = manifest.to_json()
        self.model = model

    @property
    def extras(self) -> Mapping[str, ExtraKind]:
        """The merchant's own columns that it learned from."""
        return self.model.extras

    @classmethod
    def load(cls, path: Path, *, features: Sequence[Feature], digest: str | None = None) -> Bundle:
        """Read a bundle, believing nothing of it before it is proved.

        Digests first, before anything but the manifest is parsed; then that the features are
        today's; then that the golden rows score as they did where the bundle was made.

        Parameters
        ----------
        path : Path
            The folder.
        features : sequence of Feature
            Today's catalogue.
        digest : str, optional
            What the promotion recorded; another bundle under this path is refused.

        Raises
        ------
        BundleError
            With one sentence that says what is wrong.
        """
        manifest = Manifest.from_bytes(read_file(path, MANIFEST))
        if digest is not None and manifest.digest != digest:
            raise BundleError(f"{path} is another model than the one promoted; copy it again")
        files = verified(path, manifest)
        _check_features(manifest, features)
        model = _model(files, features)
        position = {feature.name: i for i, feature in enumerate(features)}
        golden = golden_from_json(read_json(files["golden.json"], "golden.json"), position)
        examine(model, golden)
        return cls(manifest, model)

    def score(self, row: Row, extra: Extra) -> Risk:
        """Score one order; ``extra`` holds the merchant's own columns."""
        return self.model.score(row, extra)

    def score_many(
        self,
        values: Floats,
        tokens: Sequence[Sequence[str]],
        extras: Mapping[str, Sequence[float | str | None]] | None = None,
    ) -> Floats:
        """Probabilities of many orders, each exactly as ``score`` gives it; see ``Model``."""
        return self.model.score_many(values, tokens, extras)

    def interval(self, row: Row, risk: Risk) -> tuple[float, float] | None:
        """Between which two chances eight of ten such orders lie; None where nobody measured it."""
        return self.model.interval(row, risk)

    def intervals(self, values: Floats, probability: Floats) -> tuple[Floats, Floats] | None:
        """``interval`` of many orders; see ``Model``."""
        return self.model.intervals(values, probability)

    def explain(
        self, row: Row, extra: Extra, risk: Risk, *, most: int | None = None
    ) -> tuple[Impact, ...]:
        """Exact reasons of a risk that ``score`` gave for the same input, largest impact first."""
        return self.model.explain(row, extra, risk, most=most)


def write_bundle(path: Path, parts: BundleParts) -> str:
    """Write a bundle, whole or not at all, and return its digest.

    The folder is written aside, flushed, loaded and examined as a server would, and only then
    given its name.

    Raises
    ------
    BundleError
        If the path is taken, the parts do not fit each other, or the exam fails.
    """
    if path.exists():
        raise BundleError(f"{path} exists already; choose another version or remove it")
    files = _files(parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        for name, body in files.items():
            write_file(aside / name, body)
        digest = Bundle.load(aside, features=parts.catalogue).digest
        aside.chmod(0o755)
        flush_folder(aside)
        aside.rename(path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    flush_folder(path.parent)
    return digest


def _files(parts: BundleParts) -> dict[str, bytes]:
    """Every file of a bundle, the manifest last."""
    try:
        files = _model_files(parts)
        manifest = Manifest(
            version=parts.version,
            files={name: hex_digest(body) for name, body in files.items()},
            features=_fingerprints(parts),
            training=parts.training,
            provenance=parts.provenance,
        )
        return files | {MANIFEST: manifest.to_bytes()}
    except (ValueError, TypeError):
        raise BundleError(
            "the bundle holds NaN, infinity or what is no JSON; train again"
        ) from None


def _model_files(parts: BundleParts) -> dict[str, bytes]:
    """Every file but the manifest, as bytes that depend on the parts alone."""
    used = {feature.name: i for i, feature in enumerate(parts.catalogue)}
    used = {name: used[name] for name in _used(parts)}
    files = {
        "blend.json": canonical(parts.blend.to_json()),
        "calibration.json": canonical(parts.calibration.to_json()),
        "inputs.json": canonical(parts.inputs.to_json()),
        "golden.json": canonical(golden_to_json(parts.golden, used)),
    }
    if parts.uncertainty is not None:
        files["uncertainty.json"] = canonical(parts.uncertainty.to_json())
    if parts.linear is not None:
        files["linear.json"] = canonical(parts.linear.to_json())
    if parts.trees is not None:
        files["trees.txt"] = parts.trees.encode("utf-8")
    return files


def _used(parts: BundleParts) -> list[str]:
    """Catalogue features that a part of the model reads, in catalogue order."""
    terms = parts.linear.terms if parts.linear is not None else ()
    names = {*parts.inputs.features, *(term.name for term in terms)}
    if parts.uncertainty is not None:
        names |= {ORDERS, PENDING}
    known = [feature.name for feature in parts.catalogue]
    unknown = sorted(names - set(known) - set(parts.inputs.extras))
    if unknown:
        raise BundleError(f'the model reads "{unknown[0]}", which is no feature of the catalogue')
    return [name for name in known if name in names]


def _fingerprints(parts: BundleParts) -> dict[str, str]:
    """The definitions that the model was trained on."""
    used = set(_used(parts))
    return {
        feature.name: fingerprint(feature) for feature in parts.catalogue if feature.name in used
    }


def _model(files: Mapping[str, bytes], features: Sequence[Feature]) -> Model:
    """Assemble the model from verified files."""

    def body(name: str) -> dict[str, object]:
        return read_json(files[name], name)

    return Model(
        catalogue=features,
        inputs=Inputs.from_json(body("inputs.json")),
        trees=_text(files["trees.txt"]) if "trees.txt" in files else None,
        linear=Linear.from_json(body("linear.json")) if "linear.json" in files else None,
        blend=Blend.from_json(body("blend.json")),
        calibration=calibration_from_json(body("calibration.json")),
        uncertainty=Uncertainty.from_json(body("uncertainty.json"))
        if "uncertainty.json" in files
        else None,
    )


def _text(body: bytes) -> str:
    """Text, or a sentence."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise BundleError("trees.txt is not UTF-8 text; train again") from None


def _check_features(manifest: Manifest, features: Sequence[Feature]) -> None:
    """Whether every feature the bundle reads is defined today as it was in training."""
    today = {feature.name: fingerprint(feature) for feature in features}
    for name, trained in manifest.features.items():
        if name not in today:
            raise BundleError(f'the bundle reads "{name}", which is no feature here; train again')
        if today[name] != trained:
            raise BundleError(
                f'the feature "{name}" is defined otherwise than in training; train again'
            )

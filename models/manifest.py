"""The first page of a bundle: what it is, what its files are, and what proves both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from features.errors import BundleError

FORMAT = "rto-bundle-1"
FILES = frozenset(
    {
        "trees.txt",
        "linear.json",
        "blend.json",
        "calibration.json",
        "uncertainty.json",
        "inputs.json",
        "golden.json",
    }
)
REQUIRED = FILES - {"trees.txt", "linear.json", "uncertainty.json"}

_FIELDS = {"format", "content", "digest", "version", "provenance", "seal"}


def canonical(value: object) -> bytes:
    """The one spelling of a JSON value that digests are taken over.

    >>> canonical({"b": 1, "a": [1.5, None]})
    b'{"a":[1.5,null],"b":1}'
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii")


def hex_digest(body: bytes) -> str:
    """Hex SHA-256."""
    return sha256(body).hexdigest()


def read_json(body: bytes, name: str) -> dict[str, object]:
    """A JSON object, refused with one sentence when the bytes are no such thing."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BundleError(f"{name} is not JSON; the bundle was altered or cut off") from None
    if not isinstance(value, dict):
        raise BundleError(f"{name} does not hold a JSON object; train again")
    return value


def _no_constant(name: str) -> float:
    """Refuse NaN and Infinity, which are not JSON."""
    raise ValueError(f"{name} is not JSON")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle says of itself.

    The digest covers everything that can change a score and the training summary. The version and
    the provenance (when, in which run) stand outside, so that the same data, seed and settings
    give the same digest; a seal over the whole page covers them against alteration.

    Parameters
    ----------
    files : mapping of str to str
        Hex SHA-256 of each file.
    features : mapping of str to str
        Fingerprint of the definition of each catalogue feature in use.
    training : mapping
        Summary of the training run, mutes and base rates included; any JSON.
    """

    version: str
    files: Mapping[str, str]
    features: Mapping[str, str]
    training: Mapping[str, object] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> dict[str, object]:
        """What the digest covers."""
        return {
            "files": dict(self.files),
            "features": dict(self.features),
            "training": dict(self.training),
        }

    @property
    def digest(self) -> str:
        """What a promotion records, and a server compares."""
        return hex_digest(canonical({"format": FORMAT, **self.content}))

    def to_json(self) -> dict[str, object]:
        """The page with its digest and seal."""
        page: dict[str, object] = {
            "format": FORMAT,
            "version": self.version,
            "content": self.content,
            "digest": self.digest,
            "provenance": dict(self.provenance),
        }
        return page | {"seal": hex_digest(canonical(page))}

    def to_bytes(self) -> bytes:
        """``manifest.json``, spelt in one way only."""
        text = json.dumps(self.to_json(), sort_keys=True, indent=1, allow_nan=False)
        return text.encode("ascii") + b"\n"

    def spells(self, body: bytes) -> bool:
        """Whether these are the very bytes of this manifest."""
        try:
            return self.to_bytes() == body
        except (ValueError, RecursionError):
            # An infinite number, or nesting that could be read but not written again.
            return False

    @classmethod
    def from_bytes(cls, body: bytes) -> Manifest:
        """Read and verify ``manifest.json``.

        Raises
        ------
        BundleError
            If a byte of it is not as it was written, or it names a file it may not.
        """
        page = read_json(body, "manifest.json")
        if page.get("format") != FORMAT:
            raise BundleError(f'manifest.json is not of format "{FORMAT}"; train again')
        if set(page) != _FIELDS:
            raise BundleError("manifest.json lacks a part or has one too many; train again")
        manifest = _manifest(page)
        if not manifest.spells(body):
            raise BundleError("manifest.json does not carry its own digest; it was altered")
        _check_names(manifest.files)
        return manifest


def _manifest(page: Mapping[str, object]) -> Manifest:
    """The parts of a page, each of its kind."""
    content = _object(page, "content")
    if set(content) != {"files", "features", "training"}:
        raise BundleError("manifest.json: content must hold files, features and training")
    if not isinstance(page["version"], str):
        raise BundleError("manifest.json: version must be text")
    return Manifest(
        version=page["version"],
        files=_texts(content, "files"),
        features=_texts(content, "features"),
        training=_object(content, "training"),
        provenance=_texts(page, "provenance"),
    )


def _object(body: Mapping[str, object], name: str) -> dict[str, object]:
    """A JSON object, or a sentence."""
    value = body[name]
    if not isinstance(value, dict):
        raise BundleError(f"manifest.json: {name} must be an object")
    return value


def _texts(body: Mapping[str, object], name: str) -> dict[str, str]:
    """A JSON object of texts, or a sentence."""
    value = _object(body, name)
    if not all(isinstance(text, str) for text in value.values()):
        raise BundleError(f"manifest.json: {name} must hold texts only")
    return {key: str(text) for key, text in value.items()}


def _check_names(names: Mapping[str, str]) -> None:
    """Only the files a bundle is made of, under their plain names; paths are none of them."""
    strange = sorted(set(names) - FILES)
    if strange:
        raise BundleError(f"manifest.json names {strange[0]!r}, which is no part of a bundle")
    missing = sorted(REQUIRED - set(names))
    if missing:
        raise BundleError(f"manifest.json does not name {missing[0]}; train again")

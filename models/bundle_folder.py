"""A bundle's folder on disk: plain files that a manifest vouches for, written flushed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from features.errors import BundleError
from models.manifest import Manifest, hex_digest

MANIFEST = "manifest.json"
MAX_BYTES = 1 << 28
"""The largest file that is read at all."""


def verified(path: Path, manifest: Manifest) -> dict[str, bytes]:
    """The files' bytes, once they are exactly those that the manifest vouches for."""
    present = {entry.name for entry in os.scandir(path)}
    strange = sorted(present - set(manifest.files) - {MANIFEST})
    if strange:
        raise BundleError(f"{path} holds {strange[0]!r}, which its manifest does not name")
    files = {}
    for name, digest in manifest.files.items():
        files[name] = read_file(path, name)
        if hex_digest(files[name]) != digest:
            raise BundleError(f"{path / name} is not the file that was released; copy it again")
    return files


def read_file(folder: Path, name: str) -> bytes:
    """The bytes of a plain file; links and anything else are refused."""
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if name == MANIFEST and isinstance(error, FileNotFoundError):
            says = f"{folder} is no bundle: it holds no {name}; rto train --out makes one"
        else:
            says = f"{folder / name} cannot be read ({error.strerror}); copy the bundle again"
        raise BundleError(says) from None
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > MAX_BYTES:
            raise BundleError(f"{folder / name} is no plain file of at most {MAX_BYTES >> 20} MiB")
        return file.read(MAX_BYTES + 1)


def write_file(path: Path, body: bytes) -> None:
    """Write a file and flush it to disk."""
    with path.open("xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def flush_folder(path: Path) -> None:
    """Flush the names in a folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

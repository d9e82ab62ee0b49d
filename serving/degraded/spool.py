"""The spool: a file of this host's that takes decisions while the log is out of reach.

Its space is taken beforehand, so that it still takes them when the disk is full. A record is its
length, its CRC and its sealed bytes; what follows the last record is zero. Whatever was merged
into the log is overwritten with zeros.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from features.errors import StoreError
from serving.store.connection import flush_folder

_HEADER = struct.Struct("<II")
_RESERVED = 16 * 1024 * 1024
_LARGEST = 1024 * 1024 * 1024
_STEP = 1024 * 1024


class SpoolDownError(StoreError):
    """Neither the log nor the spool takes decisions."""


class Spool:
    """An open spool; one thread at a time may use it.

    Parameters
    ----------
    handle : int
        The file, open for reading and writing.
    reserved : int
        Bytes that are never given back to the disk.
    """

    def __init__(self, handle: int, *, reserved: int = _RESERVED) -> None:
        self._handle = handle
        self._reserved = reserved
        self._end = 0

    @classmethod
    def open(cls, path: Path, *, reserved: int = _RESERVED) -> tuple[Spool, list[bytes]]:
        """Open a spool, or make it.

        Returns
        -------
        (spool, records)
            The records that a process before this one left behind, oldest first.

        Raises
        ------
        SpoolDownError
            If its space cannot be had.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            spool = cls(handle, reserved=reserved)
            if os.fstat(handle).st_size < reserved:
                os.posix_fallocate(handle, 0, reserved)
            records = spool._scan()
            spool._blank(spool._end, os.fstat(handle).st_size)
            os.fsync(handle)
            flush_folder(path.parent)
        except OSError as error:
            raise _down(error) from error
        return spool, records

    @property
    def empty(self) -> bool:
        """Whether it holds no record."""
        return self._end == 0

    def append(self, records: Sequence[bytes]) -> None:
        """Put records on disk; when this returns they are flushed.

        Raises
        ------
        SpoolDownError
            If the disk does not take them; none of them counts then.
        """
        parts = [_HEADER.pack(len(record), zlib.crc32(record)) + record for record in records]
        whole = b"".join(parts)
        if self._end + len(whole) > _LARGEST:
            raise SpoolDownError(f"the spool is full ({_LARGEST} bytes)")
        try:
            _write(self._handle, whole, self._end)
            os.fdatasync(self._handle)
        except OSError as error:
            raise _down(error) from error
        self._end += len(whole)

    def clear(self) -> None:
        """Forget every record; they are in the log now.

        Raises
        ------
        SpoolDownError
            If the disk refuses; the records stay, and merging them again changes nothing.
        """
        try:
            self._blank(0, self._end)
            if os.fstat(self._handle).st_size > self._reserved:
                os.ftruncate(self._handle, self._reserved)
            os.fsync(self._handle)
        except OSError as error:
            raise _down(error) from error
        self._end = 0

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)

    def _scan(self) -> list[bytes]:
        """Every whole record from the start on; ``_end`` is where the last one ends."""
        records: list[bytes] = []
        while (record := self._record(self._end)) is not None:
            records.append(record)
            self._end += _HEADER.size + len(record)
        return records

    def _record(self, at: int) -> bytes | None:
        header = os.pread(self._handle, _HEADER.size, at)
        if len(header) < _HEADER.size:
            return None
        length, checksum = _HEADER.unpack(header)
        if not 0 < length <= _LARGEST:
            return None
        record = os.pread(self._handle, length, at + _HEADER.size)
        return record if len(record) == length and zlib.crc32(record) == checksum else None

    def _blank(self, begin: int, end: int) -> None:
        """Overwrite with zeros what is not zero yet."""
        for at in range(begin, end, _STEP):
            size = min(_STEP, end - at)
            if os.pread(self._handle, size, at).strip(b"\0"):
                _write(self._handle, bytes(size), at)


def _write(handle: int, content: bytes, at: int) -> None:
    view = memoryview(content)
    while view:
        done = os.pwrite(handle, view, at)
        view, at = view[done:], at + done


def _down(error: OSError) -> SpoolDownError:
    return SpoolDownError(f"the spool takes nothing: {error.strerror or error}")

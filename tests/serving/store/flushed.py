"""A disk that forgets: files as they were flushed at any moment of a recorded run.

The record is strace's. A write stays pending until its file has been flushed; a power cut keeps
what was flushed and drops what was pending. New names, renames and removals count as flushed at
once: SQLite's own safety does not rest on them here, since its files exist before the first order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CALLS = "openat,write,pwrite64,pwritev,writev,fsync,fdatasync,ftruncate,msync,unlink,rename"

_LINE = re.compile(r"(\d+) +(.*)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_HEX = r"((?:\\x[0-9a-f]{2})*)"
_WRITE = re.compile(rf'(p?write(?:64|v)?)\(\d+<{_HEX}>, "{_HEX}", \d+(?:, (\d+))?\)')
_FLUSH = re.compile(rf"(begin )?f(?:data)?sync\(\d+<{_HEX}>")
_CUT = re.compile(rf"ftruncate\(\d+<{_HEX}>, (\d+)\)")
_UNLINK = re.compile(rf'unlink\("{_HEX}"\)')


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of the run: a file was flushed, or an answer was given."""

    answered: str | None
    flushed: str | None


@dataclass(slots=True)
class Disk:
    """Files under one folder, with what is flushed and what is only in memory."""

    folder: str
    seen: dict[str, bytearray] = field(default_factory=dict)
    flushed: dict[str, bytes] = field(default_factory=dict)
    flushing: dict[str, bytes] = field(default_factory=dict)

    def play(self, trace: Path) -> Iterator[Step]:
        """Go through a recording; after each step ``flushed`` is what a power cut would leave."""
        for call in _calls(trace):
            if (step := self._take(call)) is not None:
                yield step

    def _take(self, call: str) -> Step | None:
        if match := _WRITE.match(call):
            return self._write(match[1], _text(match[2]), _bytes(match[3]), match[4])
        if (match := _FLUSH.match(call)) and _text(match[2]).startswith(f"{self.folder}/"):
            return self._flush(_text(match[2]), begins=match[1] is not None)
        if (match := _CUT.match(call)) and _text(match[1]).startswith(self.folder):
            del self._file(_text(match[1]))[int(match[2]) :]
        elif match := _UNLINK.match(call):
            self.seen.pop(_text(match[1]), None)
            self.flushed.pop(_text(match[1]), None)
        return None

    def _write(self, call: str, path: str, content: bytes, offset: str | None) -> Step | None:
        if content.startswith(b"answered "):
            return Step(content.decode().strip().removeprefix("answered "), None)
        if path.startswith(self.folder):
            assert call == "pwrite64", f"an unexpected way to write {path}"
            assert offset is not None
            file, at = self._file(path), int(offset)
            file.extend(bytes(max(0, at + len(content) - len(file))))
            file[at : at + len(content)] = content
        return None

    def _flush(self, path: str, *, begins: bool) -> Step | None:
        """What was written when a flush began is on disk when it ends."""
        if begins:
            self.flushing[path] = bytes(self._file(path))
            return None
        self.flushed[path] = (
            self.flushing.pop(path) if path in self.flushing else bytes(self._file(path))
        )
        return Step(None, path)

    def _file(self, path: str) -> bytearray:
        return self.seen.setdefault(path, bytearray())

    def restore(self, to: Path) -> None:
        """Write what a power cut leaves to another folder."""
        for path, content in self.flushed.items():
            (to / Path(path).name).write_bytes(content)


def _calls(trace: Path) -> Iterator[str]:
    """Whole system calls in the order in which they ended; a flush also when it began."""
    begun: dict[str, str] = {}
    for line in trace.read_text("ascii").splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        thread, call = found.groups()
        if call.endswith("<unfinished ...>"):
            begun[thread] = call.removesuffix("<unfinished ...>").rstrip()
            if "sync(" in call[:12]:
                yield f"begin {begun[thread]}"
        elif resumed := _RESUMED.fullmatch(call):
            yield begun.pop(thread, "") + resumed[1].lstrip()
        else:
            yield call


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _text(text: str) -> str:
    return _bytes(text).decode()

"""A file on another mount, to which heads are only ever appended."""

from __future__ import annotations

import os
from pathlib import Path

from schemas.errors import AuditBroken
from tasks.base.file_lock import file_lock
from tasks.evidence.anchors.place import Head, Noted, NotReached, Place, heads_in


class FilePlace(Place):
    """Where the file is, must be there already: a mount that is away is not written under."""

    @property
    def _path(self) -> Path:
        assert self.its.file is not None
        return self.its.file

    def put(self, head: Head) -> str:
        """Append it, and read it back."""
        try:
            with file_lock(self.folder / "lock"):
                descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
                try:
                    size = os.fstat(descriptor).st_size
                    # What a full disk left of a line stays one of its own.
                    torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
                    os.write(descriptor, (b"\n" if torn else b"") + head.line)
                    os.fsync(descriptor)
                    size = os.fstat(descriptor).st_size
                    there = os.pread(descriptor, len(head.line), size - len(head.line))
                finally:
                    os.close(descriptor)
        except OSError as error:
            raise NotReached(f"{self._path} cannot be written: {error.strerror}") from None
        if there != head.line:
            raise NotReached(f"{self._path} does not have at its end what was just written")
        same = self._path.stat().st_dev == self.settings.home.stat().st_dev
        return f"{self._path}{', but that is on the disk of AEEF_HOME' if same else ''}"

    def noted(self) -> list[Noted]:
        """Each line."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            if not self._path.parent.is_dir():
                raise NotReached(f"{self._path.parent} is not there") from None
            content = b""
        except OSError as error:
            raise NotReached(f"{self._path} cannot be read: {error.strerror}") from None
        return lines_of(content, str(self._path))


def lines_of(content: bytes, name: str) -> list[Noted]:
    """What the lines have noted. Raises AuditBroken for a line that is none of ours."""
    found = []
    for number, head in heads_in(content):
        if head is None:
            raise AuditBroken(f"line {number} of {name} is no anchor: something else changed it")
        found.append(Noted(head.seq, head.hash, f"line {number} of {name}"))
    return found

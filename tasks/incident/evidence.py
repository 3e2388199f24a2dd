"""Keeps evidence of an incident: `AEEF_HOME/evidence/<incident id>/`, readable by its owner only.

Each file is written only once; the manifest (`manifest.jsonl`) gets a line with its SHA-256 and
the SHA-256 of the manifest before that line. The manifest's hash is recorded.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from pydantic import ValidationError

from schemas.agents import EvidenceFile
from schemas.errors import InvalidInput
from schemas.incident import canonical_json
from schemas.model import utc_now
from tasks.base.file_lock import file_lock, hold, try_to_hold
from tasks.base.home import make_home
from tasks.store.audit.evidence import MANIFEST, evidence_folder, manifest_of, problems_in

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")
_UNFINISHED = ".unfinished-"


class EvidenceWriter:
    """A file of evidence that is being written, hashed as it grows."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, content: bytes) -> None:
        """Append the content."""
        self._file.write(content)
        self._hash.update(content)
        self.size += len(content)

    @property
    def sha256(self) -> str:
        """The hash of everything written so far."""
        return self._hash.hexdigest()


class Evidence:
    """The evidence of one incident. Several processes may keep evidence at once.

    Raises InvalidInput when the incident id is invalid, or when the folder is not ours.
    """

    def __init__(self, incident_id: str, home: Path) -> None:
        try:
            name = str(UUID(incident_id))
        except ValueError:
            raise InvalidInput("evidence belongs to an incident: give its full id") from None
        self.directory = evidence_folder(home) / name
        make_home(home)
        private_directory(self.directory.parent)
        private_directory(self.directory)

    @classmethod
    def of(cls, incident_id: str, home: Path) -> Evidence | None:
        """The evidence that an incident has here; None when it has none."""
        has_some = (evidence_folder(home) / incident_id / MANIFEST).exists()
        return cls(incident_id, home) if has_some else None

    def keep(self, name: str, content: bytes, *, source: str) -> EvidenceFile:
        """Keep these bytes. Repeating them changes nothing; different ones become `<name>-2` etc.

        source: where they come from, in words.
        """
        with self.writing(name, source=source) as writer:
            writer.write(content)
        sha256 = writer.sha256
        return next(each for each in reversed(self.files()) if each.sha256 == sha256)

    @contextmanager
    def writing(self, name: str, *, source: str) -> Iterator[EvidenceWriter]:
        """Write a file in pieces; it becomes evidence when the block ends without an error."""
        if not _NAME.fullmatch(name):
            raise InvalidInput("the name of a file of evidence has letters, digits, . _ - only")
        temporary = self.directory / f"{_UNFINISHED}{secrets.token_hex(8)}"
        with self._locked():
            self._remove_unfinished()
            descriptor = os.open(
                temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600
            )
            hold(descriptor)  # shows that its writer is alive
        with os.fdopen(descriptor, "wb") as file:
            try:
                writer = EvidenceWriter(file)
                yield writer
                file.flush()
                os.fsync(descriptor)
                with self._locked():
                    self._settle(temporary, name, source, writer)
            finally:
                temporary.unlink(missing_ok=True)

    def files(self) -> list[EvidenceFile]:
        """The files in the manifest, in order; a line cut off by a power failure is left out."""
        found = []
        for line in self._manifest().splitlines():
            with suppress(ValidationError):
                found.append(EvidenceFile.model_validate_json(line))
        return found

    @property
    def whole_manifest(self) -> bytes:
        """The manifest without a line cut off by a power failure."""
        content = self._manifest()
        return content[: content.rfind(b"\n") + 1]

    @property
    def manifest_sha256(self) -> str:
        """The hash of the manifest, which seals everything kept so far."""
        return hashlib.sha256(self._manifest()).hexdigest()

    def problems(self) -> list[str]:
        """Deviations from the manifest: changed or missing files, broken chain of lines."""
        return list(problems_in(self.directory))

    def _manifest(self) -> bytes:
        return manifest_of(self.directory)

    def _settle(self, temporary: Path, name: str, source: str, writer: EvidenceWriter) -> None:
        """Rename the file, then add its line: a file without a line is not evidence."""
        known = {entry.file: entry.sha256 for entry in self.files()}
        free, number = name, 1
        while free in known:
            if known[free] == writer.sha256:
                return
            number += 1
            path = Path(name)
            free = f"{path.stem}-{number}{path.suffix}"
        temporary.replace(self.directory / free)
        before = self._manifest()
        torn = b"\n" if before and not before.endswith(b"\n") else b""
        entry = EvidenceFile(
            file=free,
            sha256=writer.sha256,
            size=writer.size,
            source=source,
            kept_at=utc_now(),
            previous=hashlib.sha256(before + torn).hexdigest(),
        )
        descriptor = os.open(
            self.directory / MANIFEST,
            os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW,
            0o600,
        )
        try:
            os.write(descriptor, torn + canonical_json(entry.to_json()).encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with file_lock(self.directory):
            yield

    def _remove_unfinished(self) -> None:
        """Remove what a killed writer left."""
        for path in self.directory.glob(f"{_UNFINISHED}*"):
            with path.open("rb") as file:
                if try_to_hold(file.fileno()):
                    path.unlink()


def private_directory(directory: Path) -> None:
    """Make sure that the directory exists and that only its owner can read it.

    Raises InvalidInput when it is a symbolic link.
    """
    directory.mkdir(mode=0o700, exist_ok=True)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise InvalidInput(f"{directory} must be a directory, and no link to one")
    if stat.S_IMODE(status.st_mode) != 0o700:
        directory.chmod(0o700)

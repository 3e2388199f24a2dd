"""Evidence beside the record: entries seal its manifests, and verifying compares the files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import ValidationError

from schemas.agents import EvidenceFile

MANIFEST = "manifest.jsonl"


def evidence_folder(home: Path) -> Path:
    """Where the evidence of all incidents lies on this machine."""
    return home / "evidence"


class Seal(NamedTuple):
    """What an entry vouches for: the first lines of a manifest, on one machine."""

    machine: str
    lines: int
    sha256: str
    seq: int


class EvidenceSeals:
    """The manifests on this machine, as the entries of the audit log vouch for them."""

    def __init__(self, home: Path, machine: str) -> None:
        self._folder = evidence_folder(home)
        self._machine = machine

    def seal(self, incident_id: UUID) -> dict[str, Any] | None:
        """The details of an entry about this incident; None when it has no evidence here."""
        try:
            content = (self._folder / str(incident_id) / MANIFEST).read_bytes()
        except OSError:  # an entry must not fail for that; verifying reports what is not readable
            return None
        whole = content[: content.rfind(b"\n") + 1]
        lines = whole.count(b"\n")
        sha256 = hashlib.sha256(whole).hexdigest()
        return {"machine": self._machine, "lines": lines, "sha256": sha256} if lines else None


def seal_in(details: Mapping[str, Any], seq: int) -> Seal | None:
    """The seal in the details of an entry."""
    found = details.get("evidence")
    if not isinstance(found, dict):
        return None
    machine, lines, sha256 = (found.get(name) for name in ("machine", "lines", "sha256"))
    if not (isinstance(machine, str) and isinstance(lines, int) and isinstance(sha256, str)):
        return None
    return Seal(machine, lines, sha256, seq)


def broken_seal(folder: Path, seal: Seal) -> str | None:
    """Why the manifest is not the one that the entry vouched for; None when it is."""
    try:
        lines = (folder / MANIFEST).read_bytes().splitlines(keepends=True)
    except OSError as error:
        return f"its manifest cannot be read ({error.strerror}), which entry {seal.seq} vouches for"
    sealed = b"".join(lines[: seal.lines])
    if len(lines) < seal.lines or hashlib.sha256(sealed).hexdigest() != seal.sha256:
        return f"its manifest is not the one that entry {seal.seq} vouches for"
    return None


def problems_in(folder: Path, *, content: bool = True) -> Iterator[str]:
    """Deviations from the manifest: changed or missing files, broken chain of lines.

    content: also read the files; else only their sizes are compared.
    """
    before = hashlib.sha256()
    for number, line in enumerate(manifest_of(folder).splitlines(keepends=True), 1):
        try:
            entry = EvidenceFile.model_validate_json(line)
        except ValidationError:
            yield f"line {number} of the manifest cannot be read"
        else:
            if entry.previous != before.hexdigest():
                yield f"line {number} of the manifest does not follow the one before"
            if problem := _problem_of(folder, entry, content=content):
                yield problem
        before.update(line)


def manifest_of(folder: Path) -> bytes:
    """The manifest; empty when there is none."""
    try:
        return (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        return b""


def _problem_of(folder: Path, entry: EvidenceFile, *, content: bool) -> str | None:
    path = folder / Path(entry.file).name
    try:
        if path.stat().st_size != entry.size:
            return f"{entry.file} was changed"
        if not content:
            return None
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"{entry.file} cannot be read: {error.strerror}"
    return None if sha256 == entry.sha256 else f"{entry.file} was changed"

"""What is in a backup: its manifest, and which files of AEEF_HOME belong to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from schemas.model import Model, UtcDatetime
from tasks.store.audit.evidence import MANIFEST as EVIDENCE_MANIFEST
from tasks.store.database.disk import RESERVE_FILE

MANIFEST = "manifest.json"
STORE = "aeef.db"
"""The store in a backup is a file of SQLite, whatever it was."""
ANCHORS = "audit.anchors"
CONFIG = "aeef.toml"
HOME = "home/"
"""Before the name of a file of AEEF_HOME."""
NOT_KEPT = {ANCHORS, CONFIG, STORE, RESERVE_FILE, "audit.verified", "up.lock", "up.children",
            "dispatcher.wake", "logs", "prefect", "demo", "backups"}  # fmt: skip
"""In AEEF_HOME: what stands elsewhere in the backup, or is made anew."""
_WORKING = (".written-", "aeef.db", ".unfinished-")


class Content(Model):
    """One file in a backup."""

    name: str
    size: int = Field(ge=0)
    sha256: str


class Manifest(Model):
    """What a backup says of itself; the last file in it.

    label: the store's name when it was copied, as its anchors have it. kind: what it was.
    machine: whose evidence and anchors these are. seq, head: the newest entry of the audit log.
    """

    format: Literal[1] = 1
    made_at: UtcDatetime
    version: str
    label: str
    kind: Literal["sqlite", "postgresql"]
    machine: str
    seq: int
    head: str
    incidents: int
    files: tuple[Content, ...]


def files_of(home: Path) -> Iterator[Path]:
    """The files of AEEF_HOME that belong to a backup, below it; links are not followed.

    Evidence: the manifest of an incident comes before its files, as those are there before it.
    """
    for path in sorted(home.iterdir()):
        if path.name in NOT_KEPT or path.name.startswith(_WORKING) or path.suffix == ".lock":
            continue
        if path.is_symlink():
            continue
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from _below(path)


def _below(folder: Path) -> Iterator[Path]:
    manifest = folder / EVIDENCE_MANIFEST
    if manifest.is_file():
        yield manifest  # it is read before the folder is listed: what it names is in the list
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name.startswith(_WORKING) or path.suffix == ".lock":
            continue
        if path.is_dir():
            yield from _below(path)
        elif path.is_file() and path != manifest:
            yield path

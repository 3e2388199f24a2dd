"""The point up to which the audit log was verified, kept in AEEF_HOME.

Whoever can rewrite the database cannot write there; whoever can write there too is not stopped by
any file of this machine, only by copies of the anchors elsewhere (docs/audit.md).
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.base.file_lock import file_lock
from tasks.base.replace_file import replace_file


class Point(BaseModel):
    """What was verified: the chain up to an entry, and how many incidents and anchors there were.

    full_at: when everything was recomputed. offset, tail: how much of the anchor file was read,
    and the hash of its end. complete: up to this number no anchor is missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: int
    hash: str
    at: str
    full_at: str
    incidents: int
    offset: int
    tail: str
    lines: int
    older: int
    complete: int
    evidence: tuple[str, ...] = ()


def read_point(path: Path, database: str) -> Point | None:
    """The point of this database; None when there is none, or none that can be read."""
    try:
        return Point.model_validate(json.loads(path.read_bytes())[database])
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None


def write_point(path: Path, database: str, point: Point) -> None:
    """Keep it, beside those of other databases; never one that is older."""
    with file_lock(path.with_name(f"{path.name}.lock")):
        try:
            points = dict(json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError):
            points = {}
        present = read_point(path, database)
        if present is not None and present.seq > point.seq and present.full_at >= point.full_at:
            return
        points[database] = point.model_dump(mode="json")
        replace_file(path, json.dumps(points, indent=1).encode(), mode=0o600)

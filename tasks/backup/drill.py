"""The restore drill: makes a backup, restores it elsewhere, verifies it there, and says so."""

from __future__ import annotations

import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from schemas.errors import AeefError
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.backup.backup import back_up
from tasks.backup.restore import check
from tasks.store import Store, open_store

DRILL = "restoreDrill"
"""In the details of an entry of the audit log: `ok`, `seconds`, `entries`, `incidents`, `bytes`."""
LOOKED_AT = 2_000
"""General entries, the newest ones, in which the last drill is looked for."""


class Drill(NamedTuple):
    """A restore drill as it stands on record. problem: why it failed; empty: it did not."""

    at: datetime
    ok: bool
    seconds: float
    incidents: int
    problem: str = ""

    @property
    def in_words(self) -> str:
        """One sentence."""
        if not self.ok:
            return f"restore drill FAILED after {self.seconds:.1f} s: {self.problem}"
        return (
            f"restore drill: a backup with {self.incidents} incidents was restored elsewhere in "
            f"{self.seconds:.1f} s, and its audit log is intact there"
        )


def drill(settings: Settings, *, actor: str = "aeef-runbooks") -> Drill:
    """Do it, and put on record what came of it. Nothing of it is left.

    Raises what failed, once that is on record.
    """
    began, at = time.monotonic(), utc_now()
    try:
        with tempfile.TemporaryDirectory(prefix=".drill-", dir=settings.home.parent) as name:
            backup = Path(name) / "backup.tar"
            back_up(settings, backup)
            size = backup.stat().st_size
            checked = check(backup, Path(name))
    except (AeefError, OSError) as error:
        failed = Drill(at, ok=False, seconds=time.monotonic() - began, incidents=0,
                       problem=str(error))  # fmt: skip
        _record(failed, open_store(settings), actor, {})
        raise
    done = Drill(at, True, time.monotonic() - began, checked.manifest.incidents)
    more = {"entries": checked.summary.entries, "bytes": size}
    _record(done, open_store(settings), actor, more)
    return done


def last_drill(store: Store) -> Drill | None:
    """The newest drill on record; None: there was none, or it was long ago."""
    for entry in store.general_entries(LOOKED_AT):
        said = entry.details.get(DRILL)
        if isinstance(said, dict):
            return Drill(
                entry.timestamp,
                bool(said.get("ok")),
                float(str(said.get("seconds", 0))),
                int(str(said.get("incidents", 0))),
                str(said.get("problem", "")),
            )
    return None


def _record(done: Drill, store: Store, actor: str, more: dict[str, int]) -> None:
    details = {"ok": done.ok, "seconds": round(done.seconds, 1), "incidents": done.incidents}
    problem = {"problem": done.problem} if done.problem else {}
    store.record_general(
        done.in_words,
        actor=actor,
        automated=True,
        entry_id=uuid4(),
        details={DRILL: {**details, **more, **problem}},
    )

"""What people did in Prefect's UI, kept in files until it is in the audit log.

Prefect's server writes them and `aeef up` reads them: neither waits for the other, and nothing is
lost while the incident store is away.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, JsonValue, ValidationError

from schemas.settings import Settings
from tasks.base.home import OWNER_ONLY
from tasks.base.replace_file import replace_file

FOLDER = "prefect.people"
"""In AEEF_HOME."""
UNREADABLE = ".unreadable"

log = logging.getLogger("aeef.people")


class Kept(BaseModel):
    """One thing that a person did.

    incident: what the run's parameters name, whether there is such an incident or not.
    """

    entry_id: UUID
    at: datetime
    action: str
    actor: str
    incident: str | None = None
    details: dict[str, JsonValue] = {}


class Spool:
    """The folder of those files."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.home / FOLDER

    def put(self, kept: Kept) -> None:
        """Write one; it is on disk when this returns. Raises OSError."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        # Named by the time, so that they are read in order.
        name = f"{kept.at:%Y%m%dT%H%M%S.%f}-{kept.entry_id}.json"
        replace_file(self.folder / name, kept.model_dump_json().encode(), mode=OWNER_ONLY)

    def waiting(self) -> Iterator[tuple[Path, Kept]]:
        """Those that wait, the oldest first, with their files. One that is damaged is set aside."""
        for path in sorted(self.folder.glob("*.json")):
            try:
                yield path, Kept.model_validate_json(path.read_bytes())
            except ValidationError:
                path.rename(path.with_suffix(UNREADABLE))
                log.error("%s cannot be read: it was set aside", path)

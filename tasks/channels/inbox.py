"""A local inbox, to try with: what would have left is kept in AEEF_HOME, and reaches nobody."""

from __future__ import annotations

import json
from typing import ClassVar
from uuid import UUID

from schemas.errors import PermanentError
from schemas.incident import Incident
from schemas.links import links_for
from schemas.model import Model, UtcDatetime, utc_now
from schemas.settings import Settings
from tasks.base.trim import clean, one_line, trim
from tasks.channels.channel import Channel
from tasks.store.claim_keys import about_of, contact_of, people_of

TEXT_LIMIT = 2000
"""Ours: what a chat would take."""
FOLDER = "inbox"


class Kept(Model):
    """One page that would have left. about: whom it would have reached, if not the on-call."""

    at: UtcDatetime
    about: str = ""
    text: str


class Inbox(Channel):
    """`[inbox] on = true`, which `aeef init-demo` writes: a newcomer sees what would have left."""

    name = "inbox"
    title = "the local inbox"
    needs = ("AEEF_INBOX__ON",)
    is_to_try = True
    limits: ClassVar = {"characters of a text": TEXT_LIMIT}

    def configured(self, settings: Settings, about: str = "") -> bool:
        """Only when the settings say so."""
        return settings.inbox.on

    def page(self, incident: Incident, settings: Settings, *, key: str, reason: str | None) -> None:
        """Keep the text; the same once more after a crash does no harm."""
        what = one_line("" if incident.is_restricted else reason or incident.description)
        said = ": ".join(filter(None, (incident.title, clean(what))))
        text = f"{trim(said, TEXT_LIMIT)}\n{links_for(incident, settings).incident}"
        about = about_of(key)
        kept = Kept(at=utc_now(), about=people_of(about) or contact_of(about) or "", text=text)
        path = settings.home / FOLDER / f"{incident.incident_id}.jsonl"
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(kept.to_json()) + "\n")
        except OSError as error:
            raise PermanentError(self.title, f"{path}: {error.strerror}") from None

    def check(self, settings: Settings) -> str:
        """Say what it is, wherever it is on."""
        return f"pages are kept in {settings.home / FOLDER}: they leave nowhere"


def kept_for(incident_id: UUID, settings: Settings) -> list[Kept]:
    """What would have left for an incident, oldest first; nothing when it cannot be read."""
    try:
        lines = (settings.home / FOLDER / f"{incident_id}.jsonl").read_text("utf-8").splitlines()
        return [Kept.model_validate_json(line) for line in lines]
    except (OSError, ValueError):
        return []

"""Keeps the original of an alert in which something was masked, as evidence only."""

from __future__ import annotations

import json
import logging
from uuid import uuid5

from schemas.errors import AeefError
from schemas.incident import Alert
from schemas.settings import Settings
from tasks.base.storable import alert_json
from tasks.incident.evidence import Evidence
from tasks.store import Opened, open_store

ORIGINAL = "original-alert.json"
MOST_ORIGINALS = 100
"""The most originals per incident: a sender that repeats all night must not fill the disk."""

_log = logging.getLogger("aeef.door")


def keep_original(opened: Opened, alert: Alert, settings: Settings) -> None:
    """If the alert was masked, keep it in the incident's evidence, and record its hash.

    An alert is accepted even when the disk is full: then the loss of its original is recorded.
    """
    if not opened.masked:
        return
    store, incident_id = open_store(settings), opened.incident.incident_id
    content = json.dumps(alert_json(alert), indent=2, ensure_ascii=False).encode()
    try:
        evidence = Evidence(str(incident_id), settings.home)
        if len(evidence.files()) >= MOST_ORIGINALS:
            text = "personal identifiers were masked; no more originals are kept"
            store.record_action(incident_id, text, entry_id=uuid5(incident_id, text))
            return
        kept = evidence.keep(ORIGINAL, content, source=f"alert from {opened.incident.title}")
        text = (
            "personal identifiers were masked; the original alert is kept as evidence only:"
            f" {kept.file}, SHA-256 {kept.sha256}"
        )
        store.record_action(incident_id, text, entry_id=uuid5(incident_id, kept.sha256))
    except (OSError, AeefError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        text = f"personal identifiers were masked; the original could NOT be kept: {reason}"
        _log.error("%s: %s", opened.incident.title, text)
        store.record_action(incident_id, text, entry_id=uuid5(incident_id, text))

"""Keeps the original of an alert in which something was masked, as evidence only, and sealed.

It is encrypted with a key of its incident, which is in the store: who destroys the key erases it,
in every backup of the evidence too, and the manifest of the evidence still fits.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid5

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from schemas.errors import AeefError, NotPossibleNow
from schemas.incident import Alert
from schemas.settings import Settings
from tasks.base.storable import alert_json
from tasks.incident.evidence import Evidence
from tasks.incident.export import note_reading
from tasks.store import Opened, Store, open_store

ORIGINAL = "original-alert.sealed"
MOST_ORIGINALS = 100
"""The most originals per incident: a sender that repeats all night must not fill the disk."""
LARGEST = 10_000_000
"""Bytes: no larger one is read."""

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
        sealed = _sealed(content, str(incident_id), store)
        if sealed is None:
            text = "personal identifiers were masked; as the original was erased, none is kept"
            store.record_action(incident_id, text, entry_id=uuid5(incident_id, text))
            return
        kept = evidence.keep(ORIGINAL, sealed, source=f"alert from {opened.incident.title}")
        text = (
            "personal identifiers were masked; the original alert is kept sealed, as evidence only:"
            f" {kept.file}, SHA-256 {kept.sha256}"
        )
        store.record_action(incident_id, text, entry_id=uuid5(incident_id, kept.sha256))
    except (OSError, AeefError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        text = f"personal identifiers were masked; the original could NOT be kept: {reason}"
        _log.error("%s: %s", opened.incident.title, text)
        store.record_action(incident_id, text, entry_id=uuid5(incident_id, text))


def originals_of(incident_id: str, settings: Settings) -> Iterator[bytes]:
    """The original alerts of an incident, as JSON; what cannot be read is left out.

    None after its key was destroyed.
    """
    store = open_store(settings)
    key = store.retention.original_key(incident_id)
    if key is None:
        return
    id_ = str(store.incident(incident_id).incident_id)
    evidence = Evidence(id_, settings.home)
    stem = ORIGINAL.partition(".")[0]
    for entry in evidence.files():
        if entry.file.startswith(stem) and entry.size <= LARGEST:
            try:
                sealed = (evidence.directory / entry.file).read_bytes()
                yield AESSIV(key).decrypt(sealed, [id_.encode()])
            except (OSError, InvalidTag):
                continue


def read_originals(incident_id: str, settings: Settings, *, actor: str) -> list[dict[str, Any]]:
    """The original alerts, for a person; that they read them is on record.

    Raises NotPossibleNow when there are none here, or they were erased.
    """
    found = [json.loads(each) for each in originals_of(incident_id, settings)]
    store = open_store(settings)
    incident = store.incident(incident_id)
    if not found:
        raise NotPossibleNow(
            f"{incident.title} has no original alert that can be read here: nothing was masked, it "
            "is on another machine, or it was erased (`aeef incidents show` says so)"
        )
    note_reading(incident.incident_id, f"{len(found)} original alerts", store, actor)
    return found


def _sealed(content: bytes, incident_id: str, store: Store) -> bytes | None:
    """Encrypted, the same each time (RFC 5297): a repetition is no second file. None: erased."""
    key = store.retention.original_key(incident_id, make=True)
    return None if key is None else AESSIV(key).encrypt(content, [incident_id.encode()])

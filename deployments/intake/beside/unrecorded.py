"""Pages that leave although their alert cannot be put on record; the sender is asked to repeat it.

What left is kept, in this process and in AEEF_HOME where that can be written, until the alert is
on record: then its incident says so.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import NamedTuple
from uuid import UUID, uuid5

from pydantic import ValidationError

from schemas.errors import AeefError, InvalidInput
from schemas.incident import Alert, Incident, Severity, Triage, dedup_key_for, route_for
from schemas.model import Model, UtcDatetime, utc_now
from schemas.settings import Settings
from tasks.base.replace_file import replace_file
from tasks.channels.channels import find_channel, title_of
from tasks.notify.page_unrecorded import page_unrecorded, resolve_unrecorded, unrecorded_incident
from tasks.store import Opened, Store
from tasks.store.database.disk import Reserve, is_full

FILE = "unrecorded-pages.json"
RECORD_WITHIN = 5.0
"""Seconds that the record may take before the page leaves without it."""
AGAIN_AFTER = 300.0
"""Seconds until the same alert, still not on record, is paged again; a page that failed: 5."""
FAILED_AGAIN_AFTER = 5.0
MOST_A_MINUTE = 20
"""Beyond it one page says that there are more: nothing groups what is not on record."""
MORE = Alert(
    description="more alerts arrive than are paged one by one, and none can be put on record:"
    " look at the intake's log and /health",
    dedup_key="aeef:unrecorded:more",
)

log = logging.getLogger("aeef.door")


class Left(Model):
    """A page that left without a record."""

    incident: Incident
    channel: str
    at: UtcDatetime
    why: str


class _Tried(NamedTuple):
    at: float
    ok: bool


class Unrecorded:
    """Threads share it. pool: where the pages are sent."""

    def __init__(self, settings: Settings, store: Store, pool: Executor) -> None:
        self._settings = settings
        self._store = store
        self._pool = pool
        self._lock = threading.Lock()
        self._tried: dict[str, _Tried] = {}
        self._path = settings.home / FILE
        self._left = self._read()

    @contextmanager
    def unless_recorded(self, alert: Alert, triage: Triage) -> Iterator[UUID | None]:
        """Page when the block, which records the alert, fails or takes long.

        The block gets the id under which a page for it had left.
        """
        done = threading.Event()

        def watch() -> None:
            if not done.is_set():
                self.page(alert, triage, f"the record took over {RECORD_WITHIN:g} s")

        timer = threading.Timer(RECORD_WITHIN, watch)
        timer.daemon = True
        timer.start()
        left = self._left.get(self._key(alert, triage))
        try:
            yield left.incident.incident_id if left else None
        except InvalidInput:
            raise
        except (AeefError, OSError) as error:
            self.page(alert, triage, str(error))
            raise
        finally:
            done.set()
            timer.cancel()

    def page(self, alert: Alert, triage: Triage, why: str) -> None:
        """Page in the background, unless that was done for this alert just now."""
        key = self._key(alert, triage)
        incident = unrecorded_incident(self._store.masked(alert), triage, utc_now())
        route = route_for(triage.severity, incident.type, self._settings.routes)
        if not (route.page or incident.is_restricted):
            return
        with self._lock:
            if not self._may_try(key):
                return
            if self._are_many():
                key = str(MORE.dedup_key)
                if not self._may_try(key):
                    return
                incident = unrecorded_incident(
                    MORE, triage._replace(severity=Severity.P1), utc_now()
                )
            self._tried[key] = _Tried(time.monotonic(), ok=True)
        self._pool.submit(self._send, key, incident, why)

    def page_of(self, incident: Incident, why: str) -> None:
        """Page for an incident that is on record, when that its page leaves cannot be recorded.

        Under the incident's own id: when the page is sent again, on record, nothing rings twice.
        """
        key = f"aeef:page/{incident.incident_id}/{incident.occurrence}/{incident.severity}"
        with self._lock:
            if not self._may_try(key):
                return
            self._tried[key] = _Tried(time.monotonic(), ok=True)
        self._pool.submit(self._send, key, incident, why, keep=False)

    def recorded(self, alert: Alert, triage: Triage, opened: Opened) -> None:
        """The alert is on record now: say there that a page had left before."""
        key = self._key(alert, triage)
        with self._lock:
            left = self._left.pop(key, None)
            if left is None:
                return
            self._tried.pop(key, None)
            self._write()
        incident = opened.incident
        text = (
            f"a page had left at {left.at:%Y-%m-%d %H:%M:%S} UTC by {title_of(left.channel)},"
            f" before this could be put on record: {left.why}"
        )
        entry = uuid5(incident.incident_id, f"unrecorded/{left.at.isoformat()}")
        self._store.record_action(incident.incident_id, text, entry_id=entry)
        if incident.incident_id != left.incident.incident_id:
            # Nobody else would end it: it rings under an id of its own.
            self._pool.submit(self._end, left)

    def _send(self, key: str, incident: Incident, why: str, *, keep: bool = True) -> None:
        try:
            channel = page_unrecorded(incident, self._settings)
        except AeefError as error:
            log.error("%s", error)
            with self._lock:
                self._tried[key] = _Tried(time.monotonic(), ok=False)
            return
        except Exception:
            log.exception("an alert that cannot be put on record could not be paged")
            return
        log.error("%s was paged by %s without a record: %s", incident.title, channel.title, why)
        if not keep:
            return
        left = Left(incident=incident, channel=channel.name, at=utc_now(), why=why)
        with self._lock:
            self._left[key] = left
            self._write()

    def _end(self, left: Left) -> None:
        channel = find_channel(left.channel)
        try:
            if channel is not None:
                resolve_unrecorded(left.incident, channel, self._settings)
        except AeefError as error:
            log.error("the page of an alert without a record rings on: %s", error)

    def _may_try(self, key: str) -> bool:
        tried = self._tried.get(key)
        if tried is None:
            return True
        wait = AGAIN_AFTER if tried.ok else FAILED_AGAIN_AFTER
        return time.monotonic() - tried.at >= wait

    def _are_many(self) -> bool:
        now = time.monotonic()
        self._tried = {k: t for k, t in self._tried.items() if now - t.at < AGAIN_AFTER}
        return sum(now - each.at < 60 for each in self._tried.values()) >= MOST_A_MINUTE

    def _key(self, alert: Alert, triage: Triage) -> str:
        return dedup_key_for(self._store.masked(alert), triage.type)

    def _read(self) -> dict[str, Left]:
        try:
            kept = json.loads(self._path.read_text("utf-8"))
            return {key: Left.model_validate(left) for key, left in kept.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, ValidationError, AttributeError) as error:
            log.warning("%s cannot be read: %s", self._path, type(error).__name__)
            return {}

    def _write(self) -> None:
        """Keep what left also for after a restart, with the reserve when the disk is full."""
        try:
            self._replace()
        except OSError as error:
            reserve = Reserve(self._settings.home, self._settings.disk.reserve)
            if not (is_full(error) and reserve.release() and _works(self._replace)):
                log.error("%s cannot be written: %s", self._path, error.strerror)

    def _replace(self) -> None:
        if not self._left:
            self._path.unlink(missing_ok=True)
            return
        kept = {key: left.to_json() for key, left in self._left.items()}
        replace_file(self._path, json.dumps(kept).encode(), mode=0o600)


def _works(call: Callable[[], None]) -> bool:
    try:
        call()
    except OSError:
        return False
    return True

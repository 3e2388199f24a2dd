"""Levers of the installation itself: its record, its disk, its clock."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryFile

import httpx

from schemas.errors import AuditBroken, OutsideServiceError
from schemas.evidence import AnchorSettings
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.armed.lever import Disarmed, NotConfigured
from tasks.base.http import Answer, Service, send
from tasks.evidence.anchors.compare import compare_one, compare_outside, is_late
from tasks.store import open_store

HTTP_RESOLUTION = 1.0
"""Seconds: an HTTP date has no parts of a second."""


def store(settings: Settings) -> str:
    """Write beside the record, and read it back."""
    open_store(settings).write_and_read("armed")
    return "PostgreSQL" if settings.database_url else str(settings.home / "aeef.db")


def secrets_alike(settings: Settings) -> str:
    """Compare our masking key and salt with those that the store knows of its machines."""
    if wrong := open_store(settings).foreign_secrets():
        raise Disarmed("; ".join(wrong.values()))
    return "masking key and salt are those that the store knows"


def audit_log(settings: Settings, *, full: bool) -> str:
    """Verify chain, anchors, also those outside, and evidence: what is new, or everything."""
    try:
        words = f"intact: {open_store(settings).verify_audit(full=full).in_words}"
    except AuditBroken as error:
        raise Disarmed(f"the audit log is NOT intact: {error}") from None
    outside = compare_outside(settings)
    if wrong := [each.in_words for each in outside if each.same is False]:
        raise Disarmed(f"the audit log is NOT intact: {'; '.join(wrong)}")
    return "; ".join([words, *(each.in_words for each in outside)])


def anchor(its: AnchorSettings, settings: Settings) -> str:
    """Compare one place outside with the chain, and see that it has what is due."""
    found = compare_one(its, settings)
    late = is_late(its, settings, utc_now())
    if found.same is False or found.is_away:
        raise Disarmed(found.words)
    if late:
        raise Disarmed(f"{late}; {found.words}")
    return found.words


def disk(settings: Settings) -> str:
    """Really write, and see that there is room."""
    return "; ".join(_has_room(path, settings) for path in (settings.home,))


def _has_room(path: Path, settings: Settings) -> str:
    try:
        with TemporaryFile(dir=path) as file:
            file.write(b"AEEF")
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(path).free // 1_000_000
    except OSError as error:
        raise Disarmed(f"nothing can be written in {path}: {error.strerror}") from None
    if free < settings.armed.free_megabytes:
        raise Disarmed(
            f"{path} has {free} MB free, and {settings.armed.free_megabytes} MB are wanted: make "
            "room, or set AEEF_ARMED__FREE_MEGABYTES"
        )
    return f"{path} has {free} MB free"


def clock(settings: Settings) -> str:
    """Compare our clock with the database's and with that of a service that is used."""
    off = dict(_offsets(settings))
    if not off:
        raise NotConfigured("there is no PostgreSQL and no service to compare our clock with")
    limit = settings.armed.clock_seconds
    wrong = {name: seconds for name, seconds in off.items() if seconds > limit}
    if wrong:
        said = ", ".join(f"{seconds:.1f} s from {name}" for name, seconds in wrong.items())
        raise Disarmed(
            f"our clock is off: {said}; leases and signed messages depend on it: run NTP on both"
        )
    return f"within {limit:g} s of {', '.join(off)}"


def _offsets(settings: Settings) -> Iterator[tuple[str, float]]:
    """How many seconds our clock is off for certain, by what it was compared with."""
    before = _now()
    theirs = open_store(settings).database_time()
    after = _now()
    if theirs is not None:
        yield "the database", _outside(theirs, before, after)
    urls = {
        "PagerDuty": settings.pagerduty.routing_key and settings.pagerduty.url,
        "Slack": settings.slack.token and settings.slack.url,
        "Jira": settings.jira.token and settings.jira.url,
    }
    for name, url in urls.items():
        if not url:
            continue
        before = _now()
        try:
            date = _date_of(name, url, settings)
        except OutsideServiceError:
            continue  # its own lever says that it does not answer
        after = _now()
        if date is not None:
            yield name, _outside(date, before, after + HTTP_RESOLUTION, HTTP_RESOLUTION)
            return


def _now() -> float:
    return time.time()


def _outside(theirs: datetime, first: float, last: float, resolution: float = 0.0) -> float:
    """How far their time is outside of when they were asked; 0 when it may be the same."""
    moment = theirs.timestamp()
    return max(0.0, first - resolution - moment, moment - last)


def _date_of(name: str, url: str, settings: Settings) -> datetime | None:
    def build(client: httpx.Client) -> httpx.Request:
        return client.build_request("GET", url)

    def read(answer: Answer) -> datetime | None:
        try:
            found = parsedate_to_datetime(answer.date)
        except (ValueError, TypeError):
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    service = Service(name, "its address")
    return send(
        service, build, settings, doing="be asked for the time", read=read, tries=1,
        also_read=range(300, 600),
    )  # fmt: skip

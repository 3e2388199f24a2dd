"""Tries the levers, keeps the table, and has one incident for each that is disarmed."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from uuid import uuid4

from schemas.errors import AeefError
from schemas.incident import Alert, Incident, IncidentType, Status
from schemas.settings import Settings
from tasks.armed.lever import Lever, Outcome, try_levers
from tasks.armed.levers import levers_of
from tasks.armed.table import Table, Turned, keep
from tasks.base.redact import redact
from tasks.notify.stand_down import resolve_page
from tasks.step import log_line
from tasks.store import open_store

SOURCE = "armed/check"
LONGEST = 4_000


def check_all(settings: Settings) -> Table:
    """Try every lever, keep the table, and follow what changed."""
    return _follow(levers_of(settings), settings, all_of_them=True)


def check_some(levers: Sequence[Lever], settings: Settings) -> Table:
    """As `check_all`, for these levers; what is known of the others stays."""
    return _follow(levers, settings, all_of_them=False)


def _follow(levers: Sequence[Lever], settings: Settings, *, all_of_them: bool) -> Table:
    table, turned = keep(try_levers(levers), settings.home, all_of_them=all_of_them)
    failures = []
    for each in turned:
        try:
            _one(each, settings)
        except AeefError as error:
            failures.append(f"{each.row.lever}: {error}")
    if failures:
        raise AeefError(
            f"{table.headline}; but it could not be put on record: " + "; ".join(failures)
        )
    return table


def lever_key(lever: str, settings: Settings) -> str:
    """The dedup key of a lever's incident: each machine has its own levers."""
    return f"armed:{socket.gethostname()}:{settings.home}:{lever}"


def _one(turned: Turned, settings: Settings) -> None:
    """Open the incident of a lever that is disarmed; resolve ours when it is armed again.

    What was never armed here is no news: it is in the table, and in `aeef doctor`.
    """
    lever, row = turned.tried.lever, turned.row
    store = open_store(settings)
    known = store.open_incident_of(lever_key(lever.name, settings))
    if row.outcome is Outcome.DISARMED and known is None and (row.ever or lever.from_the_start):
        _open(turned, settings)
    elif row.outcome is Outcome.DISARMED and known is not None:
        before = turned.before
        if before is None or before.detail != row.detail:
            store.record_action(known.incident_id, f"still disarmed: {_safe(row.detail, settings)}")
    elif row.outcome is not Outcome.DISARMED and known is not None:
        _resolve(known, turned, settings)


def _open(turned: Turned, settings: Settings) -> None:
    lever, row = turned.tried.lever, turned.row
    last = turned.before.at if turned.before and turned.before.outcome is Outcome.ARMED else None
    armed = f" It was armed when it was tried last, at {last:%Y-%m-%d %H:%M} UTC." if last else ""
    alert = Alert(
        type=IncidentType.UNKNOWN,
        severity=lever.severity,
        service=lever.service,
        description=f"disarmed: {lever.name}: {_safe(row.detail, settings)}.{armed}"
        " In an incident it would not work.",
        source=SOURCE,
        dedup_key=lever_key(lever.name, settings),
    )
    opened = open_store(settings).open_or_attach(
        alert, IncidentType.UNKNOWN, lever.severity, may_relapse=False
    )
    log_line(f"{lever.name} is disarmed: {opened.incident.title}")


def _resolve(known: Incident, turned: Turned, settings: Settings) -> None:
    row = turned.row
    what = "armed again" if row.outcome is Outcome.ARMED else "no longer configured"
    open_store(settings).set_status(
        known.incident_id,
        Status.RESOLVED,
        actor=SOURCE,
        reason=f"{what}: {_safe(row.detail, settings)}",
    )
    try:
        resolve_page(known.incident_id, settings, holder=f"{SOURCE} {uuid4()}")
    except AeefError as error:
        # The flow `resolution`, which the new status starts, tries again.
        log_line(f"the page of {known.title} is not resolved yet: {error}")


def _safe(detail: str, settings: Settings) -> str:
    return redact(detail, settings)[:LONGEST]

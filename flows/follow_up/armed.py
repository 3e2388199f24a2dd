"""Scheduled: whether each lever would work now; whether the audit log is intact."""

from __future__ import annotations

from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from schemas.model import utc_now
from schemas.settings import load_settings
from tasks.armed.follow import check_all, check_some
from tasks.armed.levers import audit_lever
from tasks.store import open_store


@flow(name="armed")
def check() -> State[str]:
    """Try every lever without harm; a lever that disarms opens an incident."""
    return Completed(message=check_all(load_settings()).headline)


@flow(name="audit")
def verify() -> State[str]:
    """Verify what is new in the audit log, and now and then everything."""
    settings = load_settings()
    last = open_store(settings).audit_full_at()
    every = timedelta(seconds=settings.armed.full_every)
    full = bool(every) and (last is None or utc_now() - last > every)
    table = check_some([audit_lever(settings, full=full)], settings)
    row = next(row for row in table.rows if row.lever == "audit log")
    return Completed(message=row.detail)

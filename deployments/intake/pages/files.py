"""Files of an incident that people read: evidence and drafts. Reading them is on record."""

from __future__ import annotations

import re
from collections.abc import Callable

from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.responses import JSONResponse

from deployments.intake.authentication import Guards
from schemas.incident import Incident
from schemas.people import Actor, Right
from schemas.settings import Settings
from tasks.incident.evidence import Evidence
from tasks.incident.export import exported
from tasks.store import Store
from tasks.view.cards import DRAFT, EVIDENCE, drafts_folder

MOST_BYTES = 50_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")
_READ_HERE = (".txt", ".log", ".json", ".jsonl", ".md", ".yaml", ".yml", ".csv")


def read_file(
    incident_id: str, kind: str, name: str, actor: Actor, store: Store, settings: Settings
) -> Response:
    """The file, as text where it is text and else to be saved; 404 when there is none."""
    incident = store.incident(incident_id)
    content = _content(incident, kind, name, settings)
    what = "evidence" if kind == EVIDENCE else "the draft"
    store.record_action(
        incident.incident_id,
        f"read {what} {name}",
        actor=actor.on_record,
        automated=False,
        in_record=False,
    )
    is_text = name.endswith(_READ_HERE)
    shown = "inline" if is_text else "attachment"
    return Response(
        content,
        media_type="text/plain; charset=utf-8" if is_text else "application/octet-stream",
        headers={
            "Content-Disposition": f'{shown}; filename="{name}"',
            # What a target or a sender wrote: nothing of it is run.
            "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
            "Cache-Control": "no-store",
        },
    )


def add_export(app: FastAPI, current: Callable[[], Settings], store: Store, guards: Guards) -> None:
    """Add `/incidents/ID/export`."""
    may_export = Depends(guards.person(Right.EVIDENCE))

    @app.get("/incidents/{incident_id}/export")
    def export(incident_id: str, actor: Actor = may_export) -> Response:
        """The record as a file, valid against the spec's schema; who took it is on record."""
        record = exported(incident_id, store, actor.on_record, current())
        name = f'attachment; filename="{record["incidentId"]}.json"'
        return JSONResponse(record, headers={"Content-Disposition": name})


def _content(incident: Incident, kind: str, name: str, settings: Settings) -> bytes:
    absent = HTTPException(404, "there is no such file; another machine may have kept it")
    if kind not in (EVIDENCE, DRAFT) or not _NAME.fullmatch(name):
        raise absent
    if kind == EVIDENCE:
        evidence = Evidence(str(incident.incident_id), settings.home)
        if name not in {each.file for each in evidence.files()}:
            raise absent
        path = evidence.directory / name
    else:
        path = drafts_folder(incident, settings) / name
    if path.is_symlink() or not path.is_file():
        raise absent
    if path.stat().st_size > MOST_BYTES:
        raise HTTPException(413, f"it is too large for a page: read it in {path.parent}")
    return path.read_bytes()

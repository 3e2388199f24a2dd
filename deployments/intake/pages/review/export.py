"""`/incidents/ID/review.md`, `.html` and `.pdf`: the review to take away, which is on record."""

from __future__ import annotations

from functools import partial

from fastapi import Depends, FastAPI, HTTPException, Response

from deployments.intake.authentication import Guards
from deployments.intake.pages.incident_page import IncidentPage
from deployments.web.own_threads import OwnThreads
from schemas.people import Actor, Right
from tasks.review.exported import BY_ENDING, exported_review
from tasks.store import Store

EXPORTS_AT_ONCE, EXPORT_SECONDS = 2, 60.0
"""A PDF is set by a program: few at once, and none holds up a page."""
CLOSED = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""What people wrote: nothing of it is run, should a browser open it from here."""


def add_review_export(app: FastAPI, store: Store, shown: IncidentPage, guards: Guards) -> None:
    """Add an address for each kind of export."""
    threads = OwnThreads("exports of reviews", EXPORTS_AT_ONCE, EXPORT_SECONDS)
    may_export = Depends(guards.person(Right.EVIDENCE))

    @app.get("/incidents/{incident_id}/review.{ending}")
    async def export(incident_id: str, ending: str, actor: Actor = may_export) -> Response:
        """The review as Markdown, HTML or PDF."""
        if ending not in BY_ENDING:
            raise HTTPException(404, f"there are: {', '.join(f'review.{e}' for e in BY_ENDING)}")
        work = partial(exported_review, actor=actor.on_record)
        file = await threads.run(work, incident_id, ending, store, shown.settings)
        headers = {
            "Content-Disposition": f'attachment; filename="{file.name}"',
            "Content-Security-Policy": CLOSED,
            "Cache-Control": "no-store",
        }
        return Response(file.content, media_type=file.media_type, headers=headers)

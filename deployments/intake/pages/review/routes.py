"""The addresses of reviews: which are due, one of them to read and to fill in, its exports."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse

from deployments.intake.authentication import Guards, form_of
from deployments.intake.pages.incident_page import IncidentPage
from deployments.intake.pages.render import page, wants_page
from deployments.intake.pages.review.export import add_review_export
from deployments.intake.pages.review.review_page import ReviewPage
from schemas.people import Actor, Right
from tasks.review.shown import ShownReview, shown_review, unread
from tasks.store import Store

USUAL, MOST = 100, 1000
Limit = Annotated[int, Query(ge=1, le=MOST)]


def add_review(app: FastAPI, store: Store, shown: IncidentPage, guards: Guards) -> None:
    """Add `/reviews` and `/incidents/ID/review`, before what takes any word after an ID."""
    add_review_export(app, store, shown, guards)
    pages, run = ReviewPage(store, shown), shown.threads.run
    reads, writes = (Depends(guards.person(right)) for right in (Right.READ, Right.RESPOND))

    @app.get("/reviews", dependencies=[reads])
    async def reviews(request: Request, after: str = "", limit: Limit = USUAL) -> Response:
        """Reviews that nobody has read yet, the one due first first. after: an incident's."""
        listed = await run(partial(unread, after=after, limit=limit), store)
        if wants_page(request):
            values = {**listed._asdict(), "limit": limit, "after": after}
            return await run(partial(page, "reviews.html", **values))
        broken = [{"incidentId": each.name, "cannotBeRead": each.why} for each in listed.broken]
        return JSONResponse([*(_in_short(each) for each in listed.found), *broken])

    @app.get("/incidents/{incident_id}/review")
    async def review(
        request: Request, incident_id: str, done: str = "", actor: Actor = reads
    ) -> Response:
        """The review as JSON, or the page."""
        if wants_page(request):
            return await run(partial(pages.show, request, incident_id, actor, done=done))
        found = await run(shown_review, incident_id, store)
        return JSONResponse({**found.review.to_json(), **_in_short(found)})

    @app.get("/incidents/{incident_id}/review/changes", dependencies=[reads])
    async def changes(incident_id: str, have: str = "") -> dict[str, Any]:
        """The texts that a page does not have yet. have: `summary.3 impact.1`, what it has."""
        return _newer(await run(partial(shown_review, in_full=False), incident_id, store), have)

    @app.get("/incidents/{incident_id}/review/earlier/{question}")
    async def earlier(incident_id: str, question: str, actor: Actor = reads) -> Response:
        """What was written for a question before, each as its author left it."""
        return await run(pages.earlier, incident_id, question, actor)

    @app.post("/incidents/{incident_id}/review/text/{question}")
    async def text(
        request: Request, incident_id: str, question: str, actor: Actor = writes
    ) -> Response:
        """Save the text of one question: for the page's script as JSON, else back to the page."""
        form = await form_of(request)
        return await run(partial(pages.write, request, incident_id, question, form, actor))


def _newer(seen: ShownReview, have: str) -> dict[str, Any]:
    """The texts of other revisions than these; the state and the mark of what stands beside."""
    known = dict(each.rpartition(".")[::2] for each in have.split())
    texts = {
        each.question.name: each.answer.to_json()
        for each in seen.questions
        if each.answer and known.get(each.question.name) != str(each.revision)
    }
    return {"texts": texts, "mark": seen.mark, "state": seen.review.state.value}


def _in_short(seen: ShownReview) -> dict[str, Any]:
    """How far a review is, for programs."""
    return {
        "incidentId": str(seen.incident.incident_id),
        "number": seen.incident.number,
        "title": seen.incident.title,
        "state": seen.review.state.value,
        "dueAt": seen.review.due_at.isoformat(),
        "isOverdue": seen.short.is_overdue,
        "missing": seen.missing,
    }

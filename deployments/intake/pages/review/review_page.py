"""The page of a review: shows it, and saves what is sent from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from deployments.intake.authentication import csrf_of
from deployments.intake.pages.acting import status_of
from deployments.intake.pages.incident_page import IncidentPage
from deployments.intake.pages.render import page, wants_page
from deployments.intake.pages.review.finish import (
    ADDING,
    DRAFTING,
    NEXT,
    NOT_BEGUN,
    forms_for,
    forms_of,
    may_be_drafted,
    why_not_read,
)
from deployments.intake.pages.review.saving import Conflict, save, typed_in
from schemas.errors import AeefError, InvalidInput, NotPossibleNow
from schemas.incident import Status
from schemas.people import Actor, Right
from schemas.review import Answer, State
from tasks.corrective.wording import stands
from tasks.review.shown import none_yet, shown_review
from tasks.store import Store

MOST_LINES = 60
"""Of a section of what the record says, for a phone: the timeline and the exports have all."""


class NotSaved(NamedTuple):
    """What was typed and not saved. theirs: what somebody else wrote meanwhile; None: nobody."""

    question: str
    typed: str
    why: str
    theirs: Answer | None = None


class ReviewPage:
    """Shows reviews, and takes what people write into them."""

    def __init__(self, store: Store, shown: IncidentPage) -> None:
        self._store = store
        self._shown = shown

    def show(
        self,
        request: Request,
        incident_id: str,
        actor: Actor,
        *,
        done: str = "",
        not_saved: NotSaved | None = None,
        status: int = 200,
    ) -> Response:
        """The page. done: what was just done, signed."""
        incident = self._store.incident(incident_id)
        review = self._store.reviews.of(incident.incident_id)
        if review is None:
            why = none_yet(incident)
            forms = forms_for(NOT_BEGUN, actor) if incident.status.is_over else []
            return page(
                "no_review.html",
                404,
                incident=incident,
                why=why,
                forms=forms,
                actor=actor,
                csrf=csrf_of(request),
            )
        seen = shown_review(incident_id, self._store)
        # That of a P3 or P4 may be written after the incident was closed.
        why_not = why_not_read(review, actor, self._shown.settings)
        is_open = incident.status is not Status.CLOSED or review.state is not State.READ
        return page(
            "review.html",
            status,
            seen=seen,
            most_lines=MOST_LINES,
            incident=incident,
            actor=actor,
            may_write=is_open and actor.may(Right.RESPOND),
            forms=forms_for(NEXT[review.state], actor)
            if is_open and incident.status.is_over and not why_not
            else [],
            is_open=is_open,
            why_not_read=why_not,
            drafting=forms_for(DRAFTING, actor) if may_be_drafted(review, incident) else [],
            adding=forms_for(ADDING, actor),
            acts=forms_of(seen.actions, actor),
            stands=stands,
            may_export=actor.may(Right.EVIDENCE),
            csrf=csrf_of(request),
            done=self._shown.signing.read_said(done),
            not_saved=not_saved,
        )

    def earlier(self, incident_id: str, question: str, actor: Actor) -> Response:
        """The earlier texts of one question, the newest first."""
        seen = shown_review(incident_id, self._store)
        for each in seen.questions:
            if each.question.name == question:
                return page("earlier.html", seen=seen, shown=each, actor=actor)
        raise HTTPException(404, "this review does not ask that")

    def write(
        self,
        request: Request,
        incident_id: str,
        question: str,
        form: Mapping[str, str],
        actor: Actor,
    ) -> Response:
        """Save one text. For the page's script as JSON; else back to the page."""
        incident = self._store.incident(incident_id)
        typed = typed_in(form)
        try:
            came = save(str(incident.incident_id), question, form, actor, self._store)
        except (InvalidInput, NotPossibleNow) as error:
            return self._refused(request, incident_id, actor, error, NotSaved(question, typed, ""))
        if isinstance(came, Conflict):
            why = f"{came.theirs.actor} wrote here meanwhile"
            kept = NotSaved(question, came.mine, why, came.theirs)
            return self._refused(request, incident_id, actor, NotPossibleNow(why), kept)
        if not wants_page(request):
            now = shown_review(incident_id, self._store, in_full=False)
            beside = {"mark": now.mark, "state": now.review.state.value}
            return JSONResponse({**came.to_json(), **beside})
        return RedirectResponse(f"/incidents/{incident.incident_id}/review#q-{question}", 303)

    def _refused(
        self, request: Request, incident_id: str, actor: Actor, error: AeefError, kept: NotSaved
    ) -> Response:
        status, why = status_of(error), self._store.masked_text(str(error))
        if wants_page(request):
            kept = kept._replace(why=why)
            return self.show(request, incident_id, actor, not_saved=kept, status=status)
        theirs = kept.theirs.to_json() if kept.theirs else None
        return JSONResponse({"detail": why, "theirs": theirs}, status_code=status)

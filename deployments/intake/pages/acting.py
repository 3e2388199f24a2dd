"""What a person does on a page: a form for each act, and its answer. GET changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from deployments.intake.authentication import Guards, csrf_of, form_of
from deployments.intake.pages.buttons import WHICH, undone
from deployments.intake.pages.forms import Field, data_of, fields_of
from deployments.intake.pages.incident_page import IncidentPage
from deployments.intake.pages.render import page
from deployments.web.own_threads import OwnThreads
from schemas.errors import (
    AeefError,
    InvalidInput,
    NotAllowed,
    NotPossibleNow,
    Outdated,
    OutsideServiceError,
)
from schemas.incident import Incident
from schemas.lifecycle import shown_for
from schemas.people import Actor, Right
from tasks.people.act import Done, PersonAct, Shown
from tasks.people.acts import PERSON_ACTS, SHOWN_FOR, hash_of_foreseen, perform

ACTS_AT_ONCE, ACT_SECONDS = 8, 30.0
DRY_RUN_WAITS = 10.0
"""Seconds that a form waits for its dry run: whoever opened it wants to read it."""
BACK = "back"
"""The field of a form that stands on the review's page, to which its answer leads back."""


def add_acting(app: FastAPI, shown: IncidentPage, guards: Guards) -> None:
    """Add `GET` and `POST /incidents/ID/VERB`, after every other address of an incident."""
    threads = OwnThreads("acts of people", ACTS_AT_ONCE, ACT_SECONDS)
    reads = Depends(guards.person(Right.READ))

    @app.get("/incidents/{incident_id}/{verb}")
    async def form(request: Request, incident_id: str, verb: str, actor: Actor = reads) -> Response:
        """The form of an act: what it will do, what a dry run says, how it is undone."""
        act = _act(verb)
        incident = await shown.threads.run(shown.incident, incident_id)
        # Which of several, as its button or its card says; nothing else comes from an address.
        which = {name: text for name, text in request.query_params.items() if name in WHICH}
        return await _form(shown, request, incident, act, actor, typed=which)

    @app.post("/incidents/{incident_id}/{verb}")
    async def do(request: Request, incident_id: str, verb: str, actor: Actor = reads) -> Response:
        """Do it, and go back to the incident's page with what came of it."""
        act = _act(verb)
        fields = await form_of(request)
        incident = await shown.threads.run(shown.incident, incident_id)
        given = {**data_of(act.asks, fields), SHOWN_FOR: fields.get(SHOWN_FOR)}
        try:
            done: Done = await threads.run(
                _perform, act.name, str(incident.incident_id), given, actor, shown
            )
        except Outdated as error:
            refused = shown.signing.said(str(error))
            return RedirectResponse(f"/incidents/{incident.incident_id}?refused={refused}", 303)
        except AeefError as error:
            return await _form(
                shown, request, incident, act, actor, problem=str(error), typed=fields,
                status=status_of(error),
            )  # fmt: skip
        there = "/review" if fields.get(BACK) == "review" else ""
        said = shown.signing.said(sentence_of(done))
        return RedirectResponse(f"/incidents/{incident.incident_id}{there}?done={said}", 303)


def _perform(
    name: str, incident_id: str, given: dict[str, Any], actor: Actor, shown: IncidentPage
) -> Done:
    return perform(name, incident_id, given, actor, shown.settings)


def sentence_of(done: Done) -> str:
    """What came of an act, and what could not be done beside it."""
    return f"{done.said}. But: {done.problem}" if done.problem else done.said


def status_of(error: AeefError) -> int:
    """The HTTP status of what was refused."""
    match error:
        case NotAllowed():
            return 403
        case InvalidInput():
            return 422
        case OutsideServiceError():
            return 503
        case _:
            return 409


def _act(verb: str) -> PersonAct:
    act = PERSON_ACTS.get(verb)
    if act is None:
        raise HTTPException(404, "there is no such page")
    return act


class _Part(NamedTuple):
    """One form of the page: what is read before its button is pressed, and its fields."""

    read: Shown | None
    fields: list[Field]


def _parts(
    act: PersonAct, incident: Incident, actor: Actor, shown: IncidentPage, typed: Mapping[str, str]
) -> list[_Part]:
    """A form for each thing that the act may be about, or only for what was chosen.

    Raises NotPossibleNow when there is nothing, or not what was chosen any more.
    """
    fields = fields_of(act.asks, typed)
    if act.shows is None:
        return [_Part(None, fields)]
    chosen = {name: typed[name] for name in WHICH if typed.get(name)}
    found = [
        each
        for each in shown.to_read(act, incident, actor)
        if all(each.given.get(name, wanted) == wanted for name, wanted in chosen.items())
    ]
    if not found:
        raise NotPossibleNow("what this was for does not wait any more: go back to the incident")
    return [_Part(each, [f for f in fields if f.name not in each.given]) for each in found]


async def _form(
    shown: IncidentPage,
    request: Request,
    incident: Incident,
    act: PersonAct,
    actor: Actor,
    *,
    problem: str = "",
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    may, look, parts = actor.may(act.right), None, list[_Part]()
    if may:
        look = await shown.dry_run(act, incident, actor, wait=DRY_RUN_WAITS)
        try:
            parts = await shown.threads.run(_parts, act, incident, actor, shown, typed or {})
        except AeefError as error:
            problem = problem or str(error)
    elif not problem:
        problem, status = f"You may not do this: it needs the right '{act.right}'", 403
    foreseen = hash_of_foreseen(look.said) if look and look.said else ""
    values: dict[str, Any] = {
        "incident": incident,
        "act": act,
        "undone": undone(act),
        "forms": parts,
        "look": look,
        "may": may,
        "actor": actor,
        "csrf": csrf_of(request),
        "shown_for": shown_for(incident, foreseen).text,
        "problem": problem,
    }
    return page("act.html", status, **values)

"""What the link in a page opens: how it stands, and one more tap to take or to resolve it."""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from deployments.intake.authentication import form_of
from deployments.intake.pages.acting import sentence_of, status_of
from deployments.intake.pages.forms import data_of, fields_of
from deployments.intake.pages.incident_page import IncidentPage
from deployments.intake.pages.render import page
from schemas.errors import AeefError
from schemas.lifecycle import shown_for
from schemas.people import Actor
from schemas.settings import Settings
from tasks.channels.page_link import PATH, VERBS, PageLink, actor_of, read_link
from tasks.people.acts import PERSON_ACTS, SHOWN_FOR, perform
from tasks.store import Store
from tasks.view.seen import look_at


def add_by_link(app: FastAPI, store: Store, shown: IncidentPage) -> None:
    """Add `/by-link/TEXT`, and `POST /by-link/TEXT/VERB`. Nobody has to sign in for these."""

    @app.get(f"{PATH}{{text}}")
    async def opened(text: str, done: str = "") -> Response:
        """What happened, and the buttons. Changes nothing: robots open links, too."""
        said = shown.signing.read_said(done)
        return await shown.threads.run(partial(_shown, text, shown, store, said=said))

    @app.post(f"{PATH}{{text}}/{{verb}}")
    async def pressed(request: Request, text: str, verb: str) -> Response:
        """Do it, as the person whom the page went to where that is known."""
        fields = await form_of(request)
        return await shown.threads.run(partial(_do, text, verb, dict(fields), shown, store))


def _do(
    text: str, verb: str, fields: dict[str, str], shown: IncidentPage, store: Store
) -> Response:
    settings = shown.settings
    link = _read(text, settings)
    if isinstance(link, Response):
        return link
    if verb not in VERBS:
        raise HTTPException(404, "a link in a page is good for taking and resolving only")
    actor = _actor(link, settings)
    if isinstance(actor, Response):
        return actor
    given = {**data_of(PERSON_ACTS[verb].asks, fields), SHOWN_FOR: fields.get(SHOWN_FOR)}
    try:
        done = perform(verb, str(link.incident_id), given, actor, settings)
    except AeefError as error:
        return _shown(text, shown, store, problem=str(error), typed=fields, status=status_of(error))
    said = shown.signing.said(sentence_of(done))
    return RedirectResponse(f"{PATH}{text}?done={said}", 303)


def _shown(
    text: str,
    shown: IncidentPage,
    store: Store,
    *,
    said: str = "",
    problem: str = "",
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    settings = shown.settings
    link = _read(text, settings)
    if isinstance(link, Response):
        return link
    incident = store.incident(link.incident_id)
    seen = look_at(incident, store, settings)
    actor = _actor(link, settings)
    if isinstance(actor, Response):
        return actor
    acts = [PERSON_ACTS[verb] for verb in VERBS if verb in PERSON_ACTS]
    offered = [
        (act, fields_of(act.asks, typed))
        for act in acts
        if actor.may(act.right)
        and not incident.status.is_over
        and not (act.name == VERBS[0] and seen.bar.is_taken)
    ]
    return page(
        "by_link.html",
        status,
        seen=seen,
        incident=incident,
        actor=actor,
        shown=offered,
        action=f"{PATH}{text}",
        shown_for=shown_for(incident).text,
        done=said,
        problem=problem,
    )


def _actor(link: PageLink, settings: Settings) -> Actor | Response:
    try:
        return actor_of(link, settings)
    except AeefError as error:
        return page("refused.html", 403, problem=str(error))


def _read(text: str, settings: Settings) -> PageLink | Response:
    try:
        return read_link(text, settings)
    except AeefError as error:
        return page("refused.html", 403, problem=str(error))

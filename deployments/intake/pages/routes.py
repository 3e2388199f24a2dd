"""The addresses of people's pages: the list, an incident, its timeline, what changed, files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse

from deployments.intake.authentication import Guards
from deployments.intake.pages.acting import add_acting
from deployments.intake.pages.by_link import add_by_link
from deployments.intake.pages.calendar import add_calendar
from deployments.intake.pages.figures import add_figures
from deployments.intake.pages.files import add_export, read_file
from deployments.intake.pages.for_programs import add_for_programs
from deployments.intake.pages.incident_page import IncidentPage
from deployments.intake.pages.live import Live
from deployments.intake.pages.render import html, static_file, text_of, wants_page
from deployments.intake.pages.review.routes import add_review
from deployments.intake.pages.shared import Shared
from deployments.web.own_threads import OwnThreads
from schemas.incident import IncidentType, Severity, Status
from schemas.people import Actor, Right
from schemas.settings import Settings
from tasks.armed.table import read_table
from tasks.deploy.change import difference
from tasks.store import Store
from tasks.store.automation.said import said_of_all
from tasks.store.senders.said import refused_lately
from tasks.view.listed import counted, from_address, items_of, listed

PAGES_AT_ONCE, PAGE_SECONDS = 8, 20.0
GOING_ON = "going-on"
"""In the address: every status that is not over."""
IN_ADDRESS = ("q", "status", "severity", "type", "service", "since")
"""The filters of the list, as its form has them."""
OF_A_FIGURE = ("figure", "since", "until", "by", "drills")
"""What the address of a figure's incidents has; and `group`, where it is of one."""


def add_pages(
    app: FastAPI,
    current: Callable[[], Settings],
    store: Store,
    guards: Guards,
) -> None:
    """Add everything that people see. current: the settings as they are now."""
    reads = Depends(guards.person(Right.READ))
    threads = OwnThreads("pages", PAGES_AT_ONCE, PAGE_SECONDS)
    live, shown = Live(store), IncidentPage(current, store, threads)
    _add_files(app)
    _add_live(app, store, live, reads)
    _add_list(app, current, store, threads, reads)
    add_figures(app, current, store, threads, reads)
    add_for_programs(app, current(), store, reads)
    add_export(app, current, store, guards)
    add_review(app, store, shown, guards)
    _add_incident(app, store, shown, reads, guards)
    add_by_link(app, store, shown)
    add_calendar(app, current, store, guards, threads)
    add_acting(app, shown, guards)


def _add_files(app: FastAPI) -> None:
    @app.get("/")
    def root() -> Response:
        """The list."""
        return RedirectResponse("/incidents", 303)

    @app.get("/static/{name}")
    async def static(name: str) -> Response:
        """The pages' style and script: nothing that is anybody's."""
        found = static_file(name)
        if found is None:
            raise HTTPException(404, "there is no such file")
        return found


def _add_live(app: FastAPI, store: Store, live: Live, reads: Any) -> None:
    @app.get("/incidents/live", dependencies=[reads])
    async def all_live() -> Response:
        """Server-sent events of all incidents, for the list."""
        return _events(live, None)

    @app.get("/incidents/{incident_id}/live", dependencies=[reads])
    async def one_live(incident_id: str) -> Response:
        """Server-sent events of one incident."""
        found = await live.threads.run(store.incident, incident_id)
        return _events(live, found.incident_id)


def _events(live: Live, incident_id: Any) -> Response:
    if live.is_full:
        raise HTTPException(
            503, "too many pages listen already: this one asks again by itself",
            headers={"Retry-After": "15"},
        )  # fmt: skip
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = live.listen(incident_id)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


def _add_list(
    app: FastAPI,
    current: Callable[[], Settings],
    store: Store,
    threads: OwnThreads,
    reads: Any,
) -> None:
    shared = Shared[bytes](threads)

    def rendered(given: Mapping[str, str]) -> bytes:
        """The same for everybody who may read: nothing of whoever asks goes in."""
        settings = current()
        table = read_table(settings.home)
        is_figure = "figure" in given
        return text_of(
            "incidents.html",
            items=items_of(counted(given, store, settings), store, settings)
            if is_figure
            else listed(from_address(given), store, settings),
            given=dict.fromkeys(IN_ADDRESS, "") if is_figure else given,
            figure=given if is_figure else None,
            statuses=(GOING_ON, *Status),
            severities=tuple(Severity),
            types=tuple(IncidentType),
            automation=said_of_all(settings),
            armed=table.headline if table else "",
            refused=refused_lately(store),
        )

    @app.get("/incidents", dependencies=[reads])
    async def incidents(request: Request) -> Response:
        """Incidents: for people open first and by severity; for programs newest first."""
        asked = request.query_params
        names = OF_A_FIGURE if asked.get("figure") else IN_ADDRESS
        given = {name: asked.get(name, "") for name in names}
        if asked.get("figure") and "group" in asked:
            given["group"] = asked["group"]
        if wants_page(request):
            text = await shared.get(tuple(given.items()), partial(rendered, given))
            return html(text)
        if asked.get("figure"):
            found = await threads.run(counted, given, store, current())
        else:
            found = await threads.run(store.lifecycle.find, from_address(asked))
        return JSONResponse([each.to_json() for each in found])


def _add_incident(
    app: FastAPI, store: Store, shown: IncidentPage, reads: Any, guards: Guards
) -> None:
    @app.get("/incidents/{incident_id}")
    async def incident(
        request: Request,
        incident_id: str,
        done: str = "",
        refused: str = "",
        actor: Actor = reads,
    ) -> Response:
        """One incident: the record as JSON, or the page."""
        if not wants_page(request):
            found = await shown.threads.run(store.incident, incident_id)
            return JSONResponse(found.to_json())
        return await shown.show(request, incident_id, actor, done=done, refused=refused)

    @app.get("/incidents/{incident_id}/timeline")
    async def timeline(request: Request, incident_id: str, actor: Actor = reads) -> Response:
        """The page with every entry in full."""
        return await shown.show(request, incident_id, actor, every_entry=True)

    @app.get("/incidents/{incident_id}/change/{target}", dependencies=[reads])
    async def change(incident_id: str, target: str) -> Response:
        """What is different in the release of an incident."""
        found = await shown.threads.run(shown.changes, incident_id)
        for each in found:
            if each.target == target:
                text = await shown.threads.run(difference, each, shown.settings)
                return PlainTextResponse(text)
        raise HTTPException(404, "what changed there is not known")

    evidence = Depends(guards.person(Right.EVIDENCE))

    @app.get("/incidents/{incident_id}/{kind}/{name}")
    async def a_file(incident_id: str, kind: str, name: str, actor: Actor = evidence) -> Response:
        """A file of evidence, or a draft; that it was read is on record."""
        return await shown.threads.run(
            read_file, incident_id, kind, name, actor, store, shown.settings
        )

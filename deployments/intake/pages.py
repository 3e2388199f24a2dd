"""The intake's pages: incidents as HTML and as JSON, and redirects to their runs in Prefect."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.params import Depends
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from schemas.incident import WAITS, Incident, Phase
from schemas.settings import Settings
from tasks.base.trim import clean
from tasks.channels.inbox import kept_for
from tasks.store import Store
from tasks.store.automation.said import said_of, said_of_all
from tasks.store.claim_keys import RUN, RUNBOOK, WITHHELD_MARK, newest_first, runbook_key
from tasks.store.progress import states_of_run

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    # Escaping lets U+202E through, which turns the rest of the line round.
    finalize=lambda value: clean(value) if type(value) is str else value,
)
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
}


def add_pages(app: FastAPI, settings: Settings, store: Store, guard: Depends) -> None:
    """Add `/incidents`, `/incidents/<id>`, and what was done for it: `…/run`, `…/look`."""
    _add_runs(app, settings, store, guard)

    @app.get("/incidents", dependencies=[guard])
    def incidents(request: Request, limit: int = 100, before: str | None = None) -> Response:
        """Incidents, newest first."""
        found = store.incidents(limit=max(1, min(limit, 1000)), before=before)
        if not _wants_page(request):
            return JSONResponse([incident.to_json() for incident in found])
        return _page("incidents.html", incidents=found, automation=said_of_all(settings))

    @app.get("/incidents/{incident_id}", dependencies=[guard])
    def incident(request: Request, incident_id: str) -> Response:
        """One incident: the record as JSON, or a page that also has its timeline."""
        found = store.incident(incident_id)
        if not _wants_page(request):
            return JSONResponse(found.to_json())
        return _page(
            "incident.html",
            incident=found,
            alerts=store.alerts(found.incident_id),
            timeline=store.timeline(found.incident_id),
            run=run_of(store, found),
            automation=said_of(found, settings),
            inbox=kept_for(found.incident_id, settings),
        )


def _add_runs(app: FastAPI, settings: Settings, store: Store, guard: Depends) -> None:
    @app.get("/incidents/{incident_id}/runbook", dependencies=[guard])
    def runbook(incident_id: str) -> dict[str, str | int | None]:
        """The state of the present occurrence's runbook, for programs that wait for it."""
        found = store.incident(incident_id)
        claim = store.claims(found.incident_id).get(runbook_key(found))
        run_id = _run_in(claim.holder) if claim else None
        return {
            "state": runbook_state(store, found),
            "runId": str(run_id) if run_id else None,
            "occurrence": found.occurrence,
        }

    @app.get("/incidents/{incident_id}/look", dependencies=[guard])
    def look(incident_id: str) -> dict[str, Any]:
        """The last look at the services; it is that of every alert up to the number `answered`."""
        state = store.look_state(incident_id)
        last = state.last and {
            **state.last.look.to_json(),
            "said": state.last.look.sentence,
            "isRelapse": state.last.is_relapse,
            "occurrence": state.last.occurrence,
        }
        return {"asked": state.asked, "answered": state.answered, "last": last}

    @app.get("/incidents/{incident_id}/run", dependencies=[guard])
    def run(incident_id: str) -> Response:
        """Redirect to the incident's run in Prefect's UI."""
        found = store.incident(incident_id)
        run_id = run_of(store, found)
        if run_id is None:
            raise HTTPException(404, f"no run has started for {found.title} yet")
        return RedirectResponse(f"{prefect_ui(settings)}/runs/flow-run/{run_id}", 303)

    @app.get("/incidents/{incident_id}/run/{flow}", dependencies=[guard])
    def run_beside(incident_id: str, flow: str) -> Response:
        """Redirect to the run of another flow of the incident, for instance `emergency-patch`."""
        found = store.incident(incident_id)
        claim = store.claims(found.incident_id).get(runbook_key(found, flow))
        if claim is None or not claim.holder:
            raise HTTPException(404, f"no such run has started for {found.title} yet")
        run_id = claim.holder.removeprefix(RUN)
        return RedirectResponse(f"{prefect_ui(settings)}/runs/flow-run/{run_id}", 303)


def runbook_state(store: Store, incident: Incident) -> str:
    """The state of the incident's runbook: waiting (for what), running, done, withheld, failed,
    unknown.
    """
    claim = store.claims(incident.incident_id).get(runbook_key(incident))
    if claim is None or claim.holder is None:
        return "waiting for a worker"
    if claim.state == "done":
        if claim.result and claim.result.get(WITHHELD_MARK):
            return Phase.WITHHELD.value
        return WAITS if incident.waits_for_word else "done"
    run_id = claim.holder.removeprefix(RUN)
    phases = [each.phase for each in states_of_run(store, incident.incident_id, run_id)]
    return "failed" if phases and phases[-1] in (Phase.FAILED, Phase.STOPPED) else "running"


def run_of(store: Store, incident: Incident) -> UUID | None:
    """The newest run that claimed the incident's runbook."""
    claims = store.claims(incident.incident_id)
    for key in sorted(claims, key=newest_first):
        if key.startswith(RUNBOOK) and (run_id := _run_in(claims[key].holder)):
            return run_id
    return None


def _run_in(holder: str | None) -> UUID | None:
    """The run that holds a claim; None for a rollback by hand, without Prefect."""
    try:
        return UUID(holder.removeprefix(RUN)) if holder else None
    except ValueError:
        return None


def prefect_ui(settings: Settings) -> str:
    """The address of Prefect's UI, without a slash at the end."""
    url = settings.prefect_ui_url or os.environ.get("PREFECT_UI_URL")
    if not url:
        url = os.environ.get("PREFECT_API_URL", "").removesuffix("/").removesuffix("/api")
    return url.rstrip("/")


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _page(template: str, **values: Any) -> HTMLResponse:
    return HTMLResponse(_templates.get_template(template).render(values), headers=SECURITY)

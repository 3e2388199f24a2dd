"""People's API: what they do to incidents, and what they read. It knows no Prefect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

from deployments.intake.authentication import Guards
from deployments.intake.bodies import parse_json, raw_body
from deployments.web.own_threads import OwnThreads
from schemas.corrective.filter import action_filter_of
from schemas.errors import InvalidInput, NotAllowed, NotPossibleNow
from schemas.lifecycle.filter import Filter, filter_of
from schemas.people import Actor, Right
from schemas.settings import Settings
from tasks.incident.export import exported
from tasks.people.act import PersonAct
from tasks.people.acts import PERSON_ACTS, perform
from tasks.people.corrective.listed import actions_data
from tasks.people.in_full import beside, done_in_full, in_full
from tasks.people.reviewed import review_data
from tasks.store import Store

ACTS_AT_ONCE = 16
ACT_SECONDS = 20.0
READS_AT_ONCE = 8
READ_SECONDS = 10.0
MOST_BYTES = 200_000
"""The longest text of a review is 20,000 characters, of up to 6 bytes each in JSON."""


def add_people_api(
    app: FastAPI, store: Store, guards: Guards, current: Callable[[], Settings]
) -> None:
    """Add `POST /v1/incidents/ID/<act>`, `GET /v1/incidents[/ID[/export]]`, acts, actions."""
    acts = OwnThreads("the act", ACTS_AT_ONCE, ACT_SECONDS)
    reads = OwnThreads("reading", READS_AT_ONCE, READ_SECONDS)
    _say_what_is_refused(app, store)
    _add_reads(app, store, guards, current, reads)
    raw = Depends(raw_body(MOST_BYTES))
    person = Depends(guards.person(Right.READ))

    # Whoever may read gets in; what the act itself needs is asked for each act.
    @app.post("/v1/incidents/{incident_id}/{act}")
    async def do(
        incident_id: str,
        act: str,
        body: bytes = raw,
        actor: Actor = person,
    ) -> dict[str, Any]:
        """Do it, as this person. 403, 404, 409 and 422 say why not."""
        if act not in PERSON_ACTS:
            raise HTTPException(404, f"there is no act {act[:40]!a}: GET /v1/acts lists them")
        given = parse_json(body) if body.strip() else {}
        if not isinstance(given, dict):
            raise InvalidInput("body: a JSON object with the fields of the act was expected")
        return await acts.run(_do, act, incident_id, given, actor, current())


def _do(
    act: str, incident_id: str, given: dict[str, Any], actor: Actor, settings: Settings
) -> dict[str, Any]:
    return done_in_full(perform(act, incident_id, given, actor, settings), settings)


def _add_reads(
    app: FastAPI,
    store: Store,
    guards: Guards,
    current: Callable[[], Settings],
    reads: OwnThreads,
) -> None:
    reader = Depends(guards.person(Right.READ))
    auditor = Depends(guards.person(Right.EVIDENCE))

    @app.get("/v1/acts", dependencies=[reader])
    async def what_can_be_done() -> list[dict[str, Any]]:
        """Every act: what it does, which right it needs, and its fields as JSON schema."""
        return [described(act) for act in PERSON_ACTS.values()]

    @app.get("/v1/incidents", dependencies=[reader])
    async def incidents(request: Request) -> list[dict[str, Any]]:
        """Those that fit the filters, newest first, each with what stands beside its record."""
        wanted = filter_of(dict(request.query_params))
        return await reads.run(_listed, store, wanted, current())

    @app.get("/v1/actions", dependencies=[reader])
    async def actions(request: Request) -> list[dict[str, Any]]:
        """The corrective actions that fit the filters: as `aeef actions list --json`."""
        wanted = action_filter_of(dict(request.query_params))
        return await reads.run(actions_data, wanted, current())

    @app.get("/v1/incidents/{incident_id}", dependencies=[reader])
    async def incident(incident_id: str) -> dict[str, Any]:
        """One incident with its timeline: as `aeef incidents show --json`."""
        return await reads.run(lambda: in_full(store.incident(incident_id), current()))

    @app.get("/v1/incidents/{incident_id}/review", dependencies=[reader])
    async def review(incident_id: str) -> dict[str, Any]:
        """Its review: as `aeef review ID --json`."""
        return await reads.run(lambda: review_data(incident_id, current()))

    @app.get("/v1/incidents/{incident_id}/export")
    async def export(incident_id: str, actor: Actor = auditor) -> dict[str, Any]:
        """The record for an audit, valid by the spec's schema; that it was read is logged."""
        return await reads.run(exported, incident_id, store, actor.on_record, current())


def described(act: PersonAct) -> dict[str, Any]:
    """An act as data, from which a form can be made."""
    return {
        "name": act.name,
        "title": act.title,
        "does": act.does,
        "right": act.right.value,
        "fields": act.asks.model_json_schema(by_alias=True),
    }


def _listed(store: Store, wanted: Filter, settings: Settings) -> list[dict[str, Any]]:
    found = store.lifecycle.find(wanted)
    return [{"incident": each.to_json(), **beside(each, settings)} for each in found]


def _say_what_is_refused(app: FastAPI, store: Store) -> None:
    @app.exception_handler(NotAllowed)
    async def not_allowed(_request: Request, error: NotAllowed) -> JSONResponse:
        return JSONResponse({"detail": store.masked_text(str(error))}, status_code=403)

    @app.exception_handler(NotPossibleNow)
    async def not_possible(_request: Request, error: NotPossibleNow) -> JSONResponse:
        return JSONResponse({"detail": store.masked_text(str(error))}, status_code=409)

"""`/calendar`: the reviews by the calendar, and who attended; the same for programs in `/v1`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from deployments.intake.authentication import Guards, csrf_of, form_of
from deployments.intake.pages.render import page, wants_page
from deployments.web.own_threads import OwnThreads
from schemas.calendar import CalendarReview, Kind
from schemas.errors import AeefError, InvalidInput
from schemas.people import Actor, Right
from schemas.settings import Settings
from tasks.store import Store

MOST_TYPED = 100


class Given(BaseModel):
    """Who attended, as a program says it."""

    model_config = ConfigDict(extra="forbid")

    people: list[str] = Field(min_length=1, max_length=MOST_TYPED)
    decided: str = ""


class _Reviews:
    """What the addresses have in common."""

    def __init__(self, current: Callable[[], Settings], store: Store) -> None:
        self._current = current
        self._store = store

    def found(self, kind: str, period: str) -> CalendarReview:
        try:
            return self._store.calendar.of(_kind(kind), period)
        except InvalidInput as error:
            raise HTTPException(404, str(error)) from None

    def attend(self, kind: str, period: str, given: Given, actor: Actor) -> CalendarReview:
        self.found(kind, period)
        return self._store.calendar.attend(
            _kind(kind), period, tuple(given.people), given.decided, actor=actor.on_record
        )

    def shown(
        self,
        request: Request,
        review: CalendarReview,
        actor: Actor,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        people = sorted(self._current().people)
        return page(
            "calendar_review.html", status, review=review, actor=actor, people=people,
            may=actor.may(Right.RESPOND), csrf=csrf_of(request), problem=problem,
        )  # fmt: skip


def add_calendar(
    app: FastAPI,
    current: Callable[[], Settings],
    store: Store,
    guards: Guards,
    threads: OwnThreads,
) -> None:
    """Add the pages and their addresses for programs."""
    reads, responds = (Depends(guards.person(each)) for each in (Right.READ, Right.RESPOND))
    those = _Reviews(current, store)

    @app.get("/calendar", dependencies=[reads])
    async def reviews(request: Request) -> Response:
        """All of them, newest first."""
        found = await threads.run(store.calendar.newest)
        if not wants_page(request):
            broken = [{"name": each.name, "cannotBeRead": each.why} for each in found.broken]
            return JSONResponse([*(each.to_json() for each in found.found), *broken])
        return page("calendar.html", reviews=found.found, broken=found.broken)

    @app.get("/calendar/{kind}/{period}")
    async def review(request: Request, kind: str, period: str, actor: Actor = reads) -> Response:
        """One of them, with the form for who attended."""
        one = await threads.run(those.found, kind, period)
        if not wants_page(request):
            return JSONResponse(one.to_json())
        return those.shown(request, one, actor)

    @app.post("/calendar/{kind}/{period}")
    async def attended(
        request: Request, kind: str, period: str, actor: Actor = responds
    ) -> Response:
        """Put on record who attended; back to the page."""
        fields = await form_of(request)
        try:
            await threads.run(those.attend, kind, period, given_in(fields), actor)
        except AeefError as error:
            one = await threads.run(those.found, kind, period)
            return those.shown(request, one, actor, str(error), 422)
        return RedirectResponse(f"/calendar/{_kind(kind).value}/{period}", 303)

    @app.post("/v1/calendar/{kind}/{period}/attended")
    async def attended_by_program(
        kind: str, period: str, given: Given, actor: Actor = responds
    ) -> dict[str, Any]:
        """The same for programs: `{"people": ["ann"], "decided": "…"}`."""
        done = await threads.run(those.attend, kind, period, given, actor)
        return done.to_json()


def given_in(fields: Mapping[str, str]) -> Given:
    """Who attended, from the form. Raises InvalidInput when it names nobody."""
    names = [each.strip() for each in fields.get("people", "").replace("\n", ",").split(",")]
    people = [each for each in names if each]
    if not people:
        raise InvalidInput("say who attended: names with commas between")
    if len(people) > MOST_TYPED:
        raise InvalidInput(f"at most {MOST_TYPED} people")
    return Given(people=people, decided=fields.get("decided", "").strip())


def _kind(name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        raise HTTPException(404, "there is no such review") from None

"""`/figures`: how long things took, with plots; for programs the same as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request, Response

from deployments.intake.pages.render import page, wants_page
from deployments.web.own_threads import OwnThreads
from schemas.figures import By
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.figures.figures import IN_ADDRESS, figures, question_of
from tasks.store import Store
from tasks.view.plots import shown_of


def add_figures(
    app: FastAPI,
    current: Callable[[], Settings],
    store: Store,
    threads: OwnThreads,
    reads: Any,
) -> None:
    """Add the page, and `GET /v1/figures`."""

    def computed(given: Mapping[str, str]) -> dict[str, Any]:
        return figures(question_of(given, utc_now()), store, current()).to_json()

    def rendered(given: Mapping[str, str]) -> Response:
        found = figures(question_of(given, utc_now()), store, current())
        shown = shown_of(found)
        return page("figures.html", found=found, shown=shown, given=given, bys=tuple(By))

    @app.get("/v1/figures", dependencies=[reads])
    async def as_data(request: Request) -> dict[str, Any]:
        """The figures of a time, in seconds: as `aeef figures --json`."""
        return await threads.run(computed, dict(request.query_params))

    @app.get("/figures", dependencies=[reads], response_model=None)
    async def as_page(request: Request) -> Response | dict[str, Any]:
        """The page; for programs JSON."""
        asked = request.query_params
        given = {name: asked.get(name, "") for name in IN_ADDRESS}
        return await threads.run(rendered if wants_page(request) else computed, given)

"""The page of one incident: gathers what is on record and what was looked up seconds ago."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from fastapi import Request
from fastapi.responses import HTMLResponse

from deployments.intake.authentication import csrf_of
from deployments.intake.pages.buttons import buttons_for
from deployments.intake.pages.for_programs import run_of
from deployments.intake.pages.lookups import Found, Lookups
from deployments.intake.pages.render import page
from deployments.intake.pages.signing import Signing
from deployments.web.own_threads import OwnThreads
from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.lifecycle import shown_for
from schemas.people import Actor, Right
from schemas.settings import Settings, Target
from tasks.deploy.change import Change, changes_of
from tasks.deploy.check_health import look_once
from tasks.people.act import Hand, PersonAct, Shown
from tasks.people.acts import PERSON_ACTS
from tasks.review.shown import standing_of
from tasks.store import Store
from tasks.view.seen import look_at

KEPT_SECONDS = 15.0
PAGE_WAITS = 0.7
"""Seconds that the page waits for a look; what comes later is there when it is loaded again."""
LOOKS_AT_ONCE = 4


class IncidentPage:
    """Shows incidents.

    current: the settings as they are now. threads: for what reads the store and renders.
    """

    def __init__(self, current: Callable[[], Settings], store: Store, threads: OwnThreads) -> None:
        self._current = current
        self.threads = threads
        self.signing = Signing(current())
        self._store = store
        self._looks = Lookups(
            "looks for pages", at_once=LOOKS_AT_ONCE, keep=KEPT_SECONDS, wait=PAGE_WAITS
        )
        self._changes: dict[tuple[str, int], list[Change]] = {}

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self._current()

    def incident(self, incident_id: str) -> Incident:
        """The incident as it is now."""
        return self._store.incident(incident_id)

    async def show(
        self,
        request: Request,
        incident_id: str,
        actor: Actor,
        *,
        done: str = "",
        refused: str = "",
        every_entry: bool = False,
    ) -> HTMLResponse:
        """The whole page. done, refused: what was just done, or why it was not, signed."""
        incident = await self.threads.run(self._store.incident, incident_id)
        foreseen = await self.foreseen(incident, actor)
        health = await self._health(incident)
        return await self.threads.run(
            partial(
                self._render,
                incident,
                actor,
                foreseen,
                health,
                csrf=csrf_of(request),
                done=self.signing.read_said(done),
                refused=self.signing.read_said(refused),
                every_entry=every_entry,
            )
        )

    async def foreseen(self, incident: Incident, actor: Actor) -> dict[str, str | None]:
        """By the verb what its dry run says; None: it is not possible now."""
        found: dict[str, str | None] = {}
        for act in PERSON_ACTS.values():
            if act.foresee is not None and actor.may(act.right):
                look = await self.dry_run(act, incident, actor)
                found[act.name] = "being looked up: load again" if look is None else _or_none(look)
        return found

    def to_read(self, act: PersonAct, incident: Incident, actor: Actor) -> Sequence[Shown]:
        """What has to be read first, of each thing that the act may be about. Raises as it does."""
        hand = Hand(str(incident.incident_id), actor, self.settings)
        return act.shows(hand) if act.shows else ()

    def _all_to_read(self, incident: Incident, actor: Actor) -> dict[str, Sequence[Shown]]:
        found = {}
        for act in PERSON_ACTS.values():
            with contextlib.suppress(AeefError):
                found[act.name] = self.to_read(act, incident, actor)
        return found

    async def dry_run(
        self, act: PersonAct, incident: Incident, actor: Actor, *, wait: float | None = None
    ) -> Found | None:
        """What a dry run of an act made now says; None while it is under way."""
        if act.foresee is None:
            return None
        incident_id = str(incident.incident_id)
        # With the number of actions: what was seen before something was done counts no more.
        key = (incident_id, act.name, len(incident.actions_taken))
        look = partial(self._foresee, act.foresee, incident_id, actor)
        return await self._looks.get(key, look, wait=wait)

    def _foresee(self, foresee: Callable[[Hand], str], incident_id: str, actor: Actor) -> str:
        return foresee(Hand(incident_id, actor, self.settings))

    def changes(self, incident_id: str) -> list[Change]:
        """What changed in the releases of an incident; looked up once for each of its states."""
        incident = self._store.incident(incident_id)
        key = (str(incident.incident_id), len(incident.actions_taken))
        if key not in self._changes:
            if len(self._changes) > LOOKS_AT_ONCE * 100:
                self._changes.clear()
            self._changes[key] = changes_of(incident, self.settings)
        return self._changes[key]

    async def _health(self, incident: Incident) -> list[tuple[str, Found | None]]:
        if incident.status.is_over:
            return []
        settings = await self.threads.run(self._current)
        found = map(settings.target_of, incident.affected_services)
        targets = {target.name: target for target in found if target}.values()
        return [
            (target.name, await self._looks.get(("health", target.name), partial(_health, target)))
            for target in targets
        ]

    def _render(
        self,
        incident: Incident,
        actor: Actor,
        foreseen: Mapping[str, str | None],
        health: Sequence[tuple[str, Found | None]],
        *,
        csrf: str,
        done: str,
        refused: str,
        every_entry: bool,
    ) -> HTMLResponse:
        changes, settings = self._known_changes(incident), self.settings
        seen = look_at(incident, self._store, settings, changes=changes, every_entry=every_entry)
        return page(
            "incident.html",
            seen=seen,
            incident=incident,
            buttons=buttons_for(
                seen, PERSON_ACTS, actor, foreseen, self._all_to_read(incident, actor)
            ),
            changes=changes,
            health=health,
            run=run_of(self._store, incident),
            review=standing_of(incident, self._store),
            actor=actor,
            may_respond=actor.may(Right.RESPOND),
            csrf=csrf,
            done=done,
            refused=refused,
            shown_for=shown_for(incident).text,
        )

    def _known_changes(self, incident: Incident) -> list[Change]:
        try:
            return self.changes(str(incident.incident_id))
        except AeefError:
            return []


def _health(target: Target) -> str:
    verdict = look_once(target)
    state = "NOT WELL" if verdict.problem else "well"
    return f"{state}: {verdict.said}"


def _or_none(look: Found) -> str | None:
    return None if look.problem else look.said

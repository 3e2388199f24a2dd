"""The two ways to an incident: the intake's API with a token, or the store on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from deployments.cli.terminal import this_actor
from deployments.cli.verbs.remote import Remote
from schemas.corrective.filter import ActionFilter
from schemas.errors import ConfigurationError
from schemas.held import held
from schemas.lifecycle.filter import Filter
from schemas.model import utc_now
from schemas.settings import Settings, load_settings
from tasks.store import open_store

URL, TOKEN = "AEEF_URL", "AEEF_TOKEN"


class Way(Protocol):
    """Does what people ask for, and returns data as the API has it."""

    def do(self, act: str, incident_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Do an act."""

    def incidents(self, wanted: Filter) -> list[dict[str, Any]]:
        """Those that fit."""

    def incident(self, incident_id: str) -> dict[str, Any]:
        """One with its timeline."""

    def export(self, incident_id: str) -> dict[str, Any]:
        """The record; that it was read is logged."""

    def actions(self, wanted: ActionFilter) -> list[dict[str, Any]]:
        """The corrective actions that fit."""

    def review(self, incident_id: str) -> dict[str, Any]:
        """The review of an incident. Raises NotPossibleNow when there is none."""

    def review_file(self, incident_id: str, ending: str) -> bytes:
        """The same to take away: `md`, `html` or `pdf`; that it was read is logged."""

    def figures(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The figures of a question."""


class Here:
    """On the host itself: nothing proves who types."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._actor = this_actor()

    def do(self, act: str, incident_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Do an act as the local user."""
        from tasks.people.acts import perform
        from tasks.people.in_full import done_in_full

        done = perform(act, incident_id, given, self._actor, self._settings, waits=True)
        return done_in_full(done, self._settings)

    def incidents(self, wanted: Filter) -> list[dict[str, Any]]:
        """Those that fit."""
        from tasks.people.in_full import beside

        found = open_store(self._settings).lifecycle.find(wanted)
        return [{"incident": each.to_json(), **beside(each, self._settings)} for each in found]

    def incident(self, incident_id: str) -> dict[str, Any]:
        """One with its timeline."""
        from tasks.people.in_full import in_full

        return in_full(open_store(self._settings).incident(incident_id), self._settings)

    def export(self, incident_id: str) -> dict[str, Any]:
        """The record."""
        from tasks.incident.export import exported

        actor = self._actor.on_record
        return exported(incident_id, open_store(self._settings), actor, self._settings)

    def figures(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The figures of a question."""
        from tasks.figures.figures import figures, question_of

        question = question_of(given, utc_now())
        return figures(question, open_store(self._settings), self._settings).to_json()

    def actions(self, wanted: ActionFilter) -> list[dict[str, Any]]:
        """The corrective actions that fit."""
        from tasks.people.corrective.listed import actions_data

        return actions_data(wanted, self._settings)

    def review(self, incident_id: str) -> dict[str, Any]:
        """The review of an incident."""
        from tasks.people.review.reviewed import review_data

        return review_data(incident_id, self._settings)

    def review_file(self, incident_id: str, ending: str) -> bytes:
        """The same to take away."""
        from tasks.review.exported import exported_review

        store, by = open_store(self._settings), self._actor.on_record
        return exported_review(incident_id, ending, store, self._settings, actor=by).content


class Elsewhere(NamedTuple):
    """Where an intake is, and the personal token for it."""

    url: str
    token: str


def way() -> Way:
    """Over the API when there is a personal token; without one on this machine's store.

    Raises ConfigurationError when there is an address and no token for it.
    """
    there = elsewhere()
    return Remote(there.url, there.token) if there else Here(load_settings())


def elsewhere() -> Elsewhere | None:
    """The intake that is asked with a personal token; None: this machine's, by who works here.

    Raises ConfigurationError when there is an address and no token for it.
    """
    url, token = _given(URL), _given(TOKEN)
    if token:
        return Elsewhere((url or load_settings().intake_url).rstrip("/"), token)
    if url:
        raise ConfigurationError(
            f"{URL} is set, {TOKEN} is not: set it to your personal token, which an administrator"
            " makes with `aeef people token NAME`"
        )
    return None


def is_remote() -> bool:
    """True when what is typed goes over the API."""
    return bool(_given(URL) or _given(TOKEN))


def _given(name: str) -> str:
    return (os.environ.get(name) or held().get(name) or "").strip()

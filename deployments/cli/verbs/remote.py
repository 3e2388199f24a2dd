"""The intake's API as a client, for `aeef` on another machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from schemas.corrective.filter import ActionFilter
from schemas.errors import (
    AeefError,
    ConfigurationError,
    IncidentNotFound,
    InvalidInput,
    NotAllowed,
    NotPossibleNow,
    PermanentError,
    TemporaryError,
)
from schemas.lifecycle.filter import Filter
from schemas.model import Model

SECONDS = 30.0
"""Longer than the intake takes for the slowest act."""
_ERRORS: dict[int, type[AeefError]] = {
    403: NotAllowed,
    404: IncidentNotFound,
    409: NotPossibleNow,
    422: InvalidInput,
}


class Remote:
    """An intake at another address, with a personal token. Raises what the intake says."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        """Raises ConfigurationError when that is no address. transport: for tests."""
        self._url = url.rstrip("/")
        if not self._url.startswith(("http://", "https://")):
            raise ConfigurationError(
                f"AEEF_URL is {url[:80]!a}: give the intake's address, as https://aeef.example.com"
            )
        self._token = token
        self._transport = transport

    def do(self, act: str, incident_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Do an act."""
        path = f"/v1/incidents/{_part(incident_id)}/{_part(act)}"
        return self._object("POST", path, json=dict(given))

    def incidents(self, wanted: Filter) -> list[dict[str, Any]]:
        """Those that fit."""
        return self._list("/v1/incidents", wanted)

    def actions(self, wanted: ActionFilter) -> list[dict[str, Any]]:
        """The corrective actions that fit."""
        return self._list("/v1/actions", wanted)

    def incident(self, incident_id: str) -> dict[str, Any]:
        """One with its timeline."""
        return self._object("GET", f"/v1/incidents/{_part(incident_id)}")

    def export(self, incident_id: str) -> dict[str, Any]:
        """The record."""
        return self._object("GET", f"/v1/incidents/{_part(incident_id)}/export")

    def review(self, incident_id: str) -> dict[str, Any]:
        """The review of an incident."""
        return self._object("GET", f"/v1/incidents/{_part(incident_id)}/review")

    def review_file(self, incident_id: str, ending: str) -> bytes:
        """The same to take away."""
        path = f"/incidents/{_part(incident_id)}/review.{_part(ending)}"
        answer = self._send("GET", path, accept="*/*")
        if not answer.is_success:
            self._read(answer)
        return answer.content

    def _list(self, path: str, wanted: Model) -> list[dict[str, Any]]:
        given = {
            name: ",".join(value) if isinstance(value, list) else value
            for name, value in wanted.to_json().items()
            if value not in ("", [])
        }
        found = self._ask("GET", path, params=given)
        if not isinstance(found, list):
            raise self._no_intake()
        return found

    def figures(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The figures of a question."""
        return self._object("GET", "/v1/figures", params=dict(given))

    def _object(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        found = self._ask(method, path, **content)
        if not isinstance(found, dict):
            raise self._no_intake()
        return found

    def _ask(self, method: str, path: str, **content: Any) -> Any:
        return self._read(self._send(method, path, **content))

    def _send(
        self, method: str, path: str, accept: str = "application/json", **content: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": accept}
        try:
            with httpx.Client(timeout=SECONDS, transport=self._transport) as client:
                return client.request(method, f"{self._url}{path}", headers=headers, **content)
        except httpx.TimeoutException:
            raise TemporaryError(
                self._url, f"did not answer within {SECONDS:g} s; what was asked may have been done"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TemporaryError(
                self._url, f"cannot be reached: {error}. Is AEEF_URL right, and does it run?"
            ) from None

    def _read(self, answer: httpx.Response) -> Any:
        try:
            said = answer.json()
        except ValueError:
            raise self._no_intake(answer.status_code) from None
        if answer.is_success:
            return said
        detail = str(said.get("detail", "")) if isinstance(said, dict) else ""
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise ConfigurationError(
                f"{self._url} does not take the token in AEEF_TOKEN: it is wrong, revoked or too"
                " old; `aeef people token NAME` makes a new one"
            )
        if error := _ERRORS.get(answer.status_code):
            raise error(detail or f"{self._url} answered {answer.status_code}")
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise TemporaryError(self._url, detail or "cannot do this now")
        raise PermanentError(
            self._url, detail or f"answered {answer.status_code}", status=answer.status_code
        )

    def _no_intake(self, status: int = 200) -> PermanentError:
        return PermanentError(
            self._url, f"answered {status}, and not as an intake of AEEF does: is AEEF_URL right?"
        )


def _part(text: str) -> str:
    return quote(text.strip().removeprefix("#") or "-", safe="")

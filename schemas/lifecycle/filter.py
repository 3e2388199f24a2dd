"""Which incidents somebody wants to see: the filters of the list, everywhere the same."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from schemas.errors import InvalidInput
from schemas.incident.incident import Incident, Status
from schemas.incident.incident_type import IncidentType
from schemas.incident.severity import Severity
from schemas.model import Model, UtcDatetime

MOST = 1000


def _several(given: Any) -> Any:
    """`open,investigating` is two; nothing is none; `going-on` is what is not over."""
    parts = given.split(",") if isinstance(given, str) else given
    if not isinstance(parts, list | tuple):
        return parts
    words = [str(part).strip() for part in parts if str(part).strip()]
    going_on = [each.value for each in Status if not each.is_over]
    return tuple(x for word in words for x in (going_on if word == "going-on" else [word]))


Several = BeforeValidator(_several)


class Filter(Model):
    """Of each field: one of these; empty: any. Newest first.

    since: detected then or later. q: words that stand in it. before: opened before this one, by
    its number or id, for the next page.
    """

    status: Annotated[tuple[Status, ...], Several] = Field(
        default=(), description="Separated by commas; going-on: what is not over."
    )
    severity: Annotated[tuple[Severity, ...], Several] = Field(
        default=(), description="Separated by commas."
    )
    type: Annotated[tuple[IncidentType, ...], Several] = Field(
        default=(), description="Separated by commas."
    )
    service: str = Field(default="", max_length=200, description="Is affected.")
    since: UtcDatetime | None = Field(default=None, description="Detected then or later.")
    q: str = Field(default="", max_length=200, description="Words in it, capital letters or not.")
    limit: int = Field(default=100, ge=1, le=MOST)
    before: str = Field(default="", max_length=60, description="Opened before this one.")

    def fits(self, incident: Incident) -> bool:
        """True when the incident is one of these; `before` is the store's."""
        return (
            incident.status in (self.status or (incident.status,))
            and incident.severity in (self.severity or (incident.severity,))
            and incident.type in (self.type or (incident.type,))
            and (not self.service or self.service in incident.affected_services)
            and (self.since is None or incident.detected_at >= self.since)
            and self.q.casefold() in _words_of(incident)
        )


def filter_of(given: dict[str, Any]) -> Filter:
    """The filter of an address. Raises InvalidInput that names what is wrong."""
    try:
        return Filter.model_validate(given)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        said = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in problems)
        raise InvalidInput(f"filters: {said}") from None


def _words_of(incident: Incident) -> str:
    cause = incident.root_cause or ""
    said = (action.action for action in incident.actions_taken)
    services = incident.affected_services
    return "\n".join([incident.title, incident.description, cause, *services, *said]).casefold()

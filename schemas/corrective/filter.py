"""Which corrective actions somebody wants to see: the same in the API and the command line."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from schemas.corrective.action import Stage
from schemas.errors import InvalidInput
from schemas.model import Model

MOST = 1000


def _several(given: Any) -> Any:
    parts = given.split(",") if isinstance(given, str) else given
    if not isinstance(parts, list | tuple):
        return parts
    return tuple(str(part).strip() for part in parts if str(part).strip())


class ActionFilter(Model):
    """Of each field: one of these; empty: any. incident: its number or id. owner: a name."""

    incident: str = Field(default="", max_length=60, description="Of this incident.")
    owner: str = Field(default="", max_length=100, description="Who does it.")
    stage: Annotated[tuple[Stage, ...], BeforeValidator(_several)] = Field(
        default=(), description="open, done, verified, waived; separated by commas."
    )
    overdue: bool = Field(default=False, description="Only what is overdue.")
    limit: int = Field(default=200, ge=1, le=MOST)


def action_filter_of(given: dict[str, Any]) -> ActionFilter:
    """The filter of an address. Raises InvalidInput that names what is wrong."""
    try:
        return ActionFilter.model_validate(given)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        said = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in problems)
        raise InvalidInput(f"filters: {said}") from None

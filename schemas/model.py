"""The base of our models: camelCase in JSON, snake_case in Python, times always with a zone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


def utc_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a moment between the years 1 and 9999 in UTC") from None


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A time: any offset is accepted (it may not be missing) and converted to UTC."""


def inside_repository(path: str) -> str:
    """The path of a file or folder in a repository, with `/`. Raises ValueError for another."""
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise ValueError("must be a path inside the repository")
    if Path(path) == Path():
        raise ValueError("must be a path inside the repository, not the repository itself")
    return Path(path).as_posix()


class Model(BaseModel):
    """Immutable data that reads and writes camelCase JSON."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    def to_json(self) -> dict[str, Any]:
        """This value as JSON data: camelCase names, without absent values."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

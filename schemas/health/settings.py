"""The table `[targets.NAME.health]`: how to see that a release is well."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Word = str | bool | int | float
"""A value of JSON that an answer may have: `"ok"`, `true`, `200`."""
SETTLE = 5.0
"""Seconds. Docker starts a crashed container again after 0.1 s, then 0.2, 0.4, …: in five seconds
one that lives for two has crashed twice."""


class Expect(BaseModel):
    """What the health address must answer; it replaces our own judgement of the answer.

    status: the HTTP status, one or several. text: must be in the body.
    json: path → value, or several: `{"checks.db.status" = ["up", "degraded"]}`; in a list the
    number is the name. Upper or lower case does not matter.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    status: tuple[Annotated[int, Field(ge=200, le=599)], ...] = (200,)
    text: str | None = Field(default=None, min_length=1)
    values: dict[str, tuple[Word, ...]] = Field(default={}, alias="json")

    @field_validator("status", mode="before")
    @classmethod
    def _statuses(cls, status: object) -> object:
        return (status,) if isinstance(status, int) else status

    @field_validator("values", mode="before")
    @classmethod
    def _several(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        return {
            path: each if isinstance(each, list | tuple) else (each,)
            for path, each in values.items()
        }

    @model_validator(mode="after")
    def _expects(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give at least one of 'status', 'text' and 'json'")
        return self


class Health(BaseModel):
    """The health check of a release.

    url: must answer 200 and nothing bad (`answer.py`), or what `expect` says.
    ok_statuses: what the status in an answer may be.
    command: must exit with 0; run without a shell in the repository.
    successes: how many are needed in a row, `interval` seconds apart, within `deadline` seconds.
    settle: seconds for which all must stay well, without a restart of any container; by default
    5, but never more than half of the deadline.
    timeout: seconds for one answer, whatever the other side does.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    command: tuple[str, ...] = ()
    ok_statuses: tuple[Word, ...] = (
        "ok", "healthy", "pass", "up", "success", "passing", "passed", "available", "alive",
        "ready", "running", "serving", "operational", "online", "good", "green", True, 200,
    )  # fmt: skip
    expect: Expect | None = None
    successes: int = Field(default=3, ge=1)
    interval: float = Field(default=1.0, gt=0)
    settle: float | None = Field(default=None, ge=0)
    deadline: float = Field(default=60.0, gt=0)
    timeout: float = Field(default=5.0, gt=0)

    @property
    def window(self) -> float:
        """Seconds for which all must stay well."""
        return min(SETTLE, self.deadline / 2) if self.settle is None else self.settle

    @field_validator("url")
    @classmethod
    def _an_address(cls, url: str | None) -> str | None:
        try:
            parts = urlsplit(url or "http://none")
            valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            valid = False
        if not valid:
            raise ValueError("must be an http:// or https:// address")
        return url

    @field_validator("expect", mode="before")
    @classmethod
    def _text(cls, expect: object) -> object:
        return {"text": expect} if isinstance(expect, str) else expect

    @model_validator(mode="after")
    def _can_succeed(self) -> Self:
        if (self.successes - 1) * self.interval >= self.deadline:
            raise ValueError(
                f"{self.successes} successes, {self.interval:g} s apart, do not fit into"
                f" the deadline of {self.deadline:g} s"
            )
        if self.window >= self.deadline:
            raise ValueError(
                f"{self.window:g} s to settle do not fit into the deadline of {self.deadline:g} s"
            )
        if self.expect and self.command:
            raise ValueError("'expect' is for 'url': a command answers by its exit code")
        return self

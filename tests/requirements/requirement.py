"""Requirements as data: one file for each source, and what may be said of each requirement."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

HERE = Path(__file__).parent


class Requirement(BaseModel):
    """One requirement, in our own short words. Without any of the reasons it needs a test.

    beyond: what of it is not ours to do. lacks: what of it is not built. rests_on: others that it
    follows from, where the source only asks for support.
    outside: why no software of this kind meets it. not_met: what is missing, altogether.
    waits: for whom the tests are still being written.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[A-Z][A-Za-z0-9.-]+$")
    asks: str
    beyond: str = ""
    lacks: str = ""
    rests_on: tuple[str, ...] = ()
    outside: str = ""
    not_met: str = ""
    waits: str = ""

    @property
    def without_tests(self) -> str:
        """Why it has no test; empty when it needs one."""
        return self.outside or self.not_met or self.waits


class Source(BaseModel):
    """A document that requires something. supports: only its support can be shown here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    source: str
    supports: bool = False
    requirement: tuple[Requirement, ...]


def sources() -> list[Source]:
    """Every source, in the order of the files."""
    paths = sorted(HERE.glob("*.toml"))
    return [Source.model_validate(tomllib.loads(path.read_text("utf-8"))) for path in paths]

"""What every place outside has in common: it takes a head of the chain, and says what it has."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import ConfigDict, Field, ValidationError

from schemas.errors import AeefError
from schemas.evidence import AnchorSettings
from schemas.model import Model, UtcDatetime
from schemas.settings import Settings

_CUT_OFF = re.compile(rb"(?:\{[^}]*)?")


class NotReached(AeefError):
    """The place is away, or does not do what it should; the text says why."""


class NotComparable(AeefError):
    """The place gives nothing back to compare with; the text says what would help."""


class Head(Model):
    """The newest entry of the chain at a time, as it goes outside: one line of JSON.

    db, machine: for people, who look at what lies there.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    seq: int = Field(ge=1)
    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    at: UtcDatetime
    db: str = ""
    machine: str = ""

    @property
    def line(self) -> bytes:
        """With its line end."""
        return self.model_dump_json().encode() + b"\n"


class Noted(NamedTuple):
    """What a place has noted. where: in it, for people. proven_at: a time that others vouch for."""

    seq: int
    hash: str
    where: str
    proven_at: datetime | None = None


class Place(ABC):
    """One `[[anchors]]`."""

    def __init__(self, its: AnchorSettings, settings: Settings) -> None:
        self.its = its
        self.settings = settings

    @property
    def folder(self) -> Path:
        """What this machine keeps for it; made at its first use."""
        folder = self.settings.home / "anchors" / self.its.name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @abstractmethod
    def put(self, head: Head) -> str:
        """Keep a head there, and see that it is there; return what was seen.

        Raises NotReached or OutsideServiceError.
        """

    def forget(self) -> None:  # noqa: B027 (most have nothing to forget)
        """Forget what was seen there: somebody knows why it is otherwise now."""

    @abstractmethod
    def noted(self) -> list[Noted]:
        """All that it has. Raises NotReached, OutsideServiceError, NotComparable or AuditBroken."""


def heads_in(content: bytes) -> Iterable[tuple[int, Head | None]]:
    """The lines, numbered; None for one that is no head. One that was cut off is passed over."""
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].splitlines(), 1):
        if _CUT_OFF.fullmatch(line):
            continue
        try:
            yield number, Head.model_validate_json(line)
        except ValidationError:
            yield number, None

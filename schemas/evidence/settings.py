"""The table `[evidence]`, and `[[anchors]]`: places outside that keep the chain's head."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)


class EvidenceSettings(BaseModel):
    """Evidence that proves itself.

    key: the file with the key (Ed25519, PEM) that signs bundles; by default made in AEEF_HOME.
    anchor_every: seconds between two times that the chain's head goes to all `[[anchors]]`
    (0: never by itself).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    key: Path | None = None
    anchor_every: float = Field(default=3_600.0, ge=0)

    @field_validator("key")
    @classmethod
    def _at_home(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser()


class AnchorKind(StrEnum):
    """What a place outside is."""

    GIT = "git"
    FILE = "file"
    TIMESTAMP = "timestamp"
    URL = "url"


class AnchorSettings(BaseModel):
    """One place outside: exactly one of git, file, timestamp, url.

    name: for people, and of its folder in AEEF_HOME.
    git: a remote; `branch` of it gets a commit for each head.
    file: on another mount; it is only ever appended to.
    timestamp: an RFC 3161 authority; `certificates`: PEM, its root and what leads to it.
    url: gets the head as JSON by POST; `token`: sent as `Authorization: Bearer`; `read`: an
    address that gives back what it has, one JSON object a line, to compare with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    git: str | None = Field(default=None, min_length=1)
    branch: str = Field(default="aeef-anchors", pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$")
    file: Path | None = None
    timestamp: str | None = Field(default=None, pattern=r"^https?://")
    certificates: Path | None = None
    url: str | None = Field(default=None, pattern=r"^https?://")
    read: str | None = Field(default=None, pattern=r"^https?://")
    token: SecretStr | None = None

    @field_validator("file", "certificates")
    @classmethod
    def _at_home(cls, path: Path | None) -> Path | None:
        if path is None:
            return None
        path = path.expanduser()
        if not path.is_absolute():
            raise ValueError("must be an absolute path")
        return path

    @field_validator("git")
    @classmethod
    def _is_no_option(cls, remote: str | None) -> str | None:
        if remote is not None and remote.startswith("-"):
            raise ValueError("must be the address or path of a git remote")
        if remote is not None and urlsplit(remote).password is not None:
            raise ValueError("must have no password: git shows it; use SSH or a credential helper")
        return remote

    @model_validator(mode="after")
    def _is_one_place(self) -> AnchorSettings:
        given = [kind for kind in AnchorKind if getattr(self, kind.value) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of git, file, timestamp, url")
        if given == [AnchorKind.TIMESTAMP] and self.certificates is None:
            raise ValueError("a timestamp needs `certificates`: the authority's, in PEM")
        if self.read is not None and self.url is None:
            raise ValueError("`read` belongs to `url`")
        return self

    @property
    def kind(self) -> AnchorKind:
        """Which of them it is."""
        return next(kind for kind in AnchorKind if getattr(self, kind.value) is not None)


def _named_once(anchors: tuple[AnchorSettings, ...]) -> tuple[AnchorSettings, ...]:
    """The anchors. Raises ValueError when two have one name."""
    names = [each.name for each in anchors]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two anchors are called {name}")
    return anchors


Anchors = Annotated[tuple[AnchorSettings, ...], AfterValidator(_named_once)]
"""The tables `[[anchors]]`."""

"""What every event of GitHub has, and what one of them says to us."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from schemas.incident import Alert
from schemas.settings import GithubSettings
from tasks.reports.report_json import text

QUEUE = "gh-readonly-queue/"
"""A branch that a merge queue makes to test a merge, and removes: nothing of it is released."""
PUBLIC_HOST = "github.com"


class Heard(NamedTuple):
    """What a webhook says: an alert, and whether it is over; or why it is ignored."""

    alert: Alert | None = None
    is_over: bool = False
    ignored: str = ""


class Part(BaseModel):
    """A part of an event; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class Repository(Part):
    """Where it happened. html_url: also says at which GitHub, of an enterprise's for instance."""

    id: int
    full_name: str
    html_url: str | None = None

    @property
    def host(self) -> str:
        """The address of an enterprise's own GitHub; empty for the public one."""
        try:
            host = text(urlsplit(self.html_url or "").netloc, 200).lower()
        except ValueError:
            return ""
        return "" if host in ("", PUBLIC_HOST) else host

    @property
    def key(self) -> str:
        """Identifies it: ids are counted by each GitHub for itself."""
        return f"github:{self.host}/{self.id}" if self.host else f"github:{self.id}"

    @property
    def name(self) -> str:
        """`owner/name`, for people."""
        return text(self.full_name, 200)


class Event(Part):
    """The fields that we read of every event."""

    action: str
    repository: Repository


def service_of(repository: Repository, settings: GithubSettings) -> str:
    """The service that the repository holds."""
    host = repository.host
    found = settings.service_of(repository.name, f"{host}/{repository.name}" if host else "")
    return found.strip()[:200] or "unknown"


def unreleased(ref: str, settings: GithubSettings) -> str:
    """Why what happened at this branch or ref is ignored; empty: it is not."""
    branch = ref.removeprefix("refs/heads/")
    if settings.branches and ref and branch not in settings.branches:
        return f"'{ref}' is not among github.branches"
    if ref.startswith("refs/pull/") and not settings.branches:
        return f"'{ref}' is a pull request: nothing of it runs"
    if branch.startswith(QUEUE):
        return f"'{ref}' is of a merge queue: nothing of it is released"
    return ""


def details(**values: Any) -> dict[str, Any]:
    """Those that have a value."""
    return {name: value for name, value in values.items() if value not in (None, "")}

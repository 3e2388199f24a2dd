"""Who may put on record that they have read a review."""

from __future__ import annotations

from schemas.people import Right
from schemas.settings import Settings

MAY_READ = Right.EVIDENCE
"""An auditor, too: it changes nothing but the record, and nobody is further from who wrote it."""


def readers_of(settings: Settings) -> list[str] | None:
    """The names of everybody who may; None: a sign-in service, or nobody, says who there is."""
    if settings.oidc is not None or not settings.people:
        return None
    return [name for name, person in settings.people.items() if person.may(MAY_READ)]

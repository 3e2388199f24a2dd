"""Whose a service is."""

from __future__ import annotations

from schemas.settings.settings import Settings


def team_of(service: str, labelled: str, settings: Settings) -> str:
    """As the alert's label `team` says, else as the service's target; empty: nobody says."""
    target = None if labelled else settings.target_of(service)
    return labelled or (target.team if target else "")

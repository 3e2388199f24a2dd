"""What several places of the settings say together: a target's limits, a service's team."""

from __future__ import annotations

from schemas.automation import Act, Limit
from schemas.settings.settings import Settings


def limit_of(act: Act, target: str, settings: Settings) -> Limit:
    """The limit of `[targets.NAME.limits]`, else that of `[automation.limits]`."""
    own = settings.targets[target].limits if target in settings.targets else {}
    return own.get(act) or settings.automation.limits.of(act)


def team_of(service: str, labelled: str, settings: Settings) -> str:
    """As the alert's label `team` says, else as the service's target; empty: nobody says."""
    target = None if labelled else settings.target_of(service)
    return labelled or (target.team if target else "")

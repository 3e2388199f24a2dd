"""How often the automation may do a thing to a target: its own limit, or the general one."""

from __future__ import annotations

from schemas.automation import Act, Limit
from schemas.settings.settings import Settings


def limit_of(act: Act, target: str, settings: Settings) -> Limit:
    """The limit of `[targets.NAME.limits]`, else that of `[automation.limits]`."""
    own = settings.targets[target].limits if target in settings.targets else {}
    return own.get(act) or settings.automation.limits.of(act)

"""What goes on by itself after a crash, and how long a step waits for the store."""

from __future__ import annotations

from pydantic import Field

from schemas.settings.sections import Section


class TakeoverSettings(Section):
    """Runs that died, and a store that is away; times in seconds.

    attempts: how often a run that died goes on by itself; then a person is called. 0: never.
    pending_within: how long a run may be about to start when it is not known which worker has it.
    store_within: how long a step waits for an incident store that does not answer.
    """

    attempts: int = Field(default=3, ge=0, le=20)
    pending_within: float = Field(default=120.0, ge=10)
    store_within: float = Field(default=60.0, ge=0, le=600)

"""The table `[targets.NAME.patch]`: the gates of a hotfix, and who approves it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Command = Annotated[tuple[str, ...], Field(min_length=1)]
"""A program with its arguments, run without a shell."""
GateName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class TargetPatch(BaseModel):
    """One `[targets.NAME.patch]` table.

    gates: the command of each gate, run in a work tree of the hotfix; exit code 0 passes.
    gate_timeout: seconds for one gate.
    lock_command: updates the lock files after a manifest was changed.
    approval_timeout: how long the run waits for a person.
    approvers: who may approve; empty: anybody who gives a name.
    supplied_patches: accept a patch that comes with the alert. Its code runs in the gates: in a
    sandbox, or after somebody has approved it.
    judges: patterns of further files that judge a change: the gates get them from the commit that
    runs, whatever a supplied patch makes of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    gates: dict[GateName, Command] = Field(default_factory=dict)
    gate_timeout: float = Field(default=1800.0, gt=0)
    lock_command: tuple[str, ...] = ()
    approval_timeout: timedelta = Field(default=timedelta(hours=24), gt=timedelta())
    approvers: tuple[str, ...] = ()
    supplied_patches: bool = True
    judges: tuple[str, ...] = ()

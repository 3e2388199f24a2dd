"""The acts by which the automation changes something outside, with their words."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Act(StrEnum):
    """What the automation may do to a target, or to an agent of it."""

    ROLLBACK = "rollback"
    ISOLATION = "isolation"
    SUSPENSION = "suspension"
    FREEZE = "freeze"
    REVOCATION = "revocation"
    HOTFIX = "hotfix"


class ActWords(NamedTuple):
    """One act in words; `{}` is what it is done to, in `by_hand` its target.

    undone: what is so when it was not begun. one, many: what is counted. by_hand: how a person does
    it.
    """

    undone: str
    one: str
    many: str
    by_hand: str

    def undone_of(self, subject: str) -> str:
        """For people: `shop is not rolled back`."""
        return self.undone.format(subject)


ACTS: dict[Act, ActWords] = {
    Act.ROLLBACK: ActWords(
        "{} is not rolled back",
        "rollback of {}",
        "rollbacks of {}",
        "`aeef rollback --target {}`",
    ),
    Act.ISOLATION: ActWords(
        "{} is not isolated",
        "isolation of {}",
        "isolations of {}",
        "`aeef isolate --target {}`",
    ),
    Act.SUSPENSION: ActWords(
        "{} is not suspended",
        "suspension of an agent of {}",
        "suspensions of agents of {}",
        "`suspend-agent/by hand` in Prefect",
    ),
    Act.FREEZE: ActWords(
        "{} is not frozen",
        "freeze of {}",
        "freezes of {}",
        "`aeef freeze on --target {}`",
    ),
    Act.REVOCATION: ActWords(
        "no credential of {} is revoked",
        "revocation of credentials of {}",
        "revocations of credentials of {}",
        "`revoke-credentials/by hand` in Prefect",
    ),
    Act.HOTFIX: ActWords(
        "no hotfix of {} is made or deployed",
        "hotfix of {}",
        "hotfixes of {}",
        "`emergency-patch/prepare` in Prefect, with your name as requested_by,",
    ),
}

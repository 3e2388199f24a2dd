"""What people are here for, and what each of these roles may do."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class Right(StrEnum):
    """What a request needs.

    READ: see incidents. EVIDENCE: read evidence and exports, which is logged.
    RESPOND: act on incidents. APPROVE: sign off; for which role, the approval says.
    ADMIN: people's tokens, bodies that were refused, holds.
    """

    READ = "read"
    EVIDENCE = "evidence"
    RESPOND = "respond"
    APPROVE = "approve"
    ADMIN = "admin"


class Role(StrEnum):
    """A role of a person."""

    READER = "reader"
    RESPONDER = "responder"
    PRODUCT = "approver-product"
    ENGINEERING = "approver-engineering"
    GOVERNANCE = "approver-governance"
    SECURITY = "approver-security"
    AUDITOR = "auditor"
    ADMIN = "admin"

    @property
    def in_words(self) -> str:
        """As people say it: `Engineering` for the role that approves for it."""
        return self.value.removeprefix("approver-").capitalize()


APPROVERS = (Role.PRODUCT, Role.ENGINEERING, Role.GOVERNANCE, Role.SECURITY)
"""Those who sign off, each for their own part."""

_RESPONDS = frozenset({Right.READ, Right.EVIDENCE, Right.RESPOND})
_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.READER: frozenset({Right.READ}),
    Role.RESPONDER: _RESPONDS,
    **dict.fromkeys(APPROVERS, _RESPONDS | {Right.APPROVE}),
    Role.AUDITOR: frozenset({Right.READ, Right.EVIDENCE}),
    Role.ADMIN: frozenset(Right),
}


def rights_of(roles: Collection[Role]) -> frozenset[Right]:
    """What somebody with these roles may do; nothing without a role."""
    return frozenset[Right]().union(*(_RIGHTS[role] for role in roles))


def roles_with(right: Right) -> tuple[Role, ...]:
    """The roles that have a right, for whoever lacks it."""
    return tuple(role for role, rights in _RIGHTS.items() if right in rights)

"""The tables `[approvals.WHAT]`: whose signatures an act needs, and how long it waits for them."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from schemas.people import APPROVERS, Role

ANYONE = "anyone"
"""In `needs`: a signature of anyone who may approve, for whatever part."""
SIGNED_IN = "signed-in"
"""In `needs`: a signature of anyone who responds, where nobody is an approver."""
_ROLES = {role.value.removeprefix("approver-"): role for role in APPROVERS}


class What(StrEnum):
    """What of ours may ask for an approval; a step of an author's own has a name of its own."""

    HOTFIX = "hotfix"
    RESTORE = "restore"
    RELEASE_FREEZE = "release-freeze"
    RESUME_AGENT = "resume-agent"
    CONFIRM = "confirm"


WhatName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
"""The word of a table `[approvals.WORD]`."""


class Need(NamedTuple):
    """One signature that is needed: of somebody with one of these roles; none: anyone's."""

    roles: frozenset[Role]

    def is_met_by(self, roles: frozenset[Role]) -> bool:
        """True when somebody with these roles can give it."""
        if not self.roles:
            return bool(roles & {*APPROVERS, Role.ADMIN})
        return bool(self.roles & roles)

    def __str__(self) -> str:
        if Role.RESPONDER in self.roles:
            return "anyone signed in"
        return " or ".join(r.in_words for r in APPROVERS if r in self.roles) or "anyone who may"


def need_of(text: str) -> Need:
    """The need that a word of `needs` names: `product`, `governance or security`, `anyone`."""
    if text.strip() == ANYONE:
        return Need(frozenset())
    if text.strip() == SIGNED_IN:
        return Need(frozenset({*APPROVERS, Role.ADMIN, Role.RESPONDER}))
    names = [part.strip() for part in text.split(" or ")]
    if unknown := [name for name in names if name not in _ROLES]:
        known = ", ".join([*_ROLES, ANYONE, SIGNED_IN])
        raise ValueError(f"no role {unknown[0][:40]!a}; there are: {known}; 'a or b' for either")
    return Need(frozenset(_ROLES[name] for name in names))


def _is_need(text: str) -> str:
    need_of(text)
    return text


class ApprovalRule(BaseModel):
    """One table `[approvals.WHAT]`.

    needs: one word for each signature, each by a person of its own. at_least: so many of them are
    enough; default: all. expires: how long it waits.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    needs: tuple[Annotated[str, AfterValidator(_is_need)], ...] = Field(
        default=(ANYONE,), min_length=1, max_length=12
    )
    at_least: int | None = Field(default=None, ge=1)
    expires: timedelta | None = Field(default=None, gt=timedelta())

    @model_validator(mode="after")
    def _can_be_met(self) -> ApprovalRule:
        if self.at_least is not None and self.at_least > len(self.needs):
            raise ValueError(f"at_least is {self.at_least}, but there are {len(self.needs)} needs")
        return self

    @property
    def enough(self) -> int:
        """How many of the needs have to be met."""
        return self.at_least or len(self.needs)

    def __str__(self) -> str:
        said = ", ".join(str(need_of(each)) for each in self.needs)
        return said if self.enough == len(self.needs) else f"{self.enough} of: {said}"


DEFAULT_RULE = ApprovalRule()
"""One person who may approve."""
NO_ROLES_RULE = ApprovalRule(needs=(SIGNED_IN,))
"""Where people are configured, and none of them is an approver."""
EXPIRES = timedelta(hours=24)
"""How long an approval waits where nothing else is said."""

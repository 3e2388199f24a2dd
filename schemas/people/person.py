"""A person as the configuration names them: `[people.NAME]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas.people.role import Right, Role, rights_of

PersonName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""By which a person is written in the configuration and on record."""
Email = Annotated[str, StringConstraints(pattern=r"^[^\s@<>]+@[^\s@<>]+$", max_length=254)]
SlackUser = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,}$")]
PagerDutyUser = Annotated[str, StringConstraints(pattern=r"^P[A-Z0-9]{3,}$")]


class Person(BaseModel):
    """A table `[people.NAME]`; name: the NAME, which the settings fill in.

    slack, pagerduty: the ids by which those services know this person.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: PersonName
    display_name: str = Field(default="", max_length=100)
    email: Email | None = None
    roles: tuple[Role, ...] = Field(min_length=1)
    slack: SlackUser | None = None
    pagerduty: PagerDutyUser | None = None

    @property
    def called(self) -> str:
        """How others call them."""
        return self.display_name or self.name

    def may(self, right: Right) -> bool:
        """True when one of the roles has the right."""
        return right in rights_of(self.roles)


FIRST_ADMIN = Person(name="admin", display_name="Administrator", roles=(Role.ADMIN,))
"""Who the sign-in link of `aeef up` is for while nobody is in `[people]`."""


def everybody(people: Mapping[str, Person]) -> Mapping[str, Person]:
    """The people of the configuration by name; without any the first administrator."""
    return people or {FIRST_ADMIN.name: FIRST_ADMIN}

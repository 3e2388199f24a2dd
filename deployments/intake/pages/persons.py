"""What the pages ask of whoever knows the people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from schemas.people import Right


class Persons(Protocol):
    """Finds out which person asks: `Depends(persons.person(Right.READ))`."""

    def person(self, right: Right) -> Callable[..., Any]:
        """A dependency that returns the Actor, or refuses who has not this right."""

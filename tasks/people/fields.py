"""What acts ask for: fields that the form, the command line and the API are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

POSITIONAL: dict[str, Any] = {"positional": True}
"""In a field's schema: on the command line it follows the incident's id, without an option."""
REST: dict[str, Any] = {"rest": True}
"""In a field's schema: behind `/aeef` it takes all the words that are left, and stands last."""
LONGEST = 4000

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)]
"""A text that must be there."""
MaybeWords = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST)]
Reason = Annotated[Words, Field(description="Why; goes on record.")]
MaybeReason = Annotated[MaybeWords, Field(description="Why; goes on record.")]
Service = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

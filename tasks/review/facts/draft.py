"""Drafts what the record, the repositories and the provenance say; what is not there is said.

Each section is a list of objects. `text`: a sentence. `at`: when, ISO 8601. `by`: who, as on
record. `entry`: the number in the audit log. `url`: where more of it is. Other fields are named
in words.

summary, impact: proposals, for people to change. times: what came when, of each occurrence.
timeline: every entry. automation, people: what each did. change: the release that was live.
gates: of its provenance. similar: incidents before.
"""

from __future__ import annotations

from collections.abc import Callable

from git.exc import GitError
from pydantic import JsonValue

from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.model import utc_now
from schemas.review import Facts
from schemas.settings import Settings
from tasks.base.trim import one_line
from tasks.review.facts.change import change_and_gates
from tasks.review.facts.happened import happened
from tasks.review.facts.section import Found
from tasks.review.facts.similar import similar
from tasks.store import Store

PARTS: tuple[tuple[str, Callable[[Incident, Settings, Store], Found]], ...] = (
    ("the record", happened),
    ("the change that was live", change_and_gates),
    ("similar incidents", similar),
)


def draft_facts(incident: Incident, settings: Settings, store: Store) -> Facts:
    """Everything that can be seen now. What cannot be read is named in `not_seen`."""
    sections: dict[str, JsonValue] = {}
    not_seen: list[str] = []
    for name, find in PARTS:
        try:
            found = find(incident, settings, store)
        except (AeefError, GitError, OSError) as error:
            not_seen.append(f"{name}: {one_line(str(error))[:300]}")
            continue
        sections |= found.sections
        not_seen += found.not_seen
    masked = store.masked_json({"sections": sections, "notSeen": not_seen})
    return Facts.model_validate({"draftedAt": utc_now(), **masked})

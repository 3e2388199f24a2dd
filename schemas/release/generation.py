"""How a change was generated with AI, as far as a provenance record or a commit tells it.

Sources: AEEF's schema `ai-provenance`, the record of its command-line tools, and the trailers and
the `AI-Attribution` block of a commit (AEEF, "Code Provenance & Attribution").
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field

from schemas.model import Model
from schemas.release.aeef_record import commit_of, part

LONGEST = 200
"""Characters of one value: it is text of others, to be shown."""
MOST_ROLES = 20
_NOTHING = frozenset({"", "n/a", "unknown", "not-available", "not available", "(not set)"})
_BLANK = re.compile(r"<[^<>]*>")
"""A place of the template that nobody filled in."""
_NAMED = {
    "ai-tool": "tool",
    "ai-model-version": "model",
    "ai-prompt-ref": "prompt",
    "ai-session-id": "session",
    "ai-human-modifications": "modifications",
    "ai-reviewed-by": "reviewer",
    "tool": "tool",
    "model-version": "model",
    "prompt-ref": "prompt",
    "session-id": "session",
    "generation-date": "generated_at",
    "human-modifications": "modifications",
    "reviewer": "reviewer",
}
_FIELD = re.compile(r"\s*([A-Za-z-]{4,30}):[ \t]*(\S.*)")


class Generation(Model):
    """What one record or commit says. Nothing said: None, never a guess.

    source: where it is said, as a path or `commit 1a2b3c…`. commit: the one that it is for.
    review: `approved`, `rejected`, `escalated`, `completed` or `pending`.
    modifications: by people: `none`, `minor`, `moderate`, `substantial`.
    roles: of the agents that took part.
    """

    source: str
    commit: str | None = None
    tool: str | None = None
    tool_version: str | None = None
    model: str | None = None
    provider: str | None = None
    prompt: str | None = None
    session: str | None = None
    generated_at: str | None = None
    reviewer: str | None = None
    review: str | None = None
    modifications: str | None = None
    roles: tuple[str, ...] = Field(default=(), max_length=MOST_ROLES)

    @property
    def said(self) -> str:
        """In words, for a record: `claude-code 2.1, claude-opus-4, reviewed by jane`."""
        tool = " ".join(part for part in (self.tool, self.tool_version) if part)
        review = f"reviewed by {self.reviewer}" if self.reviewer else ""
        if self.review:
            review = f"{review} ({self.review})" if review else f"review {self.review}"
        changed = f"changed by people: {self.modifications}" if self.modifications else ""
        parts = (tool or "tool not said", self.model or "model not said", review, changed)
        return ", ".join(part for part in parts if part)


def generation_in(data: Any, source: str) -> Generation | None:
    """What a provenance record says, in any shape; None when it says nothing of a generation.

    Ours may have `generation` and `review` beside `stages`. Raises nothing, whatever the data.
    """
    inner = part(data, "provenance") or data
    generation, review = part(inner, "generation"), part(inner, "review")
    done = part(inner, "compliance").get("human_review_completed")
    said = {
        "tool": generation.get("tool"),
        "tool_version": generation.get("tool_version"),
        "model": generation.get("model_version") or generation.get("model"),
        "provider": generation.get("provider"),
        "prompt": generation.get("prompt_template_ref"),
        "session": generation.get("session_id"),
        "generated_at": generation.get("generation_timestamp")
        or part(inner, "metadata").get("timestamp"),
        "reviewer": review.get("reviewer"),
        "review": review.get("approval_status") or _completed(done),
        "modifications": review.get("human_modifications"),
    }
    if not generation and not review:
        return None
    said["commit"] = commit_of(data) or data.get("commit")
    roles = generation.get("agent_roles_used")
    named = [_said(each) for each in (roles if isinstance(roles, list) else [])[:MOST_ROLES]]
    return Generation(
        source=source[:LONGEST],
        roles=tuple(each for each in named if each),
        **{name: _said(value) for name, value in said.items()},
    )


def generation_in_message(message: str, commit: str) -> Generation | None:
    """What the trailers or the `AI-Attribution` block of a commit say; None when there are none."""
    found: dict[str, str] = {}
    in_block = False
    for line in message.splitlines():
        if line.strip() == "AI-Attribution:":
            in_block = True
            continue
        field = _FIELD.fullmatch(line)
        name = field[1].lower() if field else ""
        is_indented = line[:1].isspace()
        in_block = in_block and is_indented
        if field and name in _NAMED and (name.startswith("ai-") or in_block):
            found.setdefault(_NAMED[name], field[2])
    said = {name: value for name, text in found.items() if (value := _said(text))}
    return Generation(source=f"commit {commit[:12]}", commit=commit, **said) if said else None


def _completed(done: Any) -> str | None:
    if done is None:
        return None
    return "completed" if done is True or done == "true" else "pending"


def _said(value: Any) -> str | None:
    """The value as one short line; None for what stands for nothing."""
    if not isinstance(value, str):
        return None
    text = " ".join(value.split())[:LONGEST]
    return None if text.casefold() in _NOTHING or _BLANK.fullmatch(text) else text

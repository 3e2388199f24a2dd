"""The question whether a hotfix is deployed: exactly what people are shown of it."""

from __future__ import annotations

from schemas.approvals import Question, What
from schemas.incident import Incident
from schemas.patch import GateResults, PreparedPatch
from schemas.settings import Settings
from tasks.base.markdown import literal
from tasks.patch.prepare_patch import patch_settings
from tasks.store.claim_keys import EMERGENCY_PATCH

_DESCRIPTION = 8_000


def hotfix_question(
    patch: PreparedPatch, gates: GateResults, asked_by: str, author: str, settings: Settings
) -> Question:
    """What is asked. asked_by: the person who started it. author: who sent the patch."""
    configured = patch_settings(settings.target(patch.target))
    return Question(
        what=What.HOTFIX,
        subject=patch.target,
        shown=describe(patch, gates),
        asked_by=asked_by,
        authors=(author,) if author and patch.supplied else (),
        only=configured.approvers,
        expires=configured.approval_timeout,
    )


def describe(patch: PreparedPatch, gates: GateResults) -> str:
    """The question as Markdown, without markup from the sender."""
    lines = [f"Hotfix of **{patch.target}**: {_plain(patch.branch)} ({_plain(patch.commit)})"]
    lines += [f"- {_plain(str(change))}" for change in patch.changes]
    lines += [f"- **{_plain(text)}**" for text in (patch.warning, gates.said) if text]
    lines += [f"- gate {_plain(str(result))}" for result in gates.results]
    lines += [f"- **NOT patched** {_plain(str(each))}" for each in patch.unpatched]
    return "\n".join(lines)[:_DESCRIPTION]


def besides(patch: PreparedPatch, gates: GateResults) -> str:
    """What the page and the message say of it, beside that it waits."""
    left = len(patch.unpatched)
    leaves = f"it leaves {left} findings as they are" if left else None
    how = f"read it with 'git show {patch.branch}'"
    return "; ".join(filter(None, (how, patch.warning, gates.said, leaves)))


def approval_link(incident: Incident, settings: Settings) -> str:
    """The URL of the run in Prefect's UI."""
    return f"{settings.base_url}/incidents/{incident.incident_id}/run/{EMERGENCY_PATCH}"


def _plain(text: str | None) -> str:
    return literal(text or "")

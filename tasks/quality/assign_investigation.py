"""Decides who investigates falling quality, and why."""

from __future__ import annotations

from schemas.quality import ON_CALL, Assessment, Investigation, Owner, decide_owner
from schemas.settings import Settings, Target
from tasks.case import Case
from tasks.quality.code_owners import code_owners, commits_touching
from tasks.reports.report_files import shown
from tasks.step import step
from tasks.target.repository import TargetRepository


def find_owner(target: Target, assessment: Assessment, settings: Settings) -> Investigation:
    """The CODEOWNERS owner of most of the loss, else its last author, else the on-call.

    Changes nothing. Raises TargetError when the repository cannot be used.
    """
    with TargetRepository(target) as repository:
        rules, notes = code_owners(repository, assessment.commit)
        paths = [suspect.path for suspect in assessment.suspects]
        since = assessment.baseline if assessment.fell else None
        commits = commits_touching(repository, paths, since, assessment.commit)
        # A file also gets worse when its tests are removed: then its author knows most.
        untouched = [path for path, found in commits.items() if not found]
        earlier = commits_touching(repository, untouched, None, assessment.commit)
    found = decide_owner(assessment.suspects, rules, commits, settings.owners, earlier)
    return found.model_copy(update={"commits": commits, "notes": tuple(notes)})


def _said(investigation: Investigation) -> str:
    owner = shown(investigation.owner)
    return f"assigned the investigation to {owner}: {shown(investigation.because)}"


@step("assign the investigation", says=_said, timeout=300)
def assign_investigation(case: Case, assessment: Assessment | None) -> Investigation:
    """Decide who investigates; the on-call when nothing was measured."""
    settings = case.settings
    if assessment is None:
        on_call = settings.owners.get(ON_CALL, Owner())
        why = "nothing was measured, so no file is known"
        return Investigation(owner=ON_CALL, because=why, jira=on_call.jira, slack=on_call.slack)
    return find_owner(settings.target(assessment.target), assessment, settings)

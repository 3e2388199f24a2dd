"""Looks at whether a corrective action worked: asks its question, and says only what was seen."""

from __future__ import annotations

import re
from datetime import datetime

from git.exc import GitCommandError

from schemas.corrective import CorrectiveAction
from schemas.corrective.question import FilePresent, GatePasses, NoRecurrence, question_of
from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.lifecycle import Disposition
from schemas.release import Deployment
from schemas.settings import Settings
from tasks.base.storable import first_line
from tasks.store import Store
from tasks.target.release_files import find_history, gates_of
from tasks.target.repository import TargetRepository

FAILURE_MODE = "failure-mode"
"""The question of a review that classifies it (`schemas/review/questions.py`)."""
NO_INCIDENT = (Disposition.FALSE_ALARM, Disposition.DUPLICATE)
"""What ended so is not a class that came back; a duplicate's first one counts."""
_OF_A_GATE = re.compile(r"(?:.+\.json: )?(?:required )?gate '")
"""A problem with a single gate, in `gates_of`; a record that is found by what it names leads it."""
LARGEST_FILE = 5_000_000
LONGEST_SEEN = 400

Seen = tuple[bool | None, str]
"""Whether it worked, None: it could not be seen; and one sentence."""


def look_at_effect(action: CorrectiveAction, store: Store, settings: Settings) -> Seen:
    """Ask the action's question now. Never raises: what could not be looked at was not seen."""
    question = question_of(action.question)
    if question is None or action.verified_at is None:
        return None, "it has no question that can be looked at"
    try:
        match question:
            case NoRecurrence():
                worked, said = _came_back(question, action, action.verified_at, store)
            case GatePasses():
                worked, said = _gate(question, settings)
            case FilePresent():
                worked, said = _file(question, settings)
    except (AeefError, GitCommandError, OSError) as error:
        worked, said = None, f"{question}: {error}"
    return worked, first_line(said, LONGEST_SEEN)  # it names what the target's files say


def _came_back(
    question: NoRecurrence, action: CorrectiveAction, since: datetime, store: Store
) -> Seen:
    when = f"since {since:%Y-%m-%d %H:%M} UTC"
    if question.type == "unknown" and not question.services:
        return None, f"neither type nor service of {action.reference}'s incident is known"
    own = question.failure_mode or _mode(str(action.incident_id), store)

    def is_alike(incident: Incident) -> bool:
        if _is_other_service(question, incident):
            return False
        if store.lifecycle.standing(incident.incident_id).disposition in NO_INCIDENT:
            return False
        mode = _mode(str(incident.incident_id), store)
        return not (own and mode and own != mode)

    again = store.corrective.came_back(question.type, since, is_alike)
    if again is None:
        return True, f"{question}: none is on record {when}"
    mode = _mode(str(again.incident_id), store)
    alike = f", by {mode}" if mode else "; how it failed is not known yet" if own else ""
    return False, f"it came back {when}: {again.title}{alike}"


def _is_other_service(question: NoRecurrence, incident: Incident) -> bool:
    """True when both name services, and none is the same."""
    there = set(incident.affected_services)
    return bool(question.services and there) and there.isdisjoint(question.services)


def _mode(incident_id: str, store: Store) -> str:
    review = store.reviews.of(incident_id)
    return review.text(FAILURE_MODE).strip() if review else ""


def _gate(question: GatePasses, settings: Settings) -> Seen:
    with TargetRepository(settings.target(question.target)) as repository:
        newest = _newest(repository)
        if newest is None:
            return None, f"{question}: {question.target} has no deployment on record"
        commit = repository.find_commit(newest.commit) or newest.commit
        gates, problems = gates_of(repository, commit)
    of = f"the provenance of {commit[:12]}"
    # What is wrong with single gates is read below; else the record itself cannot be relied on.
    odd = [each for each in problems if not _OF_A_GATE.match(each)]
    if not gates or odd:
        return None, f"{question}: {'; '.join(odd) or f'{of} has no gates'}"
    failed = f"gate '{question.gate}' has status "
    if elsewhere := next((each for each in problems if f": {failed}" in each), ""):
        return False, f"{of}: {elsewhere}"  # of several records, one says so
    status = gates.get(question.gate)
    if status is None:
        return False, f"the gate '{question.gate}' is not in {of}"
    if status != "pass":
        return False, f"the gate '{question.gate}' has the status '{status}' in {of}"
    return True, f"the gate '{question.gate}' is in {of}, and passed"


def _file(question: FilePresent, settings: Settings) -> Seen:
    with TargetRepository(settings.target(question.target)) as repository:
        newest = _newest(repository)
        commit = newest and repository.find_commit(newest.commit)
        if not newest or not commit:
            there = f"its commit {newest.commit[:12]} is not here" if newest else "it has none"
            return None, f"{question}: {there}"
        of = f"the release {commit[:12]} of {question.target}"
        found = repository.names(
            "--literal-pathspecs", "ls-tree", "-z", "--long", commit, "--", question.path
        )
        if not found:
            return False, f"{question.path} is not in {of}"
        kind, identity, size = found[0].partition("\t")[0].split()[1:4]
        if kind != "blob" or not question.text:
            return True, f"{question.path} is in {of}"
        if int(size) > LARGEST_FILE:
            return None, f"{question.path} in {of} is too large to be read"
        content = repository.blob(identity).decode("utf-8", "replace")
    if question.text in content:
        return True, f"{question.path} with '{question.text}' in it is in {of}"
    return False, f"{question.path} is in {of}, without '{question.text}'"


def _newest(repository: TargetRepository) -> Deployment | None:
    """What was deployed last. Raises TargetError when the history cannot be read."""
    history = find_history(repository)
    return None if history is None else next(iter(history.newest_first()), None)

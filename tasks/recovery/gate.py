"""The gate before full traffic: proof of the fix, a first corrective action, people's sign-offs."""

from __future__ import annotations

from git import GitCommandError

from schemas.approvals import ApprovalRule
from schemas.corrective import Stage
from schemas.errors import AeefError, NotPossibleNow
from schemas.model import utc_now
from schemas.recovery import Recovery, RecoverySettings, lacks
from schemas.release import same_commit
from schemas.settings import Settings, Target
from tasks.store import open_store
from tasks.target.release_files import commits_with_records, find_history, gates_of
from tasks.target.repository import TargetRepository


def rules_of(target: Target, settings: Settings) -> RecoverySettings:
    """`[recovery]`, or the target's own table."""
    return target.recovery or settings.recovery


def going_on(target: Target, settings: Settings) -> list[Recovery]:
    """What the target recovers from; nothing while `[recovery]` is off for it."""
    if not rules_of(target, settings).is_on:
        return []
    found = open_store(settings).recoveries.going_on()
    return [each for each in found if each.target == target.name]


def sign_offs(target: Target, settings: Settings) -> ApprovalRule | None:
    """Whose signatures give it back; None when it recovers from nothing."""
    return rules_of(target, settings).rule if going_on(target, settings) else None


def refuse_unrecovered(target: Target, settings: Settings, otherwise: str) -> None:
    """Let pass what may be signed off. Raises NotPossibleNow that lists what is missing."""
    missing: list[str] = []
    for each in going_on(target, settings):
        fix = proven_fix(target, each.failing)
        missing += lacks(_with_action(each, settings), rules_of(target, settings), fix)
    if missing:
        raise NotPossibleNow(f"{otherwise}: {'; '.join(dict.fromkeys(missing))}")


def _with_action(recovery: Recovery, settings: Settings) -> Recovery:
    """With the first corrective action, also when it is one with an owner and a day."""
    if recovery.corrective_action:
        return recovery
    actions = open_store(settings).corrective.of(recovery.incident_id)
    first = next((each.text for each in actions if each.stage is not Stage.WAIVED), "")
    return recovery.model_copy(update={"corrective_action": first})


def proven_fix(target: Target, failing: str | None) -> str | None:
    """A release that is newer than the failing one and passed every required gate.

    Newer: the failing commit is one of its ancestors. Raises TargetError when the target's
    repository cannot be read.
    """
    if failing is None:
        return None
    with TargetRepository(target) as repository:
        history = find_history(repository)
        known = [each.commit for each in history.newest_first()] if history else []
        known += commits_with_records(repository)
        for name in dict.fromkeys(known):
            commit = _commit(repository, name)
            if commit is None or not _is_newer(repository, commit, failing):
                continue
            if not gates_of(repository, commit)[1]:
                return commit
    return None


def _commit(repository: TargetRepository, name: str) -> str | None:
    try:
        return repository.find_commit(name)
    except AeefError:
        return None


def _is_newer(repository: TargetRepository, commit: str, failing: str) -> bool:
    if same_commit(commit, failing):
        return False
    try:
        repository.git("merge-base", "--is-ancestor", failing, commit)
    except GitCommandError:
        return False
    return True


def freed(target: Target, settings: Settings, by: str) -> None:
    """Traffic is given back, or deployments are allowed: the watch begins. Once."""
    rules, store = rules_of(target, settings), open_store(settings)
    now = utc_now()
    until = now + rules.watch
    for each in going_on(target, settings):
        if not each.is_held:
            continue
        store.recoveries.change(
            each,
            f"{target.name} is free again, approved by {by}: watched more closely until"
            f" {until:%Y-%m-%d %H:%M} UTC",
            freed_at=now,
            watch_until=until,
        )


def settled_longer(target: Target, settings: Settings) -> Target:
    """The target as a release of it is judged now: longer, while it is watched."""
    if not any(each.is_watched(utc_now()) for each in going_on(target, settings)):
        return target
    health, settle = target.health, rules_of(target, settings).settle
    if settle <= health.window:
        return target
    longer = {"settle": settle, "deadline": health.deadline + settle}
    return target.model_copy(update={"health": health.model_copy(update=longer)})

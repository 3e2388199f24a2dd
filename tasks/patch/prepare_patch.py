"""Prepares an incident's hotfix: a branch on the running commit, in the target's repository.

The work tree checked out there is neither read nor changed.
"""

from __future__ import annotations

from pathlib import Path

from git.exc import GitCommandError

from schemas.automation import Act
from schemas.errors import PatchError
from schemas.findings import findings_of
from schemas.incident import Alert, Incident
from schemas.patch import PreparedPatch, TargetPatch
from schemas.patch.judges import judges_among, run_by_gates
from schemas.settings import Settings, Target
from tasks.base.run_command import end_orphan, run_command
from tasks.case import Case, Intent
from tasks.deploy.running_commit import running_commit
from tasks.incident.evidence import Evidence
from tasks.patch.patch_tree import PatchTree, patch_tree, work_tree
from tasks.patch.place import patch_place, running_pid
from tasks.patch.plan_patch import PatchPlan, plan_patch
from tasks.patch.supplied_patch import supplied_patch
from tasks.step import log_line, step
from tasks.store import open_store
from tasks.target.fetch import fetch_commit
from tasks.target.open_file import open_file
from tasks.target.repository import TargetRepository

BRANCH = "hotfix/"
_MOST_BRANCHES = 50
_LARGEST_LOCK = 50_000_000
_LARGEST_MESSAGE = 20_000


def _prepared(patch: PreparedPatch) -> str:
    if patch.commit is None:
        return f"no hotfix for {patch.target} could be made of {patch.base[:12]}: {patch}"
    return f"prepared {patch.branch} ({patch.commit[:12]} on {patch.base[:12]}): {patch}"


@step("prepare the patch", says=_prepared, timeout=2 * 3600)
def prepare_patch(case: Case, asked_by: str = "") -> PreparedPatch:
    """Put the smallest fixed versions and the supplied patch on a new branch.

    asked_by: the person who asks for it; empty for a runbook, whose hotfixes have a limit.
    Called again, it finds the branch and changes nothing. If nothing can be patched, the
    branch points to the base, ready for a person to commit to. Raises PatchError or TargetError
    that names the problem.
    """
    incident, alert = case.incident, case.alert
    target = target_of(incident, case.settings)
    case.begin(intent_of(case, target, asked_by))
    base = _base(target)
    with TargetRepository(target) as repository, patch_tree(repository, base) as tree:
        work = _Preparation(tree, target, incident, case.settings)
        return work.prepare(alert)


def intent_of(case: Case, target: Target, asked_by: str = "") -> Intent:
    """To make a hotfix of the incident, which is then deployed if somebody approves it."""

    def would() -> str:
        patch = plan_for(case.incident_id, case.settings)
        return f"would make a hotfix of {target.name}, test it and ask for approval: {patch}"

    return Intent(Act.HOTFIX, target.name, would, asked_by)


def plan_for(incident_id: str, settings: Settings) -> PreparedPatch:
    """What `prepare_patch` would do. Changes nothing, not even git's objects."""
    store = open_store(settings)
    incident, alert = store.incident(incident_id), store.alert(incident_id)
    target = target_of(incident, settings)
    base = _base(target)
    with (
        TargetRepository(target) as repository,
        patch_tree(repository, base, dry_run=True) as tree,
    ):
        patch = supplied_patch(incident_id, settings)
        plan = plan_patch(tree, findings_of(alert), patch, patch_settings(target))
    return _result(target, base, plan)


def target_of(incident: Incident, settings: Settings) -> Target:
    """The target of the incident's service. Raises PatchError when there is none."""
    target = settings.target_of(incident.service)
    if target is None:
        raise PatchError(
            f"service '{incident.service}' belongs to no configured target; add it to"
            " `services` of a [targets.NAME] table in aeef.toml"
        )
    return target


def patch_settings(target: Target) -> TargetPatch:
    """The target's table `patch`, or the defaults."""
    return target.patch or TargetPatch()


def _base(target: Target) -> str:
    commit = running_commit(target)
    with TargetRepository(target) as repository:
        if commit and repository.find_commit(commit) is None:
            fetch_commit(repository, commit, target.deploy_timeout)
        found = repository.find_commit(commit) if commit else None
    if found is None:
        raise PatchError(f"it is not known which commit of {target.name} runs")
    return found


def _result(target: Target, base: str, plan: PatchPlan) -> PreparedPatch:
    settings = patch_settings(target)
    supplied = [each.file for each in plan.changes if each.package is None]
    commands = list(settings.gates.values())
    return PreparedPatch(
        judges=judges_among(supplied, commands, settings.judges),
        taken_back=run_by_gates(supplied, commands, settings.judges),
        target=target.name,
        base=base,
        changes=tuple(plan.changes),
        already=tuple(plan.already),
        locks=tuple(plan.locks),
        unpatched=tuple(plan.unpatched),
    )


class _Preparation:
    """The preparation of one hotfix."""

    def __init__(
        self, tree: PatchTree, target: Target, incident: Incident, settings: Settings
    ) -> None:
        self._tree = tree
        self._target = target
        self._incident = incident
        self._incident_id = str(incident.incident_id)
        self._settings = settings

    def prepare(self, alert: Alert) -> PreparedPatch:
        patch = supplied_patch(self._incident_id, self._settings)
        settings = patch_settings(self._target)
        plan = plan_patch(self._tree, findings_of(alert), patch, settings)
        result = _result(self._target, self._tree.base, plan)
        if not plan.changes:
            branch, _ = self._settle(self._tree.base, None)
            return result.model_copy(update={"branch": branch})
        message = self._message(result)
        commit = self._tree.commit(message, self._incident.detected_at)
        if plan.locks:
            before = self._ours(message)
            if before is None:
                self._refresh(plan.locks, self._versions_only(alert) if result.supplied else commit)
                commit = self._tree.commit(message, self._incident.detected_at)
        branch, commit = self._settle(commit, message)
        Evidence(self._incident_id, self._settings.home).keep(
            f"hotfix-{commit[:12]}.diff",
            self._tree.diff(),
            source=f"git diff {self._tree.base[:12]} {commit[:12]} in {self._target.name}",
        )
        return result.model_copy(update={"branch": branch, "commit": commit})

    def _versions_only(self, alert: Alert) -> str:
        """A commit of the raised versions only: nobody has approved to run the supplied patch."""
        repository, settings = self._tree.repository, patch_settings(self._target)
        with patch_tree(repository, self._tree.base) as tree:
            plan_patch(tree, findings_of(alert), None, settings)
            return tree.commit("The raised versions, for lock files", self._incident.detected_at)

    def _message(self, result: PreparedPatch) -> str:
        lines = [f"- {change}" for change in result.changes]
        text = "\n".join(
            [
                f"Emergency patch for incident {self._incident_id}",
                "",
                *("".join(c for c in line if c.isprintable()) for line in lines),
            ]
        )[:_LARGEST_MESSAGE]
        return f"{text}\n\nAEEF-Incident: {self._incident_id}\nAEEF-Tree: {self._tree.tree()}\n"

    def _settle(self, commit: str, message: str | None) -> tuple[str, str]:
        """Put the commit on a branch: the one that we created before, or a new one."""
        for number in range(1, _MOST_BRANCHES):
            name = self._name(number)
            present = self._branch(name)
            if present == commit or (present and message and self._is_ours(present, message)):
                return name, present
            if present is None:
                self._tree.git("update-ref", f"refs/heads/{name}", commit, "0" * len(commit))
                return name, commit
        raise PatchError(f"there are {_MOST_BRANCHES} branches {self._name(1)}… already")

    def _ours(self, message: str) -> str | None:
        for number in range(1, _MOST_BRANCHES):
            present = self._branch(self._name(number))
            if present is None or self._is_ours(present, message):
                return present
        return None

    def _name(self, number: int) -> str:
        return f"{BRANCH}{self._incident_id}" + (f"-{number}" if number > 1 else "")

    def _branch(self, name: str) -> str | None:
        try:
            return self._tree.repository.git("rev-parse", "--verify", "-q", f"refs/heads/{name}")
        except GitCommandError:
            return None

    def _is_ours(self, commit: str, message: str) -> bool:
        """True for our commit with the same changes, except in lock files."""
        said = self._tree.git("log", "-1", "--format=%P%n%B", commit)
        return said.strip() == f"{self._tree.base}\n{message}".strip()

    def _refresh(self, locks: list[str], commit: str) -> None:
        """Update the lock files by `lock_command`; its other changes are ignored."""
        place = patch_place(self._incident_id, self._settings)
        end_orphan(running_pid(place))
        settings = patch_settings(self._target)
        with work_tree(self._tree.repository, commit, place) as path:
            log_line(f"running {settings.lock_command[0]} for {', '.join(locks)}")
            finished = run_command(
                settings.lock_command,
                cwd=path,
                timeout=settings.gate_timeout,
                pid_file=running_pid(place),
            )
            if finished.problem:
                raise PatchError(f"the lock files could not be brought up to date: {finished}")
            entries = self._tree.entries()
            for lock in locks:
                entry = entries[lock]
                if entry.is_plain:
                    self._tree.write(lock, entry, _content(path, lock))


def _content(tree: Path, name: str) -> bytes:
    path = tree / name
    if path.parent.resolve() != (tree.resolve() / name).parent:
        raise PatchError(f"{name} is reached through a symbolic link: it is not followed")
    try:
        with open_file(path) as file:
            content = file.read(_LARGEST_LOCK + 1)
    except OSError as error:
        raise PatchError(f"{name} cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST_LOCK:
        raise PatchError(f"{name} has more than {_LARGEST_LOCK} bytes")
    return content

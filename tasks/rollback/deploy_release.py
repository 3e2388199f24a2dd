"""Deploys a planned release and verifies its health; else restores what was running."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from schemas.errors import AeefError, DeployFailed, DirtyWorkTree, NoProvenRelease, TargetError
from schemas.release import DeployedRelease, RollbackPlan
from schemas.settings import Target
from schemas.wording import some
from tasks.base.run_command import end_orphan, without_credentials
from tasks.deploy.check_health import wait_until_healthy, wrong_now
from tasks.deploy.choose_deployer import deployer_for
from tasks.deploy.deployer import Deployer, Report
from tasks.deploy.freezes import refuse_frozen
from tasks.rollback.check_work_tree import refuse_submodules, refuse_unready
from tasks.rollback.interrupted_checkout import finish_checkout
from tasks.rollback.journal import Journal, end_journal, read_journal, write_journal
from tasks.rollback.refuse_unchanged import refuse_unchanged
from tasks.rollback.what_runs import what_runs, what_was_put_back
from tasks.target.carry_records import finish_carrying, records_carried
from tasks.target.fetch import fetch_commit
from tasks.target.git_locks import GitBusy
from tasks.target.lock import records_lock, target_lock
from tasks.target.release_files import gates_of
from tasks.target.repository import TargetRepository, WorkTree


def deploy_release(
    target: Target,
    plan: RollbackPlan,
    *,
    home: Path,
    report: Report = lambda _: None,
    before_change: Callable[[], None] = lambda: None,
) -> DeployedRelease:
    """Deploy the planned release: inspect, check out, prepare, replace, verify, wait for health.

    It may be killed at any point and called again: it inspects the state and continues. Only one
    rollback of a target runs at a time. home: AEEF's own directory, for generated files.
    before_change: called when all is ready and before anything is changed; may raise.

    Raises TargetError, or DirtyWorkTree, when it stops before anything is changed;
    DeployFailed when it stops later: its text says which step failed, what is running, and
    whether the previous release could be restored.
    """
    if plan.target != target.name:
        raise TargetError("check plan", f"the plan is for {plan.target}, not for {target.name}")
    with (
        target_lock(target, home, waiting=report),
        TargetRepository(target) as repository,
        closing(deployer_for(target, home)) as deployer,
    ):
        refuse_frozen(target, home)
        return _Rollback(repository, deployer, plan, report, before_change).run()


class _Rollback:
    """One rollback, under the target's lock."""

    def __init__(
        self,
        repository: TargetRepository,
        deployer: Deployer,
        plan: RollbackPlan,
        report: Report,
        before_change: Callable[[], None],
    ) -> None:
        self._before_change = before_change
        self._repository = repository
        self._deployer = deployer
        self._plan = plan
        self._commit = plan.to_commit
        self._report = report
        self._replacing = False

    def run(self) -> DeployedRelease:
        unfinished = self._after_a_crash()
        self._refuse_unproven()
        self._deployer.check()
        if not self._plan.recreate and self._deployer.runs(self._plan):
            try:
                return self._done(changed=unfinished is not None, journal=unfinished)
            except TargetError as error:
                self._report(f"{self._commit[:12]} runs already, but is not healthy: {error}")
        self._refuse_if_unready()
        head = self._repository.head()
        journal = self._begin(unfinished, head)
        try:
            self._check_out(journal, head, self._commit)
        except (DirtyWorkTree, GitBusy):  # git refused, and changed nothing
            end_journal(self._repository)
            raise
        except Exception as error:  # whatever it was, the old release must come back
            raise self._failed(journal, error) from error
        try:
            self._deployer.prepare(self._plan, self._report)
            self._replacing = True
            self._deployer.start(self._commit, self._report)
            return self._done(changed=True, journal=journal)
        except Exception as error:  # whatever it was, the old release must come back
            raise self._failed(journal, error) from error

    def _after_a_crash(self) -> Journal | None:
        """Clean up after a killed predecessor; return its journal, if it left one."""
        repository = self._repository
        journal = read_journal(repository)
        orphan = end_orphan(repository.aeef / "running-command.json")
        if orphan:
            self._report(f"ended '{orphan}', which a killed rollback had left running")
        with records_lock(repository.target):
            if journal and journal.checkout:
                finish_checkout(repository, journal.checkout, self._report)
                journal = journal.model_copy(update={"checkout": None})
                write_journal(repository, journal)
            finish_carrying(repository, self._report)
        return journal

    def _refuse_unproven(self) -> None:
        """Check the proof again: a plan may be hours old when a step is retried."""
        _, unproven = gates_of(self._repository, self._commit)
        if unproven:
            raise NoProvenRelease(
                "check plan", f"{self._commit[:12]} is not proven good: {'; '.join(unproven)}"
            )

    def _refuse_if_unready(self) -> None:
        repository = self._repository
        if repository.find_commit(self._commit) is None:
            fetch_commit(repository, self._commit, repository.target.deploy_timeout)
            self._report(f"fetched {self._commit[:12]} from origin")
        modes = refuse_unready(repository, self._commit)
        refuse_submodules(repository, self._commit)
        self._before_change()
        if modes:
            repository.undo_changes([change.name for change in modes])
            self._report(f"undid local changes: {some([str(change) for change in modes])}")

    def _begin(self, unfinished: Journal | None, head: WorkTree) -> Journal:
        """Note what is running and what is checked out, before anything is changed.

        After a crash the first journal counts, unless a person has deployed something else since.
        """
        running = self._deployer.running()
        if not running.known:
            running = running.model_copy(update={"commit": self._plan.from_commit})
        running = running.model_copy(update={"snapshot": self._deployer.snapshot()})
        journal = Journal(
            to_commit=self._commit, head=head.commit, branch=head.branch, running=running
        )
        if unfinished:
            ours = {unfinished.head, unfinished.to_commit}
            ran = {unfinished.running.commit, unfinished.to_commit, None}
            if head.commit in ours and running.commit in ran:
                journal = unfinished.model_copy(update={"to_commit": self._commit})
        write_journal(self._repository, journal)
        return journal

    def _check_out(
        self, journal: Journal, head: WorkTree, commit: str, branch: str | None = None
    ) -> None:
        if head.commit == commit and branch in (None, head.branch):
            return
        with records_carried(self._repository, (head.commit, commit), self._report):
            write_journal(
                self._repository, journal.model_copy(update={"checkout": (head.commit, commit)})
            )
            try:
                self._repository.checkout(commit, branch=branch)
            except (DirtyWorkTree, GitBusy):  # git refused, and changed nothing
                write_journal(self._repository, journal)
                raise
            write_journal(self._repository, journal)
        self._report(f"checked out {branch or commit[:12]}")

    def _done(self, *, changed: bool, journal: Journal | None) -> DeployedRelease:
        images = self._deployer.verify(self._commit)
        if changed and journal:
            refuse_unchanged(self._plan, journal.running.snapshot, self._deployer)
        started = time.monotonic()
        wait_until_healthy(
            self._repository.target, self._deployer.condition, fresh=changed, report=self._report
        )
        healthy_after = time.monotonic() - started
        seen = self._deployer.seen(self._plan)
        for remark in seen.remarks:
            self._report(remark)
        end_journal(self._repository)
        before = journal.running.commit if journal else None
        previous = before if before and len(before) >= 40 else self._plan.from_commit
        return DeployedRelease(
            target=self._plan.target,
            commit=self._commit,
            previous=previous,
            images=images,
            artefacts=seen.artefacts,
            rebuilt=list(seen.rebuilt),
            healthy_after=healthy_after,
            changed=changed,
            verified=self._repository.target.shows_what_runs,
            remarks=list(seen.remarks),
        )

    def _failed(self, journal: Journal, error: Exception) -> DeployFailed:
        """Restore what was running; return the error that describes both."""
        stage, problem = _in_words(error)
        if self._replacing and stage != "health":
            problem = "; ".join(filter(None, (problem, wrong_now(self._deployer.condition))))
        self._report(f"stopped at '{stage}'; putting back what was running")
        try:
            now = self._put_back(journal)
        except Exception as second:  # noqa: BLE001 - reported in the text of the first
            where, why = _in_words(second)
            runs = what_runs(self._repository.target)
            now = (
                f"Putting back what ran before failed at '{where}': {why}."
                f" What runs now: {runs}. Look at {self._plan.target} yourself"
            )
        else:
            end_journal(self._repository)
        self._report(now)
        between = "\n" if "\n" in problem else ". "
        return DeployFailed(stage, f"{problem}{between}{now}")

    def _put_back(self, journal: Journal) -> str:
        current = read_journal(self._repository)
        if current and current.checkout:
            with records_lock(self._repository.target):
                finish_checkout(self._repository, current.checkout, self._report)
        self._check_out(journal, self._repository.head(), journal.head, journal.branch)
        target = self._repository.target
        if not self._replacing:
            return f"What runs was not touched: {what_runs(target)}"
        self._deployer.put_back(journal.running, self._report)
        return what_was_put_back(target, self._deployer, journal.running, self._report)


def _in_words(error: Exception) -> tuple[str, str]:
    """The stage and the problem of an error, in words."""
    if isinstance(error, TargetError):
        return error.stage, str(error).rstrip(".")
    name = "" if isinstance(error, AeefError) else f"{type(error).__name__}: "
    return "deploy", without_credentials(f"{name}{error}")[:500].rstrip(".")

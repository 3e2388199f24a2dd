"""Deploys by a command that the operator configures: kubectl, systemctl or a script."""

from __future__ import annotations

import re
from datetime import datetime

from schemas.errors import DeployFailed, TargetError
from schemas.health import Condition
from schemas.release import RollbackPlan, same_commit
from schemas.settings import Target
from tasks.base.run_command import run_command
from tasks.deploy.deployer import Report, Running, Seen
from tasks.target.repository import aeef_directory

_ASK_TIMEOUT = 30.0
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class CommandDeployer:
    """`deploy_command` starts a commit; `running_command` prints the running one."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._runs: Running | None = None

    def check(self) -> None:
        """Nothing to check: a command can only be tried."""

    def running(self) -> Running:
        """The commit that `running_command` prints; cached until we start another one."""
        if self._runs is None:
            self._runs = self._ask()
        return self._runs

    def _ask(self) -> Running:
        if not self._target.running_command:
            return Running(known=False)
        finished = run_command(
            self._target.running_command,
            cwd=self._target.repository,
            timeout=_ASK_TIMEOUT,
            errors_apart=True,
        )
        said = finished.output.strip()
        known = finished.problem is None and _COMMIT.fullmatch(said)
        return Running(commit=said) if known else Running(known=False)

    def runs(self, plan: RollbackPlan) -> bool:
        """True when `running_command` names the commit."""
        return same_commit(plan.to_commit, self.running().commit)

    def snapshot(self) -> dict[str, str]:
        """Nothing: what a command deploys cannot be seen."""
        return {}

    def seen(self, _plan: RollbackPlan) -> Seen:
        """Nothing: what a command deploys cannot be seen."""
        return Seen({})

    def foresee(self, _plan: RollbackPlan) -> list[str]:
        """Nothing: a command can only be tried."""
        return []

    def refuse_other(self, commit: str) -> list[str]:
        """Raise TargetError when `running_command` names another commit."""
        runs = self.running().commit
        if runs and not same_commit(commit, runs):
            raise TargetError(
                "look at what runs",
                f"running_command says that {runs[:12]} runs, not {commit[:12]}",
            )
        return []

    def recorded(self, _since: datetime | None = None) -> Seen:
        """Nothing: what a command deploys cannot be seen."""
        return Seen({})

    def prepare(self, plan: RollbackPlan, report: Report) -> None:
        """Nothing to prepare: a command builds what it needs."""

    def start(self, commit: str, report: Report) -> None:
        """Run `deploy_command` for the commit."""
        self._runs = None
        argv = [word.replace("{commit}", commit) for word in self._target.deploy_command]
        finished = run_command(
            argv,
            cwd=self._target.repository,
            timeout=self._target.deploy_timeout,
            pid_file=aeef_directory(self._target) / "running-command.json",
        )
        if finished.problem:
            raise DeployFailed("deploy", str(finished))
        report(f"deployed {commit[:12]} by {argv[0]}")

    def verify(self, commit: str) -> dict[str, str]:
        """Raise when `running_command` names a different commit."""
        if self._target.running_command:
            self._runs = running = self._ask()
            if not same_commit(commit, running.commit):
                said = f"says that {running} runs" if running.known else "names no commit that runs"
                raise DeployFailed(
                    "verify", f"'{self._target.running_command[0]}' {said}, not {commit[:12]}"
                )
        return {}

    def condition(self) -> Condition:
        """Nothing is seen: what a command starts may run anywhere."""
        return Condition(seen=False)

    def put_back(self, before: Running, report: Report) -> None:
        """Run `deploy_command` for the commit that ran before."""
        if not before.commit:
            raise DeployFailed("put back", "it is not known which commit ran before")
        self.start(before.commit, report)
        self.verify(before.commit)

    def close(self) -> None:
        """Nothing to close."""

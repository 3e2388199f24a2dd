"""Revokes or rotates credentials by the target's configured commands, each once per incident.

A command whose end we missed because we were killed is run again: commands must be safe to
repeat. A command's output may contain a new secret: it is kept as evidence only.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid5

from schemas.automation import Act
from schemas.errors import AeefError, PermanentError
from schemas.settings import Settings, Target
from tasks.base.run_command import end_orphan, run_command
from tasks.case import Case, Intent
from tasks.incident.evidence import Evidence
from tasks.step import step, verbatim
from tasks.store import open_store
from tasks.store.claim_keys import of_occurrence, revocation_key

AT_ONCE = 4
REVOKED = "every command that revokes credentials of"
"""How the sentence begins when there were commands, and all of them worked."""


@step(
    "revoke credentials",
    says=verbatim,
    timeout=4 * 3600,
    act=Act.REVOCATION,
    contains=lambda said: said.startswith(REVOKED),
)
def revoke_credentials(case: Case, target_name: str, asked_by: str = "") -> str:
    """Run every command that has not succeeded yet, even when others fail.

    asked_by: the person who asks for it; empty for a runbook, which needs somebody's word.
    Raises NotConfirmed; Withheld when the automation may not do it; PermanentError that names the
    failed ones, after all were tried.
    """
    case.require_word(f"no credential of {target_name} is revoked", asked_by)
    target = case.settings.target(target_name)
    if target.breach and target.breach.revoke:
        case.begin(Intent(Act.REVOCATION, target_name, lambda: plan_revocation(target), asked_by))
    return revoke(
        target,
        case.incident_id,
        case.settings,
        holder=case.holder,
    )


@step("foresee the revocation", says=verbatim, timeout=60)
def foresee_revocation(case: Case, target_name: str) -> str:
    """Record what `revoke_credentials` would do. Changes nothing."""
    return f"not done yet: {plan_revocation(case.settings.target(target_name))}"


def plan_revocation(target: Target) -> str:
    """The commands that would be run, by name and program. Changes nothing."""
    commands = target.breach.revoke if target.breach else {}
    listed = ", ".join(f"{name} ('{command[0]}')" for name, command in commands.items())
    return f"would run {listed}" if listed else _nothing(target)


def revoke(target: Target, incident_id: str, settings: Settings, *, holder: str) -> str:
    """Run the commands concurrently, so that one that hangs does not delay the others."""
    names = list(target.breach.revoke) if target.breach else []
    if not names:
        return _nothing(target)

    def one(name: str) -> str | None:
        try:
            return _once(target, name, incident_id, settings, holder)
        except (AeefError, OSError) as error:
            return f"{name}: {error}"

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="revoke") as pool:
        problems = [problem for problem in pool.map(one, names) if problem]
    if problems:
        raise PermanentError(
            target.name,
            f"{len(problems)} of {len(names)} credentials were NOT revoked: {'; '.join(problems)}."
            " Revoke these yourself, or press Retry when the cause is gone",
        )
    return f"{REVOKED} {target.name} worked: {', '.join(names)}"


def _nothing(target: Target) -> str:
    return (
        f"no credentials were revoked: [targets.{target.name}.breach.revoke] names no command;"
        " revoke by hand what may have leaked"
    )


def _once(
    target: Target, name: str, incident_id: str, settings: Settings, holder: str
) -> str | None:
    """Run one command unless it succeeded before; return the problem, if any."""
    store, breach = open_store(settings), target.breach
    assert breach is not None  # it has commands
    incident = store.incident(incident_id)
    key = of_occurrence(incident, revocation_key(target.name, name))
    lease = timedelta(seconds=breach.command_timeout + 60)
    with store.once(incident_id, key, holder, lease=lease) as turn:
        if turn.state == "busy":
            return f"{name} is being run by {turn.holder}"
        if turn.is_mine:
            if problem := _run(target, name, breach.revoke[name], incident_id, settings):
                return f"{name} ({problem})"
            turn.finish()
    return None


def _run(
    target: Target, name: str, command: tuple[str, ...], incident_id: str, settings: Settings
) -> str | None:
    assert target.breach is not None
    evidence = Evidence(incident_id, settings.home)
    pid_file = settings.home / "revocations" / f"{incident_id}-{target.name}-{name}.json"
    pid_file.parent.mkdir(mode=0o700, exist_ok=True)
    end_orphan(pid_file)  # of a predecessor that was killed
    done = run_command(
        command,
        cwd=target.repository,
        timeout=target.breach.command_timeout,
        pid_file=pid_file,
        called=name,
    )
    output = f"{done.problem or 'it worked'}\n{done.output}".encode()
    kept = evidence.keep(
        f"revoke-{name}.txt", output, source=f"the command {name} of {target.name}"
    )
    outcome = f"FAILED: {done.problem}" if done.problem else "it worked"
    text = f"revocation {name} of {target.name}: {outcome}; what it said: {kept.file} (evidence)"
    incident = open_store(settings).incident(incident_id)
    entry = uuid5(incident.incident_id, of_occurrence(incident, text))
    open_store(settings).record_action(incident.incident_id, text, entry_id=entry)
    return done.problem

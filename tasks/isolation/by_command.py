"""Isolates targets that are deployed by a command, by commands that the operator configures."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.errors import InvalidInput, PermanentError
from schemas.isolation import SERVICE, ContainerOutcome
from schemas.settings import Target
from tasks.base.run_command import MOST_OUTPUT, Finished, run_command
from tasks.isolation.service_containers import quoted

_MOST_EVIDENCE = 16_000_000
"""Bytes of an `evidence_command`'s output: they are held in memory until it ends."""


def check_commands(target: Target) -> None:
    """Raise PermanentError, naming the settings, when the commands are not configured."""
    if not target.how_to_isolate.isolate_command:
        table = f"targets.{target.name}.isolation"
        raise PermanentError(
            "isolation",
            f"target {target.name} is deployed by a command: set isolate_command,"
            f" restore_command and isolated_command in [{table}]",
        )


def commanded_services(named: Sequence[str], target: Target) -> list[str]:
    """The configured services among the names; none, or the target's own name, means all.

    Raises InvalidInput for an unconfigured name, as it would become an argument.
    """
    known = target.services or (target.name,)
    strangers = [name for name in named if name not in {*known, target.name}]
    if strangers and len(strangers) == len(named):
        raise InvalidInput(
            f"{quoted(strangers)} is no service of target {target.name}, which has:"
            f" {', '.join(known)}"
        )
    chosen = [name for name in named if name in known]
    return chosen or list(known)


def runs_for(command: Sequence[str], services: Sequence[str]) -> list[str]:
    """The names for which to run the command: each service, or one for all together."""
    if any(SERVICE in word for word in command):
        return list(services)
    return [", ".join(services)]


def isolate_by_command(service: str, target: Target) -> ContainerOutcome:
    """Run `isolate_command`, unless `isolated_command` finds it isolated; then verify."""
    command = target.how_to_isolate.isolate_command
    return _bring_about(True, "isolated", "isolate_command", command, service, target)


def restore_by_command(service: str, target: Target) -> ContainerOutcome:
    """Run `restore_command`, unless `isolated_command` finds it restored; then verify."""
    command = target.how_to_isolate.restore_command
    return _bring_about(False, "restored", "restore_command", command, service, target)


def _bring_about(
    isolated: bool, done: str, name: str, command: Sequence[str], service: str, target: Target
) -> ContainerOutcome:
    """isolated: the result that `isolated_command` must give in the end."""
    states = {True: "is isolated", False: "is not isolated"}
    if _is_isolated(service, target) is isolated:
        return _outcome(service, True, f"{states[isolated]}, as isolated_command says")
    finished = _run(command, service, target)
    verified = _is_isolated(service, target)
    if verified is isolated:
        return _outcome(service, True, f"{done} by {name}; isolated_command says so")
    other = f"isolated_command says that it {states[not isolated]}"
    said = verified if isinstance(verified, str) else other
    return _outcome(service, False, f"NOT {done}: {said}; {name}: {finished}")


def state_by_command(service: str, target: Target) -> str:
    """Whether it is isolated now, as `isolated_command` says."""
    now = _is_isolated(service, target)
    if isinstance(now, str):
        return f"{service}: {now}"
    return f"still isolated: {service}" if now else f"not isolated any more: {service}"


def evidence_by_command(service: str, target: Target) -> Finished:
    """The output of `evidence_command`: its end, as much as of a log, as far as memory allows."""
    how = target.how_to_isolate
    return _run(how.evidence_command, service, target, most=min(how.log_bytes, _MOST_EVIDENCE))


def _is_isolated(service: str, target: Target) -> bool | str:
    """True, False, or the reason why it is unknown."""
    finished = _run(target.how_to_isolate.isolated_command, service, target)
    if finished.code in (0, 1):
        return finished.code == 0
    return f"isolated_command cannot tell: {finished}"


def _run(command: Sequence[str], service: str, target: Target, most: int = MOST_OUTPUT) -> Finished:
    return run_command(
        [word.replace(SERVICE, service) for word in command],
        cwd=target.repository,
        timeout=target.how_to_isolate.timeout,
        called=command[0],
        most=most,
    )


def _outcome(service: str, works: bool, text: str) -> ContainerOutcome:
    return ContainerOutcome(
        name=service, service=service, works=works, text=text, may_pass=not works
    )

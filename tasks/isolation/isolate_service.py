"""Isolates services on a quarantine network, and verifies that nothing answers.

Their containers keep running, for forensics. Their attachments are noted in a journal before they
are changed; `restore_service` restores them.
"""

from __future__ import annotations

from collections.abc import Sequence

import docker

from schemas.automation import Act
from schemas.errors import PermanentError, TemporaryError
from schemas.isolation import Isolation, Means
from schemas.settings import Settings, Target
from schemas.wording import some
from tasks.base.docker_connection import docker_connection
from tasks.case import Case, Intent
from tasks.isolation import journal as isolation_journal
from tasks.isolation.attachments import attachments_of, ports_of
from tasks.isolation.by_command import (
    check_commands,
    commanded_services,
    isolate_by_command,
    runs_for,
)
from tasks.isolation.isolate_containers import IsolateContainers, means_for
from tasks.isolation.service_containers import ServiceContainers, name_of, quoted, service_of
from tasks.step import step, verbatim

STEP_SECONDS = 900


def _isolated(done: Isolation) -> str:
    return f"isolated {done.target}, verified: {done}"


def _still(done: Isolation) -> str:
    return f"looked again: {done.target} is isolated: {done}"


@step(
    "isolate the service",
    says=_isolated,
    timeout=STEP_SECONDS,
    act=Act.ISOLATION,
    contains=lambda _: True,
)
def isolate_service(
    case: Case, target_name: str, services: Sequence[str], asked_by: str = ""
) -> Isolation:
    """Isolate and verify. Safe to repeat; `restore_service` undoes it.

    asked_by: the person who asks for it; empty for a runbook, which needs somebody's word.
    services: Compose services, or names of the target; empty: all of the target's services.
    Raises NotConfirmed; Withheld when the automation may not do it; InvalidInput for an unknown
    name; TemporaryError or PermanentError that lists what could not be isolated, and what was:
    repeating the call completes it.
    """
    case.require_word(f"{target_name} is not isolated", asked_by)
    target = case.settings.target(target_name)
    is_isolated = isolation_journal.read_isolation(target.name, case.settings.home) is not None
    case.begin(_intent(case, target_name, services, asked_by), again=is_isolated)
    return _isolate(case.incident_id, target_name, services, case.settings)


@step("check the isolation", says=_still, timeout=STEP_SECONDS)
def check_isolation(
    case: Case, target_name: str, services: Sequence[str], asked_by: str = ""
) -> Isolation:
    """Check again, and isolate what was started since: a rollback recreates containers.

    Arguments and errors as for `isolate_service`; for what is isolated already nobody's word is
    asked again.
    """
    isolated = isolation_journal.read_isolation(target_name, case.settings.home)
    case.require_word(f"{target_name} is not isolated", "who isolated it" if isolated else asked_by)
    case.begin(_intent(case, target_name, services, asked_by), again=isolated is not None)
    return _isolate(case.incident_id, target_name, services, case.settings)


def _intent(case: Case, target_name: str, services: Sequence[str], asked_by: str) -> Intent:
    def would() -> str:
        return plan_isolation(target_name, services, case.settings)

    return Intent(Act.ISOLATION, target_name, would, asked_by)


@step("foresee the isolation", says=verbatim, timeout=120)
def foresee_isolation(case: Case, target_name: str, services: Sequence[str]) -> str:
    """Record what `isolate_service` would do. Changes nothing; raises as `plan_isolation`."""
    return f"not done yet: {plan_isolation(target_name, services, case.settings)}"


def check_services(target_name: str, services: Sequence[str], settings: Settings) -> None:
    """Raise InvalidInput for an unknown service. Changes nothing."""
    target = settings.target(target_name)
    if not target.compose_file:
        check_commands(target)
        commanded_services(services, target)
    elif services:
        with docker_connection() as client:
            ServiceContainers(target, settings.home, client).which(services)


def plan_isolation(target_name: str, services: Sequence[str], settings: Settings) -> str:
    """What `isolate_service` would do. Changes nothing; raises as it does."""
    target = settings.target(target_name)
    if not target.compose_file:
        check_commands(target)
        names = commanded_services(services, target)
        command = target.how_to_isolate.isolate_command
        return f"would run {command[0]!r} for {'; '.join(runs_for(command, names))}"
    with docker_connection() as client:
        containers = ServiceContainers(target, settings.home, client)
        meant, strangers = containers.which(services)
        found = containers.of(meant)
        lines = []
        affected = {str(each["Id"]): each for each in found}
        for each in found:
            means = means_for(each, affected)
            networks = ", ".join(a.network for a in attachments_of(each, ""))
            ports = ", ".join(str(port) for port in ports_of(each))
            does = {
                Means.QUARANTINE: f"off {networks or 'no network'}, into the quarantine",
                Means.PAUSED: "paused: its network is not its own",
                Means.NO_NETWORK: "nothing: it has no network",
                Means.SHARED: "nothing: it uses the network of another one that is isolated",
            }[means]
            lines.append(f"{name_of(each)}: {does}" + (f"; closes {ports}" if ports else ""))
        dependants = containers.dependants({service_of(each) for each in found})
        attached = [a for each in found for a in attachments_of(each, "")]
        neighbours = containers.neighbours(
            {a.network_id for a in attached} | {a.network for a in attached},
            affected,
        )
    if not lines:
        raise _nothing_there(target)
    said = [f"would isolate {target.name}: " + "; ".join(lines)]
    if dependants:
        said.append(f"services that need them: {some(dependants)}")
    if neighbours:
        said.append(f"sharing a network with: {some(neighbours)}")
    if strangers:
        said.append(f"not of this target: {quoted(strangers)}")
    return "; ".join(said)


def _isolate(
    incident_id: str, target_name: str, services: Sequence[str], settings: Settings
) -> Isolation:
    target = settings.target(target_name)
    if not target.compose_file:
        return _by_command(incident_id, target, services, settings)
    with docker_connection() as client:
        return isolate_containers(incident_id, target, services, settings, client)


def isolate_containers(
    incident_id: str,
    target: Target,
    services: Sequence[str],
    settings: Settings,
    client: docker.DockerClient,
) -> Isolation:
    """Isolate the containers of a Compose target. Raises as `isolate_service`."""
    containers = ServiceContainers(target, settings.home, client)
    meant, strangers = containers.which(services)
    with isolation_journal.isolation_lock(target.name, settings.home):
        if not containers.of(meant):
            raise _nothing_there(target)
        journal = isolation_journal.begin_isolation(target.name, incident_id, settings.home)
        work = IsolateContainers(containers, meant, journal, target, settings.home)
        outcome = work.isolate()
    if strangers:
        note = f"not of this target, and left alone: {quoted(strangers)}"
        outcome = outcome.model_copy(update={"notes": [*outcome.notes, note]})
    return conclude(outcome, "it is NOT verified that nothing reaches it")


def conclude(outcome: Isolation, failed: str) -> Isolation:
    """The outcome when nothing failed; else raise the error that describes all of it."""
    if not outcome.failed:
        return outcome
    done = some([str(each) for each in outcome.done], "; ") or "nothing"
    text = f"{failed}: {some([str(each) for each in outcome.failed], '; ')}. What worked: {done}"
    text = "; ".join([text, *outcome.notes])
    if any(each.may_pass for each in outcome.failed):
        raise TemporaryError(f"isolation of {outcome.target}", text)
    raise PermanentError(f"isolation of {outcome.target}", text)


def _by_command(
    incident_id: str, target: Target, services: Sequence[str], settings: Settings
) -> Isolation:
    check_commands(target)
    names = commanded_services(services, target)
    outcomes = []
    with isolation_journal.isolation_lock(target.name, settings.home):
        journal = isolation_journal.begin_isolation(target.name, incident_id, settings.home)
        for name in runs_for(target.how_to_isolate.isolate_command, names):
            journal = isolation_journal.note_command(journal, name, settings.home)
            outcomes.append(isolate_by_command(name, target))
    outcome = Isolation(target=target.name, services=names, containers=outcomes)
    return conclude(outcome, "it is NOT verified that nothing reaches it")


def _nothing_there(target: Target) -> PermanentError:
    return PermanentError(
        "isolation",
        f"Docker has no container of target {target.name}: nothing was isolated. Does it run on"
        " another machine, or under another project name (compose_project)?",
    )

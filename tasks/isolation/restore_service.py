"""Gives isolated services their networks back, when a person approves.

A container leaves the quarantine only when it has everything back. What cannot be put back is
named, the rest is, and the journal stays until all is done: the same call again completes it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

import docker
from docker.errors import APIError, NotFound

from schemas.errors import AeefError, InvalidInput
from schemas.isolation import (
    Attachment,
    ContainerOutcome,
    IsolatedContainer,
    Isolation,
    IsolationJournal,
    Means,
    some,
)
from schemas.settings import Settings, Target
from tasks.case import Case
from tasks.isolation import journal as isolation_journal
from tasks.isolation.by_command import commanded_services, restore_by_command
from tasks.isolation.container_networks import (
    joined_networks_of,
    leave,
    networks_of,
    ports_of,
    put_back,
)
from tasks.isolation.end_of_isolation import restored_before, tell_other_incidents
from tasks.isolation.isolate_service import STEP_SECONDS, conclude
from tasks.isolation.published_ports import answering
from tasks.isolation.quarantine import remove_quarantine
from tasks.isolation.service_containers import (
    Inspected,
    ServiceContainers,
    docker_connection,
    explained,
    quoted,
)
from tasks.step import step

PORT_SECONDS = 5.0
"""How long a port may need to answer again."""
_PERSON = re.compile(r"[^\W_][\w .,@'+-]{1,99}")


@step(
    "check the approval",
    says=lambda approver: f"{approver} approves that the isolation ends",
    timeout=120,
)
def check_restore_approval(case: Case, target_name: str, approver: str) -> str:
    """The approver, when it is one. Raises InvalidInput as `restore_service`; changes nothing."""
    isolation_of(case.settings.target(target_name), case.settings)
    return approved_by(approver, target_name)


def _restored(done: Isolation) -> str:
    return f"restored {done.target}: {done}"


@step("restore the service", says=_restored, timeout=STEP_SECONDS)
def restore_service(
    case: Case, target_name: str, services: Sequence[str], approver: str
) -> Isolation:
    """Put back exactly what the isolation changed; what was stopped or paused before stays so.

    services: Compose services; empty: all that are isolated. approver: the name of a person.
    Raises InvalidInput without approval, or when nothing is isolated; TemporaryError or
    PermanentError that says what is still isolated.
    """
    settings = case.settings
    target = settings.target(target_name)
    name = approved_by(approver, target_name)
    with isolation_journal.isolation_lock(target.name, settings.home):
        done = restored_before(case.incident_id, target, settings) or _restore_all(
            isolation_of(target, settings), target, services, settings
        )
    done = conclude(done, "it is still isolated in part")
    tell_other_incidents(case.incident_id, target, name, settings)
    return done.model_copy(update={"notes": [*done.notes, f"approved by {name}"]})


def _restore_all(
    journal: IsolationJournal, target: Target, services: Sequence[str], settings: Settings
) -> Isolation:
    if not target.compose_file:
        return _by_command(journal, target, services, settings)
    with docker_connection() as client:
        return restore_containers(journal, target, services, settings, client)


def approved_by(approver: str, target_name: str) -> str:
    """The name of who approves. Raises InvalidInput when it is no person's name."""
    name = approver.strip()
    if not _PERSON.fullmatch(name):
        raise InvalidInput(f"{target_name} stays isolated: name the person who approves its return")
    return name


def isolated_services(target: Target, settings: Settings) -> tuple[str, ...]:
    """The services of the target that are isolated by us now."""
    journal = isolation_journal.read_isolation(target.name, settings.home)
    if journal is None:
        return ()
    return tuple(sorted({each.service for each in journal.containers} | set(journal.commanded)))


def isolation_of(target: Target, settings: Settings) -> IsolationJournal:
    """What we changed to isolate the target. Raises InvalidInput when we did not isolate it."""
    journal = isolation_journal.read_isolation(target.name, settings.home)
    if journal is None:
        raise InvalidInput(
            f"{target.name} is not isolated by this AEEF: there is nothing to restore"
        )
    return journal


def incident_of(target: Target, settings: Settings) -> str:
    """The incident that the target was last isolated for. Raises InvalidInput without one.

    Also after the restoration: a retry of its run finds what it has done.
    """
    journal = isolation_journal.read_isolation(target.name, settings.home)
    restored = isolation_journal.read_restored(target.name, settings.home)
    return (journal or restored or isolation_of(target, settings)).incidents[-1]


def plan_restoration(
    target_name: str, services: Sequence[str], approver: str, settings: Settings
) -> str:
    """What `restore_service` would do; nothing is changed. Raises as it does."""
    target = settings.target(target_name)
    name = approved_by(approver, target_name)
    journal = isolation_of(target, settings)
    said = []
    for each in _chosen(journal, services):
        networks = ", ".join(a.network for a in each.attachments) or "no network"
        does = "would run on" if each.paused_by_us else f"back on {networks}"
        said.append(f"{each.name}: {does}")
    said += [f"restore_command for {service}" for service in journal.commanded]
    return f"would restore {target.name}, approved by {name}: {'; '.join(said) or 'nothing left'}"


def restore_containers(
    journal: IsolationJournal,
    target: Target,
    services: Sequence[str],
    settings: Settings,
    client: docker.DockerClient,
) -> Isolation:
    """Restore the containers of a Compose target. Raises as `restore_service`."""
    containers = ServiceContainers(target, settings.home, client)
    chosen = _chosen(journal, services)
    outcomes = []
    for entry in chosen:
        outcome = _restore(entry, journal.quarantine, containers)
        outcomes.append(outcome)
        if outcome.works:
            journal = isolation_journal.forget_container(journal, entry.id, settings.home)
    notes = []
    if not journal.containers:
        problem = remove_quarantine(client.api, journal.quarantine)
        if problem:
            outcomes.append(
                ContainerOutcome(name="quarantine", service="", works=False, text=problem)
            )
        else:
            isolation_journal.end_isolation(target.name, settings.home)
    else:
        left = some([each.name for each in journal.containers])
        notes.append(f"still isolated: {left}")
    return Isolation(
        target=target.name,
        services=sorted({entry.service for entry in chosen}),
        containers=outcomes,
        ports=sorted({str(port) for entry in chosen for port in entry.ports}),
        notes=notes,
    )


def _chosen(journal: IsolationJournal, services: Sequence[str]) -> list[IsolatedContainer]:
    """What is to be restored, those with the lowest addresses first: Docker gives them so."""
    isolated = {each.service for each in journal.containers} | set(journal.commanded)
    aliases = {journal.target}
    strangers = [name for name in services if name not in isolated | aliases]
    if strangers and isolated:
        raise InvalidInput(
            f"{quoted(strangers)} is not isolated; of {journal.target} is:"
            f" {', '.join(sorted(isolated))}"
        )
    wanted = set(services) - aliases
    chosen = [each for each in journal.containers if not wanted or each.service in wanted]
    return sorted(chosen, key=lambda each: [_number(a) for a in each.attachments])


def _number(attachment: Attachment) -> int:
    return int(ipaddress.ip_address(attachment.address)) if attachment.address else 0


def _restore(
    entry: IsolatedContainer, quarantine: str, containers: ServiceContainers
) -> ContainerOutcome:
    """One container; whatever goes wrong with it must not keep us from the others."""
    problems: list[str] = []
    notes: list[str] = []
    may_pass = False
    try:
        container = containers.inspect(entry.id)
        if container is None:
            return _outcome(entry, True, "was replaced or removed meanwhile: nothing to do")
        if entry.means is Means.QUARANTINE:
            problems, notes = _reconnect(entry, container, quarantine, containers)
            container = containers.api.inspect_container(entry.id)
        if entry.paused_by_us and container["State"].get("Status") == "paused":
            containers.api.unpause(entry.id)
            notes.append("runs on")
        container = containers.api.inspect_container(entry.id)
        problems += [] if problems else _still_missing(entry, container, quarantine)
        notes += _ports(entry, container, containers)
    except NotFound:
        return _outcome(entry, True, "was removed meanwhile: nothing to do")
    except APIError as error:
        problems.append(explained(error))
        may_pass = True
    except AeefError as error:
        problems.append(str(error))
    if problems:
        text = f"NOT restored: {'; '.join(problems)}"
        return _outcome(entry, False, text, may_pass=may_pass)
    back = ", ".join(a.network for a in entry.attachments)
    said = [f"back on {back}" if back else "had no network of its own", *notes]
    return _outcome(entry, True, "; ".join(said))


def _reconnect(
    entry: IsolatedContainer, container: Inspected, quarantine: str, containers: ServiceContainers
) -> tuple[list[str], list[str]]:
    """Every network, then off the quarantine: problems, and what came out otherwise."""
    problems, notes = [], []
    for attachment in entry.attachments:
        try:
            notes += put_back(containers.api, container, attachment)
        except AeefError as error:
            problems.append(str(error))
    if not problems:
        leave(containers.api, containers.api.inspect_container(entry.id), quarantine)
    return problems, notes


def _still_missing(entry: IsolatedContainer, container: Inspected, quarantine: str) -> list[str]:
    """What Docker itself says is not as it was."""
    missing = sorted({a.network for a in entry.attachments} - joined_networks_of(container))
    found = [f"Docker says that it is not on {', '.join(missing)}"] if missing else []
    if quarantine in networks_of(container):
        found.append("Docker says that it is still in quarantine")
    if entry.paused_by_us and container["State"].get("Status") == "paused":
        found.append("it is still paused")
    return found


def _ports(
    entry: IsolatedContainer, container: Inspected, containers: ServiceContainers
) -> list[str]:
    """Whether the ports that it had answer again."""
    if container["State"].get("Status") != "running":
        had = entry.ports or entry.paused_by_us
        return ["it does not run any more: start it"] if had else []
    now = ports_of(container)
    changed = [
        f"{was.port} was {was}, is {', '.join(str(p) for p in now if p.port == was.port) or 'none'}"
        for was in entry.ports
        if was not in now
    ]
    tried = [port for port in now if port.port.endswith("/tcp")]
    well = answering(containers.api, tried, within=PORT_SECONDS)
    silent = [str(port) for port in tried if port not in well]
    if silent:
        changed.append(f"{', '.join(silent)} does NOT answer: look at the program in it")
    return changed + ([f"{', '.join(map(str, well))} answers"] if well else [])


def _outcome(
    entry: IsolatedContainer, works: bool, text: str, *, may_pass: bool = False
) -> ContainerOutcome:
    return ContainerOutcome(
        name=entry.name, service=entry.service, works=works, text=text, may_pass=may_pass
    )


def _by_command(
    journal: IsolationJournal, target: Target, services: Sequence[str], settings: Settings
) -> Isolation:
    wanted = commanded_services(services, target) if services else []
    outcomes = []
    for name in journal.commanded:
        if not wanted or set(name.split(", ")) & set(wanted):
            outcome = restore_by_command(name, target)
            outcomes.append(outcome)
            if outcome.works:
                journal = isolation_journal.forget_command(journal, name, settings.home)
    if not journal.commanded:
        isolation_journal.end_isolation(target.name, settings.home)
    return Isolation(
        target=target.name,
        services=sorted({each.service for each in outcomes}),
        containers=outcomes,
        notes=[f"still isolated: {some(journal.commanded)}"] if journal.commanded else [],
    )

"""Reconnects isolated containers to their networks, one by one, and verifies it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

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
)
from schemas.settings import Settings, Target
from schemas.wording import some
from tasks.base.docker_connection import explained
from tasks.isolation import journal as isolation_journal
from tasks.isolation.attachments import joined_networks_of, networks_of, ports_of
from tasks.isolation.container_networks import leave, put_back
from tasks.isolation.published_ports import answering
from tasks.isolation.quarantine import remove_quarantine
from tasks.isolation.service_containers import Inspected, ServiceContainers, name_of, quoted

PORT_SECONDS = 5.0
"""How long a port may take to answer again."""


def restore_containers(
    journal: IsolationJournal,
    target: Target,
    services: Sequence[str],
    settings: Settings,
    client: docker.DockerClient,
) -> Isolation:
    """Restore the containers of a Compose target. Raises as `restore_service`."""
    containers = ServiceContainers(target, settings.home, client)
    chosen = chosen_of(journal, services)
    outcomes = []
    joined = _rejoin_networks(chosen, containers)
    for entry in chosen:
        outcome = _restore(entry, joined[entry.id], journal.quarantine, containers)
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
        notes += _left(journal, containers)
    return Isolation(
        target=target.name,
        services=sorted({entry.service for entry in chosen}),
        containers=outcomes,
        ports=sorted({str(port) for entry in chosen for port in entry.ports}),
        notes=notes,
    )


def chosen_of(journal: IsolationJournal, services: Sequence[str]) -> list[IsolatedContainer]:
    """The containers to restore. Raises InvalidInput for a service that is not isolated."""
    commanded = {name for names in journal.commanded for name in names.split(", ")}
    isolated = {each.service for each in journal.containers} | commanded
    aliases = {journal.target}
    strangers = [name for name in services if name not in isolated | aliases]
    if strangers and isolated:
        raise InvalidInput(
            f"{quoted(strangers)} is not isolated; of {journal.target} is:"
            f" {', '.join(sorted(isolated))}"
        )
    wanted = set(services) - aliases
    return [each for each in journal.containers if not wanted or each.service in wanted]


@dataclass
class _Joined:
    """What rejoining one container's networks came to."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    may_pass: bool = False


def _rejoin_networks(
    chosen: Sequence[IsolatedContainer], containers: ServiceContainers
) -> dict[str, _Joined]:
    """Container id → how it went; a failure must not keep us from the others.

    Network by network, and in each the lowest address first: Docker assigns the lowest that is
    free, and on most networks admits no wish. Container by container, two that have their
    addresses in one order here and in the other there would exchange them on one network.
    """
    joined = {entry.id: _Joined() for entry in chosen}
    joins = [
        (attachment, entry)
        for entry in chosen
        if entry.means is Means.QUARANTINE
        for attachment in entry.attachments
    ]
    for attachment, entry in sorted(joins, key=lambda join: _place(join[0])):
        result = joined[entry.id]
        try:
            container = containers.inspect(entry.id)
            if container is not None:
                result.notes += put_back(containers.api, container, attachment)
        except APIError as error:
            result.problems.append(explained(error))
            result.may_pass = True
        except AeefError as error:
            result.problems.append(str(error))
    return joined


def _place(attachment: Attachment) -> tuple[str, int]:
    address = attachment.address or attachment.address6
    return attachment.network, int(ipaddress.ip_address(address)) if address else 0


def _restore(
    entry: IsolatedContainer, joined: _Joined, quarantine: str, containers: ServiceContainers
) -> ContainerOutcome:
    """Restore one container; its failure must not keep us from the others."""
    problems, notes, may_pass = joined.problems, joined.notes, joined.may_pass
    try:
        container = containers.inspect(entry.id)
        if container is None:
            return _outcome(entry, True, f"is gone: {_instead(entry, containers)}")
        if entry.means is Means.QUARANTINE and not problems:
            leave(containers.api, container, quarantine)
        if entry.paused_by_us and container["State"].get("Status") == "paused":
            containers.api.unpause(entry.id)
            notes.append("runs on")
        container = containers.api.inspect_container(entry.id)
        problems += [] if problems else _still_missing(entry, container, quarantine)
        notes += _ports(entry, container, containers)
    except NotFound:
        return _outcome(entry, True, "is gone: it was removed just now")
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


def _left(journal: IsolationJournal, containers: ServiceContainers) -> list[str]:
    """What was not asked for, as it is now."""
    apart, others = [], []
    for entry in journal.containers:
        container = containers.inspect(entry.id)
        if container is None:
            others.append(f"{entry.name} (gone)")
        elif _still_apart(entry, container, journal.quarantine):
            apart.append(entry.name)
        else:
            others.append(f"{entry.name} (not isolated any more)")
    notes = [f"still isolated: {some(apart)}"] if apart else []
    return [*notes, *([f"not put back: {some(others)}"] if others else [])]


def _still_apart(entry: IsolatedContainer, container: Inspected, quarantine: str) -> bool:
    paused = entry.paused_by_us and container["State"].get("Status") == "paused"
    return paused or quarantine in networks_of(container)


def _instead(entry: IsolatedContainer, containers: ServiceContainers) -> str:
    """What its service has now."""
    now = [f"{name_of(c)} ({c['State'].get('Status')})" for c in containers.of([entry.service])]
    return f"service {quoted([entry.service])} has {some(now) or 'no container now'}"


def _still_missing(entry: IsolatedContainer, container: Inspected, quarantine: str) -> list[str]:
    """What is not restored, according to Docker."""
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
    """Whether its former ports answer again."""
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

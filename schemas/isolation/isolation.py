"""Isolation of services: what containers were attached to, what was changed, the outcome."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.model import Model, UtcDatetime
from schemas.wording import some

ContainerId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12,64}$")]


class Means(StrEnum):
    """How a container is isolated."""

    QUARANTINE = "quarantine"  # only on the quarantine network
    PAUSED = "paused"  # its network is not its own, so the container is paused
    NO_NETWORK = "no network"  # it had none before, and has none now
    SHARED = "shared"  # it uses the network of a container that is isolated
    COMMAND = "command"  # the target's own command did it


class Attachment(Model):
    """One network that a container was on, and its settings there, as reported by Docker.

    ipv4, ipv6, link_local_ips: configured addresses. address, address6: actual addresses.
    """

    network_id: str
    network: str
    aliases: list[str] = Field(default_factory=list)
    links: list[str] = Field(default_factory=list)
    ipv4: str | None = None
    ipv6: str | None = None
    link_local_ips: list[str] = Field(default_factory=list)
    driver_opts: dict[str, str] = Field(default_factory=dict)
    gateway_priority: int = 0
    address: str | None = None
    address6: str | None = None
    mac: str | None = None


class PortBinding(Model):
    """A port of this machine that was forwarded to a container."""

    port: str
    host_ip: str
    host_port: int

    def __str__(self) -> str:
        host = f"[{self.host_ip}]" if ":" in self.host_ip else self.host_ip
        return f"{host}:{self.host_port}"


class IsolatedContainer(Model):
    """A container's state before isolation, which `restore_service` restores.

    means: how it is isolated; None until that is decided, right before the change.
    paused_by_us: it was running, and we paused it.
    closed: its ports were verified not to answer.
    """

    id: ContainerId
    name: str
    service: str
    means: Means
    attachments: list[Attachment] = Field(default_factory=list)
    ports: list[PortBinding] = Field(default_factory=list)
    paused_by_us: bool = False
    closed: bool = False


class IsolationJournal(Model):
    """What we changed to isolate a target's services: restoring undoes exactly that.

    incidents: those for which it was isolated, in order.
    quarantine: the name of the network, written before the network is created.
    commanded: the services for which the target's own command was run.
    """

    target: str
    incidents: list[str] = Field(min_length=1)
    isolated_at: UtcDatetime
    quarantine: str
    containers: list[IsolatedContainer] = Field(default_factory=list)
    commanded: list[str] = Field(default_factory=list)

    def of(self, container_id: str) -> IsolatedContainer | None:
        """The journal's entry for a container."""
        return next((each for each in self.containers if each.id == container_id), None)


class ContainerOutcome(Model):
    """The outcome for one container, or for one service that a command isolates.

    works: it was verified. may_pass: trying again may help.
    """

    name: str
    service: str
    works: bool
    text: str
    may_pass: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


class Isolation(Model):
    """The outcome of isolating or restoring services.

    dependants: names of the Compose services that need them. neighbours: containers that
    shared a network with them, or still share their network namespace.
    """

    target: str
    services: list[str]
    containers: list[ContainerOutcome] = Field(default_factory=list)
    ports: list[str] = Field(default_factory=list)
    dependants: list[str] = Field(default_factory=list)
    neighbours: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)

    @property
    def failed(self) -> list[ContainerOutcome]:
        """The outcomes that failed."""
        return [each for each in self.containers if not each.works]

    @property
    def done(self) -> list[ContainerOutcome]:
        """The outcomes that succeeded."""
        return [each for each in self.containers if each.works]

    def __str__(self) -> str:
        said = [some([str(each) for each in self.containers], "; ") or "no container"]
        if self.ports:
            said.append(f"ports: {some(self.ports)}")
        if self.dependants:
            said.append(f"services that need them: {some(self.dependants)}")
        if self.neighbours:
            said.append(f"shared a network with: {some(self.neighbours)}")
        return "; ".join([*said, *self.notes])

"""Isolates the containers of a Compose target, repeating until none is reachable."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

from docker.errors import APIError, NotFound

from schemas.isolation import (
    ContainerOutcome,
    IsolatedContainer,
    Isolation,
    IsolationJournal,
    Means,
)
from schemas.settings import Target
from schemas.wording import some
from tasks.base.docker_connection import explained, side_by_side
from tasks.isolation import journal as isolation_journal
from tasks.isolation.attachments import (
    attachments_of,
    joined_networks_of,
    network_mode,
    networks_of,
    ports_of,
)
from tasks.isolation.container_networks import take_off
from tasks.isolation.published_ports import still_answering
from tasks.isolation.quarantine import ensure_quarantine
from tasks.isolation.service_containers import Inspected, ServiceContainers, name_of, service_of

QUIET_LOOKS = 3
"""How many checks in a row must find nothing to isolate."""
LOOK_SECONDS = 0.1
SETTLE_SECONDS = 15.0
"""How long we keep isolating containers that are started meanwhile, or that fail."""
PORT_SECONDS = 3.0
"""How long a port may still answer after its container has left the network."""


def means_for(container: Inspected, affected: Mapping[str, Inspected]) -> Means:
    """How to isolate a container. affected: all containers being isolated, by id."""
    mode = network_mode(container)
    if mode == "host":
        return Means.PAUSED
    if mode.startswith("container:"):
        whose = affected.get(mode.removeprefix("container:"))
        goes_along = whose is not None and means_for(whose, affected) is not Means.PAUSED
        return Means.SHARED if goes_along else Means.PAUSED
    if mode == "none" and not networks_of(container):
        return Means.NO_NETWORK
    return Means.QUARANTINE


class IsolateContainers:
    """One isolation; each change is noted in the journal first."""

    def __init__(
        self,
        containers: ServiceContainers,
        services: Collection[str],
        journal: IsolationJournal,
        target: Target,
        home: Path,
    ) -> None:
        self._containers, self._services = containers, services
        self._api = containers.api
        self._journal, self._target, self._home = journal, target, home
        self._problems: dict[str, str] = {}
        self._notes: list[str] = []

    def isolate(self) -> Isolation:
        """Isolate the services' containers, including those that are started meanwhile."""
        found = self._until_quiet()
        affected = {str(each["Id"]): each for each in found}
        answering = self._answering(found)
        outcomes = [self._outcome(each, affected, answering.get(each["Id"], "")) for each in found]
        entries = [entry for each in found if (entry := self._journal.of(each["Id"]))]
        services = sorted({service_of(each) for each in found})
        attached = [a for entry in entries for a in entry.attachments]
        return Isolation(
            target=self._target.name,
            services=services,
            containers=outcomes,
            ports=sorted({str(port) for entry in entries for port in entry.ports}),
            dependants=self._containers.dependants(services),
            neighbours=self._containers.neighbours(
                {a.network_id for a in attached} | {a.network for a in attached}, affected
            ),
            notes=self._notes,
        )

    def _until_quiet(self) -> list[Inspected]:
        give_up_at = time.monotonic() + SETTLE_SECONDS
        quiet = 0
        while True:
            found = self._containers.of(self._services)
            affected = {str(each["Id"]): each for each in found}
            outside = [each for each in found if self._is_outside(each, affected)]
            quiet = 0 if outside else quiet + 1
            if quiet >= QUIET_LOOKS or time.monotonic() > give_up_at:
                return found
            if outside:
                self._note(outside, affected)
                if any(means_for(each, affected) is Means.QUARANTINE for each in outside):
                    ensure_quarantine(self._api, self._journal.quarantine, self._target)
                side_by_side(partial(self._change, affected), outside)
            time.sleep(LOOK_SECONDS)

    def _is_outside(self, container: Inspected, affected: Mapping[str, Inspected]) -> bool:
        """True when it is reachable, or when we have not checked it yet."""
        entry = self._journal.of(container["Id"])
        if entry is None:
            return True
        match means_for(container, affected):
            case Means.QUARANTINE:
                on_it = joined_networks_of(container) == {self._journal.quarantine}
                return not on_it or bool(ports_of(container))
            case Means.PAUSED:
                return container["State"].get("Status") in ("running", "restarting")
            case _:
                return False

    def _note(self, outside: list[Inspected], affected: Mapping[str, Inspected]) -> None:
        """Note their original state once: a second isolation must not overwrite the first."""
        new = []
        for each in outside:
            means = means_for(each, affected)
            known = self._journal.of(each["Id"])
            running = each["State"].get("Status") in ("running", "restarting")
            pauses = means is Means.PAUSED and running
            if known is None:
                new.append(
                    IsolatedContainer(
                        id=each["Id"],
                        name=name_of(each),
                        service=service_of(each),
                        means=means,
                        attachments=attachments_of(each, self._journal.quarantine),
                        ports=ports_of(each),
                        paused_by_us=pauses,
                    )
                )
            elif (means, known.paused_by_us or pauses) != (known.means, known.paused_by_us):
                new.append(
                    known.model_copy(
                        update={"means": means, "paused_by_us": known.paused_by_us or pauses}
                    )
                )
            if known is not None:
                self._note_foreign(each, known)
        if new:
            self._journal = isolation_journal.note_containers(self._journal, new, self._home)

    def _note_foreign(self, container: Inspected, known: IsolatedContainer) -> None:
        """Warn of networks that it joined since: those are not restored."""
        before = {attachment.network for attachment in known.attachments}
        now = {a.network for a in attachments_of(container, self._journal.quarantine)}
        if joined := sorted(now - before):
            note = f"{name_of(container)} had joined {some(joined)} since: that is not put back"
            self._notes += [] if note in self._notes else [note]

    def _change(self, affected: Mapping[str, Inspected], container: Inspected) -> None:
        """Isolate one container; its failure must not keep us from the others."""
        try:
            means = means_for(container, affected)
            if means is Means.QUARANTINE:
                take_off(self._api, container, self._journal.quarantine)
            elif means is Means.PAUSED and container["State"].get("Status") == "running":
                self._api.pause(container["Id"])
        except NotFound:  # removed meanwhile
            return
        except APIError as error:
            self._problems[container["Id"]] = explained(error)
        else:
            self._problems.pop(container["Id"], None)

    def _answering(self, found: list[Inspected]) -> dict[str, str]:
        """Container → its former ports that still answer, and their present owners.

        A port once verified closed is ignored: it may now serve something else, like a notice.
        """
        problems, closed = {}, []
        for each in found:
            entry = self._journal.of(each["Id"])
            if entry is None or entry.means is not Means.QUARANTINE or entry.closed:
                continue
            open_ports = still_answering(self._api, entry.ports, within=PORT_SECONDS)
            for port in open_ports:
                others = self._containers.publishers(port.host_port)
                if others:
                    self._notes.append(f"port {port} is now that of {some(others)}")
                else:
                    problems[entry.id] = f"port {port} still answers"
            if not open_ports:
                closed.append(entry.model_copy(update={"closed": True}))
        if closed:
            self._journal = isolation_journal.note_containers(self._journal, closed, self._home)
        return problems

    def _outcome(
        self, container: Inspected, affected: Mapping[str, Inspected], answering: str
    ) -> ContainerOutcome:
        outside = self._is_outside(container, affected)
        status = container["State"].get("Status")
        if outside or answering:
            still = some(sorted(joined_networks_of(container) - {self._journal.quarantine}))
            on = f"still on {still}" if still else f"it is {status}"
            why = self._problems.get(container["Id"], "")
            said = answering or (f"{on} ({why})" if why else on)
            text = f"NOT isolated: {said}"
        else:
            text = self._text(container, means_for(container, affected))
            text += "" if status in ("running", "paused") else f" (it is {status})"
        return ContainerOutcome(
            name=name_of(container),
            service=service_of(container),
            works=not (outside or answering),
            text=text,
            may_pass=True,
        )

    def _text(self, container: Inspected, means: Means) -> str:
        if means is Means.PAUSED:
            if container["State"].get("Status") == "paused":
                return f"paused: its network is '{_whose(container)}', which cannot be taken away"
            return f"its network is '{_whose(container)}'; it must not be started"
        if means is Means.NO_NETWORK:
            return "has no network"
        if means is Means.SHARED:
            return "has only the network of another one that is isolated"
        entry = self._journal.of(container["Id"])
        was = some([a.network for a in entry.attachments]) if entry else ""
        return f"only on {self._journal.quarantine}, was on {was or 'none'}"


def _whose(container: Inspected) -> str:
    return network_mode(container)[:22]

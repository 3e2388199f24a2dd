"""The quarantine network: its containers cannot reach the outside, this machine or each other.

`internal` alone is not enough: Docker gives the bridge an address of this machine, on which every
server of the machine answers. Without that address (`inhibit_ipv4`) and without traffic between
its containers (`enable_icc`) nothing is reachable.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import docker
from docker.errors import APIError, NotFound
from docker.types import IPAMConfig, IPAMPool

from schemas.errors import PermanentError
from schemas.settings import Target
from tasks.base.docker_connection import explained
from tasks.deploy.compose.command import TARGET_LABEL

QUARANTINE_LABEL = "aeef.quarantine"
PROBE_LABEL = "aeef.probe"
OPTIONS = {
    "com.docker.network.bridge.enable_icc": "false",
    "com.docker.network.bridge.inhibit_ipv4": "true",
}


def ensure_quarantine(api: docker.APIClient, name: str, target: Target) -> None:
    """Create the network if needed. Raises PermanentError when an existing one is unsuitable."""
    network = _find(api, name)
    if network is None:
        labels = {TARGET_LABEL: target.name, QUARANTINE_LABEL: "true"}
        network = _create(api, name, target, labels)
    if not network.get("Internal") or not network.get("Options", {}).items() >= OPTIONS.items():
        raise PermanentError(
            "Docker", f"network {name} is no quarantine: remove it, then isolate again"
        )


def remove_quarantine(api: docker.APIClient, name: str) -> str | None:
    """Remove the network; return why not, when a container is still on it."""
    network = _find(api, name)
    if network is None:
        return None
    left = sorted(str(each.get("Name")) for each in (network.get("Containers") or {}).values())
    if left:
        return f"network {name} still has {', '.join(left)}"
    try:
        api.remove_network(network["Id"])
    except NotFound:
        return None
    except APIError as error:
        return f"network {name} cannot be removed: {explained(error)}"
    return None


def probe_quarantine(api: docker.APIClient, name: str, target: Target) -> None:
    """Make a network as `ensure_quarantine` does, and remove it: nothing is connected to it.

    What a killed probe left is removed too. Raises PermanentError when it cannot be made.
    """
    label = f"{PROBE_LABEL}={target.name}"
    for left in api.networks(filters={"label": label}):
        _remove(api, left["Id"])
    found = _create(api, name, target, {PROBE_LABEL: target.name})
    _remove(api, found["Id"])


def _remove(api: docker.APIClient, network: str) -> None:
    with suppress(NotFound):
        api.remove_network(network)


def _find(api: docker.APIClient, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = api.inspect_network(name)
    except NotFound:
        return None
    return found


def _create(
    api: docker.APIClient, name: str, target: Target, labels: dict[str, str]
) -> dict[str, Any]:
    subnet = target.how_to_isolate.quarantine_subnet
    try:
        api.create_network(
            name,
            driver="bridge",
            internal=True,
            check_duplicate=True,
            options=OPTIONS,
            labels=labels,
            ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=str(subnet))]) if subnet else None,
        )
    except APIError as error:
        remedy = (
            f"; set targets.{target.name}.isolation.quarantine_subnet to a free one"
            if "pool" in explained(error)
            else ""
        )
        raise PermanentError(
            "Docker", f"no quarantine network: {explained(error)}{remedy}"
        ) from None
    found: dict[str, Any] = api.inspect_network(name)
    return found

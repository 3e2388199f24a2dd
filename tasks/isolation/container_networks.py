"""Disconnects a container from its networks, and reconnects it exactly as before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import docker
from docker.errors import APIError, NotFound
from docker.utils import version_gte

from schemas.errors import PermanentError
from schemas.isolation import Attachment
from tasks.base.docker_connection import explained
from tasks.isolation.attachments import (
    _attachment,
    attachments_of,
    differences,
    id_of,
    is_joined,
    networks_of,
)
from tasks.isolation.service_containers import Inspected, is_alive

_WITH_MAC = "1.44"
"""The first version of Docker's API in which connecting accepts a MAC address."""


def take_off(api: docker.APIClient, container: Inspected, quarantine: str) -> None:
    """Leave the container only on the quarantine network.

    It leaves every network before it joins the quarantine: otherwise Docker 20.10 would publish
    its ports there as soon as it leaves the last other network. Raises APIError.
    """
    networks = networks_of(container)
    for name in sorted(networks, key=lambda name: name != quarantine):
        _leave(api, container["Id"], name, id_of(networks[name]))
    api.connect_container_to_network(container["Id"], quarantine)


def leave(api: docker.APIClient, container: Inspected, network: str) -> None:
    """Disconnect it from this network, if connected. Raises APIError."""
    networks = networks_of(container)
    if network in networks:
        _leave(api, container["Id"], network, id_of(networks[network]))


def put_back(api: docker.APIClient, container: Inspected, wanted: Attachment) -> list[str]:
    """Reconnect a container to a network; return any differences in words.

    An address that Docker had chosen is requested only if it now chooses another one.
    Raises PermanentError when the network is gone, or when a configured address is taken.
    """
    network = _network(api, wanted)
    now = networks_of(container).get(wanted.network)
    if now is not None:
        if is_joined(container, now) and not differences(
            wanted, _attachment(wanted.network, now, str(container["Id"])[:12])
        ):
            return _recreated(wanted, network)
        _leave(api, container["Id"], wanted.network, id_of(now))
    _join(api, container, network, wanted, wanted.ipv4, wanted.ipv6)
    if _address(api, container, wanted) != (wanted.address, wanted.address6):
        _ask_for_addresses(api, container, network, wanted)
    again = api.inspect_container(container["Id"])
    notes = _recreated(wanted, network)
    for each in attachments_of(again, ""):
        if each.network == wanted.network:
            notes += differences(wanted, each)
    return notes


def _ask_for_addresses(
    api: docker.APIClient, container: Inspected, network: Mapping[str, Any], wanted: Attachment
) -> None:
    """Request the original addresses; if Docker refuses, its own choice stays.

    Docker accepts this only on networks with a configured subnet (20.10 to 28).
    """
    _leave(api, container["Id"], wanted.network, network["Id"])
    try:
        api.connect_container_to_network(
            container["Id"],
            network["Id"],
            **_options(api, wanted, wanted.ipv4 or wanted.address, wanted.ipv6 or wanted.address6),
        )
    except APIError:
        _join(api, container, network, wanted, wanted.ipv4, wanted.ipv6)


def _join(
    api: docker.APIClient,
    container: Inspected,
    network: Mapping[str, Any],
    wanted: Attachment,
    ipv4: str | None,
    ipv6: str | None,
) -> None:
    try:
        api.connect_container_to_network(
            container["Id"], network["Id"], **_options(api, wanted, ipv4, ipv6)
        )
    except APIError as error:
        holder = _holder(network, ipv4, ipv6)
        raise PermanentError(
            "Docker",
            f"network {wanted.network}: {holder or explained(error)}",
        ) from error


def _options(
    api: docker.APIClient, wanted: Attachment, ipv4: str | None, ipv6: str | None
) -> dict[str, Any]:
    with_mac = version_gte(str(api.api_version), _WITH_MAC)
    links = [(link.partition(":")[0], link.partition(":")[2]) for link in wanted.links]
    return {
        "ipv4_address": ipv4,
        "ipv6_address": ipv6,
        "aliases": wanted.aliases or None,
        "links": links or None,
        "link_local_ips": wanted.link_local_ips or None,
        "driver_opt": wanted.driver_opts or None,
        "mac_address": wanted.mac if with_mac else None,
    }


def _address(
    api: docker.APIClient, container: Inspected, wanted: Attachment
) -> tuple[str | None, str | None]:
    """Its present addresses; those wanted, if it is not or was not running."""
    now = api.inspect_container(container["Id"])
    facts = networks_of(now).get(wanted.network) or {}
    if not is_alive(now) or not (wanted.address or wanted.address6):
        return wanted.address, wanted.address6
    return facts.get("IPAddress") or None, facts.get("GlobalIPv6Address") or None


def _holder(network: Mapping[str, Any], ipv4: str | None, ipv6: str | None) -> str | None:
    """The container that has the configured address."""
    for each in (network.get("Containers") or {}).values():
        for address, key in ((ipv4, "IPv4Address"), (ipv6, "IPv6Address")):
            if address and str(each.get(key) or "").partition("/")[0] == address:
                return (
                    f"its address {address} is taken by {each.get('Name')}: take that off the"
                    " network, then restore again"
                )
    return None


def _network(api: docker.APIClient, wanted: Attachment) -> dict[str, Any]:
    """The network, or the one of the same name when it was recreated."""
    for key in (wanted.network_id, wanted.network):
        try:
            found: dict[str, Any] = api.inspect_network(key) if key else {}
        except NotFound:
            continue
        if found and found.get("Name") == wanted.network:
            return found
    raise PermanentError(
        "Docker",
        f"network {wanted.network} is gone: make it again (Docker Compose does), then restore"
        " again",
    )


def _recreated(wanted: Attachment, network: Mapping[str, Any]) -> list[str]:
    if not wanted.network_id or network["Id"] == wanted.network_id:
        return []
    return [f"{wanted.network} was made anew meanwhile"]


def _leave(api: docker.APIClient, container_id: str, name: str, network_id: str | None) -> None:
    """Leave this network, even if it was removed while the container was not running."""
    try:
        api.disconnect_container_from_network(container_id, network_id or name)
    except NotFound:
        api.disconnect_container_from_network(container_id, name, force=True)
    except APIError as error:
        if "is not connected to" not in explained(error):
            raise

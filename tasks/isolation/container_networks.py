"""Takes a container off its networks, and puts it back exactly as it was on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import docker
from docker.errors import APIError, NotFound
from docker.utils import version_gte

from schemas.errors import PermanentError
from schemas.isolation import Attachment, PortBinding
from tasks.base.docker_connection import explained
from tasks.isolation.service_containers import Inspected, is_alive

_WITH_MAC = "1.44"
"""Since this version of Docker's API a MAC address can be asked for when connecting."""
_NO_NETWORKS = ("none", "host")


def networks_of(container: Inspected) -> dict[str, dict[str, Any]]:
    """Network name → how the container is on it."""
    found = (container.get("NetworkSettings") or {}).get("Networks") or {}
    return {name: facts for name, facts in found.items() if name not in _NO_NETWORKS}


def joined_networks_of(container: Inspected) -> set[str]:
    """The names of those that it is really on.

    After it refused to connect a container that runs, Docker 20.10 lists that network all the
    same, without an endpoint, and does not let go of it either.
    """
    networks = networks_of(container)
    return {name for name, facts in networks.items() if _is_joined(container, facts)}


def network_mode(container: Inspected) -> str:
    """`host`, `none`, `container:<id>`, or a network."""
    return str((container.get("HostConfig") or {}).get("NetworkMode") or "default")


def attachments_of(container: Inspected, quarantine: str) -> list[Attachment]:
    """Each network that it is on, but for the quarantine.

    The one that it was created with comes first: Docker joins it first too.
    """
    own = {"default": "bridge"}.get(network_mode(container), network_mode(container))
    networks = networks_of(container)
    names = sorted(networks, key=lambda name: (own not in (name, _id(networks[name])), name))
    short = str(container["Id"])[:12]  # an alias that Docker adds by itself
    return [_attachment(name, networks[name], short) for name in names if name != quarantine]


def ports_of(container: Inspected) -> list[PortBinding]:
    """The ports of this machine that lead into it now."""
    published = (container.get("NetworkSettings") or {}).get("Ports") or {}
    return [
        PortBinding(port=port, host_ip=each.get("HostIp") or "", host_port=int(each["HostPort"]))
        for port, bindings in sorted(published.items())
        for each in bindings or ()
    ]


def take_off(api: docker.APIClient, container: Inspected, quarantine: str) -> None:
    """Leave the container on the quarantine network only.

    It leaves every network before it joins the quarantine: Docker 20.10 would publish its ports
    there as soon as the last other network is gone. Raises APIError.
    """
    networks = networks_of(container)
    for name in sorted(networks, key=lambda name: name != quarantine):
        _leave(api, container["Id"], name, _id(networks[name]))
    api.connect_container_to_network(container["Id"], quarantine)


def leave(api: docker.APIClient, container: Inspected, network: str) -> None:
    """Take it off this network, if it is on it. Raises APIError."""
    networks = networks_of(container)
    if network in networks:
        _leave(api, container["Id"], network, _id(networks[network]))


def put_back(api: docker.APIClient, container: Inspected, wanted: Attachment) -> list[str]:
    """Put a container back on a network; what came out otherwise, in words for people.

    An address that Docker had chosen is asked for only when it now chooses another one.
    Raises PermanentError when the network is gone, or when a configured address is taken.
    """
    network = _network(api, wanted)
    now = networks_of(container).get(wanted.network)
    if now is not None:
        if _is_joined(container, now) and not _differences(
            wanted, _attachment(wanted.network, now, str(container["Id"])[:12])
        ):
            return _recreated(wanted, network)
        _leave(api, container["Id"], wanted.network, _id(now))
    _join(api, container, network, wanted, wanted.ipv4, wanted.ipv6)
    if _address(api, container, wanted) != (wanted.address, wanted.address6):
        _ask_for_addresses(api, container, network, wanted)
    again = api.inspect_container(container["Id"])
    notes = _recreated(wanted, network)
    for each in attachments_of(again, ""):
        if each.network == wanted.network:
            notes += _differences(wanted, each)
    return notes


def _ask_for_addresses(
    api: docker.APIClient, container: Inspected, network: Mapping[str, Any], wanted: Attachment
) -> None:
    """Ask for the very addresses; what Docker does not admit stays as Docker chooses it.

    Docker admits it only on networks whose subnet somebody configured (20.10 to 28).
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
    """The addresses it has; for one that does not run now or did not, as wanted."""
    now = api.inspect_container(container["Id"])
    facts = networks_of(now).get(wanted.network) or {}
    if not is_alive(now) or not (wanted.address or wanted.address6):
        return wanted.address, wanted.address6
    return facts.get("IPAddress") or None, facts.get("GlobalIPv6Address") or None


def _holder(network: Mapping[str, Any], ipv4: str | None, ipv6: str | None) -> str | None:
    """Who has the address that was configured."""
    for each in (network.get("Containers") or {}).values():
        for address, key in ((ipv4, "IPv4Address"), (ipv6, "IPv6Address")):
            if address and str(each.get(key) or "").partition("/")[0] == address:
                return (
                    f"its address {address} is taken by {each.get('Name')}: take that off the"
                    " network, then restore again"
                )
    return None


def _network(api: docker.APIClient, wanted: Attachment) -> dict[str, Any]:
    """The network; one of the same name when it was made anew."""
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
    """Off this network, even if that was removed while the container did not run."""
    try:
        api.disconnect_container_from_network(container_id, network_id or name)
    except NotFound:
        api.disconnect_container_from_network(container_id, name, force=True)
    except APIError as error:
        if "is not connected to" not in explained(error):
            raise


def _differences(wanted: Attachment, now: Attachment) -> list[str]:
    found = [
        f"{wanted.network}: {what} {_said(have)} instead of {_said(had)}"
        for what, had, have in (
            ("aliases", sorted(wanted.aliases), sorted(now.aliases)),
            ("links", sorted(wanted.links), sorted(now.links)),
            ("driver options", wanted.driver_opts, now.driver_opts),
            ("gateway priority", wanted.gateway_priority, now.gateway_priority),
        )
        if had != have
    ]
    for what, had_text, have_text in (
        ("address", wanted.ipv4 or wanted.address, now.ipv4 or now.address),
        ("address", wanted.ipv6 or wanted.address6, now.ipv6 or now.address6),
        ("MAC address", wanted.mac, now.mac),
    ):
        if had_text and have_text and had_text != have_text:
            found.append(f"{wanted.network}: {what} {have_text} instead of {had_text}")
    return found


def _is_joined(container: Inspected, facts: Mapping[str, Any]) -> bool:
    return bool(facts.get("EndpointID")) or not is_alive(container)


def _said(value: object) -> str:
    return str(value) if value else "none"


def _attachment(name: str, facts: Mapping[str, Any], short_id: str) -> Attachment:
    configured = facts.get("IPAMConfig") or {}
    return Attachment(
        network_id=_id(facts) or "",
        network=name,
        aliases=[alias for alias in facts.get("Aliases") or () if alias != short_id],
        links=list(facts.get("Links") or ()),
        ipv4=configured.get("IPv4Address") or None,
        ipv6=configured.get("IPv6Address") or None,
        link_local_ips=list(configured.get("LinkLocalIPs") or ()),
        driver_opts={str(k): str(v) for k, v in (facts.get("DriverOpts") or {}).items()},
        gateway_priority=facts.get("GwPriority") or 0,
        address=facts.get("IPAddress") or None,
        address6=facts.get("GlobalIPv6Address") or None,
        mac=facts.get("MacAddress") or None,
    )


def _id(facts: Mapping[str, Any]) -> str | None:
    return facts.get("NetworkID") or None

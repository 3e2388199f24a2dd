"""A container's network attachments, read from `docker inspect`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.isolation import Attachment, PortBinding
from tasks.isolation.service_containers import Inspected, is_alive

_NO_NETWORKS = ("none", "host")


def networks_of(container: Inspected) -> dict[str, dict[str, Any]]:
    """Network name → the container's settings on it."""
    found = (container.get("NetworkSettings") or {}).get("Networks") or {}
    return {name: facts for name, facts in found.items() if name not in _NO_NETWORKS}


def joined_networks_of(container: Inspected) -> set[str]:
    """The names of the networks that it is really connected to.

    After refusing to connect a running container, Docker 20.10 still lists that network, without
    an endpoint, and does not disconnect it either.
    """
    networks = networks_of(container)
    return {name for name, facts in networks.items() if is_joined(container, facts)}


def network_mode(container: Inspected) -> str:
    """`host`, `none`, `container:<id>`, or a network's name."""
    return str((container.get("HostConfig") or {}).get("NetworkMode") or "default")


def attachments_of(container: Inspected, quarantine: str) -> list[Attachment]:
    """Its attachment to each network except the quarantine.

    The network that it was created with comes first, as Docker joins it first too.
    """
    own = {"default": "bridge"}.get(network_mode(container), network_mode(container))
    networks = networks_of(container)
    names = sorted(networks, key=lambda name: (own not in (name, id_of(networks[name])), name))
    short = str(container["Id"])[:12]  # an alias that Docker adds itself
    return [_attachment(name, networks[name], short) for name in names if name != quarantine]


def ports_of(container: Inspected) -> list[PortBinding]:
    """The ports of this machine that are currently forwarded to it."""
    published = (container.get("NetworkSettings") or {}).get("Ports") or {}
    return [
        PortBinding(port=port, host_ip=each.get("HostIp") or "", host_port=int(each["HostPort"]))
        for port, bindings in sorted(published.items())
        for each in bindings or ()
    ]


def differences(wanted: Attachment, now: Attachment) -> list[str]:
    """What differs from before, in words."""
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


def is_joined(container: Inspected, facts: Mapping[str, Any]) -> bool:
    """True when it is really connected to the network with these settings."""
    return bool(facts.get("EndpointID")) or not is_alive(container)


def _said(value: object) -> str:
    return str(value) if value else "none"


def _attachment(name: str, facts: Mapping[str, Any], short_id: str) -> Attachment:
    configured = facts.get("IPAMConfig") or {}
    return Attachment(
        network_id=id_of(facts) or "",
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


def id_of(facts: Mapping[str, Any]) -> str | None:
    """The id of the network."""
    return facts.get("NetworkID") or None

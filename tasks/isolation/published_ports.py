"""Checks whether a container's published ports answer."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import docker

from schemas.isolation import PortBinding

CONNECT_SECONDS = 1.0
_POLL = 0.05
_ANY = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound


def is_answered(api: docker.APIClient, binding: PortBinding) -> bool:
    """True when something accepts a connection. UDP is not tried; Docker's state counts."""
    if not binding.port.endswith("/tcp"):
        return False
    address = (_host(api, binding), binding.host_port)
    try:
        with socket.create_connection(address, timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False


def still_answering(
    api: docker.APIClient, bindings: list[PortBinding], *, within: float
) -> list[PortBinding]:
    """The ports that still answer after this many seconds of trying."""
    give_up_at = time.monotonic() + within
    while True:
        bindings = [each for each in bindings if is_answered(api, each)]
        if not bindings or time.monotonic() > give_up_at:
            return bindings
        time.sleep(_POLL)


def answering(
    api: docker.APIClient, bindings: list[PortBinding], *, within: float
) -> list[PortBinding]:
    """The ports that answer within this many seconds."""
    give_up_at = time.monotonic() + within
    found: list[PortBinding] = []
    while len(found) < len(bindings):
        found += [each for each in bindings if each not in found and is_answered(api, each)]
        if time.monotonic() > give_up_at:
            break
        time.sleep(_POLL)
    return found


def _host(api: docker.APIClient, binding: PortBinding) -> str:
    """The host to connect to: the machine that Docker runs on."""
    docker_host = urlsplit(str(api.base_url))
    if docker_host.scheme == "http+docker" or not docker_host.hostname:
        return _ANY.get(binding.host_ip, binding.host_ip)
    return docker_host.hostname if binding.host_ip in _ANY else binding.host_ip

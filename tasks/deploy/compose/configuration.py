"""Hashes the effective configuration of containers, so that it can be compared, not read."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from git.exc import GitCommandError

from tasks.base.salt import salt_of
from tasks.target.repository import TargetRepository

_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_OURS = ("aeef.", "com.docker.compose.")
_PLACES = ("Binds", "Mounts", "ContainerIDFile", "VolumesFrom")
"""Of the host's configuration: `docker inspect` has it again, as what is really mounted."""
_NOT_SET = ("Hostname", "Image", "AttachStdin", "AttachStdout", "AttachStderr", "Labels", "Env")
"""Of the container's configuration: names made for it, and what is taken apart here."""


class Configurations:
    """Hashes the effective configuration of containers with this installation's salt.

    Secrets cannot be guessed from a hash, and hashes of two installations cannot be compared: each
    begins with the mark of its own.
    """

    def __init__(self, home: Path, repository: TargetRepository) -> None:
        self._salt = salt_of(home)
        self._repository = repository

    def of(self, inspected: Iterable[Mapping[str, Any]], *, images: bool = False) -> str:
        """One hash for all containers of a service, however many.

        images: with their images, for telling whether anything changed.
        """
        each = sorted(json.dumps(self._plain(one, images), sort_keys=True) for one in inspected)
        digest = hmac.new(self._salt, "\n".join(each).encode(errors="replace"), hashlib.sha256)
        return f"{hashlib.sha256(self._salt).hexdigest()[:8]}:{digest.hexdigest()[:32]}"

    def _plain(self, container: Mapping[str, Any], images: bool) -> dict[str, Any]:
        config, host = container["Config"], container["HostConfig"]
        networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
        hostname = str(config.get("Hostname") or "")
        plain = {
            "image": container["Image"] if images else "",
            "config": {name: value for name, value in config.items() if name not in _NOT_SET},
            "hostname": "" if str(container["Id"]).startswith(hostname) else hostname,
            # docker-compose 1.x notes there which container it has replaced.
            "env": sorted(
                each for each in config.get("Env") or () if not each.startswith("affinity:")
            ),
            "labels": {
                name: value
                for name, value in (config.get("Labels") or {}).items()
                if not name.startswith(_OURS)
            },
            "host": {name: value for name, value in host.items() if name not in _PLACES},
            "mounts": sorted(
                (self._mount(each) for each in container.get("Mounts") or ()), key=json.dumps
            ),
            "networks": {
                name: (facts.get("IPAMConfig"), facts.get("DriverOpts"))
                for name, facts in networks.items()
            },
        }
        return {name: kept for name, value in plain.items() if (kept := _without_empty(value))}

    def _mount(self, mount: Mapping[str, Any]) -> list[str]:
        name, source = str(mount.get("Name") or ""), str(mount.get("Source") or "")
        if mount.get("Type") == "volume":
            source = "anonymous" if _ANONYMOUS.fullmatch(name) else name
        elif mount.get("Type") == "bind":
            source = f"{source} {self._committed(source)}"
        kind, place = str(mount.get("Type")), str(mount.get("Destination"))
        return [kind, place, source, "rw" if mount.get("RW", True) else "ro"]

    def _committed(self, source: str) -> str:
        """The id in git of a file or folder of the repository as it is checked out; else empty.

        A release may consist of files that its containers mount.
        """
        root = self._repository.path.resolve()
        path = Path(source).resolve()
        if not path.is_relative_to(root):
            return ""
        inside = path.relative_to(root).as_posix()
        try:
            return self._repository.git("rev-parse", "--verify", "--quiet", f"HEAD:./{inside}")
        except GitCommandError:
            return ""


def _without_empty(value: Any) -> Any:
    """Without what is not set: Docker and both kinds of Compose write that in different ways."""
    if isinstance(value, Mapping):
        kept = {str(name): _without_empty(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in _EMPTY}
    if isinstance(value, list | tuple):
        return [_without_empty(each) for each in value]
    return value


_EMPTY: tuple[Any, ...] = (None, "", 0, False, [], {}, [0, 0], -1)

"""The settings of a Compose service in one form, both expected and running ones."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schemas.drift import Setting
from tasks.drift.hide_values import Hider

DOCKERS_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Docker's default PATH, when neither image nor service sets it."""
AFFINITY = "affinity:container"
"""A variable that docker-compose 1.x sets in every container that replaces another."""
ANONYMOUS = "volume (anonymous)"
UNMASKED = "security option systempaths=unconfined"
"""Not kept by Docker, which instead masks no path of /proc and /sys."""
_ANY_ADDRESS = ("", "0.0.0.0", "::", "*")  # noqa: S104 - read, not bound
_NOT_THEIRS = ("com.docker.compose.", "aeef.", "desktop.docker.io/")
"""Prefixes of the labels that Compose, Docker and AEEF put on containers."""
_ANONYMOUS_NAME = re.compile(r"[0-9a-f]{64}")


class ServiceSettings:
    """Collects the settings of one service, or of one of its containers."""

    def __init__(self, service: str, hider: Hider) -> None:
        self.service = service
        self.found: dict[Setting, str] = {}
        self._hider = hider

    def put(self, field: str, value: str, name: str = "") -> None:
        """Add one setting."""
        self.found[Setting(self.service, field, name)] = value

    def image(self, identity: str) -> None:
        """The image, by its id."""
        self.put("image", identity)

    def words(self, field: str, words: Iterable[str] | None) -> None:
        """The command, or the entrypoint."""
        line = shlex.join(words or ())
        self.put(field, self._hider.without_secrets("", line))

    def environment(self, variables: Mapping[str, str | None]) -> None:
        """Every variable with a hash of its value; one without a value counts as not set."""
        for name, value in variables.items():
            others = name == AFFINITY or (name, value) == ("PATH", DOCKERS_PATH)
            if value is not None and not others:
                self.put("environment", self._hider.hidden(name, value), name)

    def labels(self, labels: Mapping[str, Any]) -> None:
        """Every label except those of Compose, Docker and AEEF."""
        for name, value in labels.items():
            if not name.startswith(_NOT_THEIRS):
                self.put("labels", self._hider.without_secrets(name, str(value)), name)

    def ports(self, bindings: Mapping[str, Iterable[tuple[str, str]]]) -> None:
        """`8080/tcp` → the host's addresses and ports that are forwarded to it."""
        for port, places in bindings.items():
            published = sorted(
                f"{'*' if address in _ANY_ADDRESS else address}:{host or '(any)'}"
                for address, host in places
            )
            if published:
                self.put("ports", ", ".join(dict.fromkeys(published)), port)

    def mount(self, destination: str, source: str, *, read_only: bool) -> None:
        """A mount at a path; source: `bind /srv`, `volume shop_data`, `tmpfs`."""
        self.put("mounts", source + (" ro" if read_only else ""), destination.rstrip("/") or "/")

    def volume(self, name: str) -> str:
        """A volume as a source for `mount`; anonymous ones, with random names, look the same."""
        return f"volume {name}" if name and not _ANONYMOUS_NAME.fullmatch(name) else ANONYMOUS

    def networks(self, names: Iterable[str]) -> None:
        """The networks, by their full names."""
        for name in names:
            self.put("networks", "attached", name)

    def restart(self, policy: str, retries: int = 0) -> None:
        """The restart policy."""
        name = policy or "no"
        self.put("restart", f"{name}:{retries}" if name == "on-failure" and retries else name)

    def resources(self, **most: float | None) -> None:
        """Limits of resources, if above 0: memory in bytes, CPUs in billionths, processes."""
        for name, value in most.items():
            if value and value > 0:
                self.put("limits", str(round(value)), name)

    def healthcheck(self, test: Sequence[str] | None) -> None:
        """The command that Docker asks whether the container is healthy."""
        self.words("healthcheck", () if test == ["NONE"] else test)

    def extra_hosts(self, entries: Iterable[str] | None) -> None:
        """Names with addresses of their own: `api=10.0.0.1`, or with a colon."""
        for entry in entries or ():
            name, address = re.split("[=:]", entry, maxsplit=1)
            self.put("extra_hosts", address.strip("[]"), name)

    def privilege(self, name: str, how: str = "granted") -> None:
        """A privilege beyond the default."""
        self.put("privileges", how, name)

    def device(self, path: str, permissions: str | None) -> None:
        """A host device, and the permissions on it: read, write, make nodes."""
        self.privilege(f"device {path}", permissions or "rwm")

    def restriction(self, name: str) -> None:
        """A restriction beyond the default."""
        self.put("restrictions", "in force", name)

    def capabilities(self, added: Iterable[str] | None, dropped: Iterable[str] | None) -> None:
        """Linux capabilities, with or without `CAP_`."""
        for each in added or ():
            self.privilege(f"capability {each.upper().removeprefix('CAP_')}")
        for each in dropped or ():
            self.restriction(f"without capability {each.upper().removeprefix('CAP_')}")

    def security_options(self, options: Iterable[str] | None, *, unlabelled: bool) -> None:
        """seccomp, AppArmor, SELinux, no-new-privileges.

        unlabelled: Docker itself adds `label=disable`, see `adds_label`.
        """
        for option in options or ():
            plain = re.sub(r"^([\w-]+):", r"\1=", option)
            if plain.startswith("no-new-privileges"):
                if not plain.endswith("=false"):
                    self.restriction("no-new-privileges")
            elif not (unlabelled and plain == "label=disable"):
                self.privilege(f"security option {plain[:100]}")

    def namespaces(self, spaces: Mapping[str, str | None]) -> None:
        """`pid`, `ipc`, …: shared with the host, or with another container."""
        for name, mode in spaces.items():
            if mode and mode.startswith(("host", "container:", "service:")):
                shared = "another container" if ":" in mode else mode
                self.privilege(f"{name} namespace of {shared}")


def from_image(image: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The defaults that an image sets for its containers, from `docker image inspect`."""
    return (image or {}).get("Config") or {}


def in_bytes(text: str) -> float:
    """`64m`, `1.5GB`, `67108864`: a size as Compose reads it, else ValueError."""
    found = re.fullmatch(r"([\d.]+)\s*([bkmgtp]?)i?b?", text.strip().lower())
    if not found:
        raise ValueError(text[:50])
    return float(found[1]) * float(1024 ** "bkmgtp".index(found[2] or "b"))


def variables(lines: Iterable[str] | None) -> dict[str, str | None]:
    """`NAME=value` lines; a name alone has no value."""
    pairs = (line.partition("=") for line in lines or ())
    return {name: value if equals else None for name, equals, value in pairs}


def adds_label(*, privileged: bool, pid: str | None, ipc: str | None) -> bool:
    """True when Docker adds the security option `label=disable` by itself."""
    return privileged or "host" in (pid, ipc)

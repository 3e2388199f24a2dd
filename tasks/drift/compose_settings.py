"""The settings of a service in a compose file, as `compose config` renders it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.drift import Setting
from tasks.drift.hide_values import Hider
from tasks.drift.service_settings import (
    ANONYMOUS,
    ServiceSettings,
    adds_label,
    from_image,
    in_bytes,
    variables,
)


class ComposeFile:
    """A rendered compose file. `docker compose` and docker-compose 1.x render differently."""

    def __init__(self, config: Mapping[str, Any], project: str) -> None:
        self.services: Mapping[str, Mapping[str, Any]] = config.get("services") or {}
        self.project = project
        self._config = config
        self._is_old = "name" not in config  # docker-compose 1.x does not print it

    def settings(
        self, service: str, image: Mapping[str, Any] | None, hider: Hider
    ) -> dict[Setting, str]:
        """Everything that is compared, except the image itself and the number of replicas.

        image: `docker image inspect` of the image, whose settings the service inherits.
        """
        data, base = self.services[service], from_image(image)
        settings = ServiceSettings(service, hider)
        entrypoint = _words(data.get("entrypoint"))
        command = _words(data.get("command"))
        if not command and not entrypoint:  # an empty list counts as none for Docker
            command = base.get("Cmd")
        settings.words("command", command)
        settings.words("entrypoint", base.get("Entrypoint") if entrypoint is None else entrypoint)
        settings.environment(variables(base.get("Env")) | _mapping(data.get("environment")))
        settings.labels((base.get("Labels") or {}) | _texts(data.get("labels")))
        settings.put("user", str(data.get("user") or base.get("User") or "root"))
        settings.put("working_dir", data.get("working_dir") or base.get("WorkingDir") or "/")
        settings.ports(_ports(data.get("ports") or ()))
        self._mounts(settings, data, base)
        settings.networks(self._networks(data))
        settings.restart(*_restart(data))
        _resources(settings, data)
        settings.healthcheck(_healthcheck(data, base))
        hosts = data.get("extra_hosts") or ()
        settings.extra_hosts(
            [f"{n}:{a}" for n, a in hosts.items()] if isinstance(hosts, Mapping) else hosts
        )
        _privileges(settings, data)
        return settings.found

    def depends_on(self) -> dict[str, set[str]]:
        """Service → the services that it depends on."""
        found = {}
        for name, data in self.services.items():
            needed = set(data.get("depends_on") or ())
            needed |= {link.partition(":")[0] for link in data.get("links") or ()}
            shared = str(data.get("network_mode") or "")
            if shared.startswith("service:"):
                needed.add(shared.removeprefix("service:"))
            found[name] = needed
        return found

    def own_networks(self) -> set[str]:
        """The full names of the networks that belong only to this project."""
        return {
            name for data in self.services.values() for name in self._networks(data, external=False)
        }

    def open_variables(self, service: str) -> set[str]:
        """Variables whose value comes from the deployer's shell, so it cannot be known."""
        given = _mapping(self.services[service].get("environment"))
        return {name for name, value in given.items() if value is None}

    def _networks(self, data: Mapping[str, Any], *, external: bool = True) -> Iterator[str]:
        mode = str(data.get("network_mode") or "")
        if mode:
            if external and ":" not in mode:
                yield mode
            return
        known = self._config.get("networks") or {}
        for key in data.get("networks") or ("default",):
            network = known.get(key) or {}
            if external or not network.get("external"):
                yield self._full_name(key, network)

    def _full_name(self, key: str, facts: Mapping[str, Any]) -> str:
        outside = facts.get("external")
        if isinstance(outside, Mapping) and outside.get("name"):
            return str(outside["name"])
        return str(facts.get("name") or (key if outside else f"{self.project}_{key}"))

    def _mounts(
        self, settings: ServiceSettings, data: Mapping[str, Any], base: Mapping[str, Any]
    ) -> None:
        for destination in base.get("Volumes") or {}:
            settings.mount(destination, ANONYMOUS, read_only=False)
        for kind, folder in (("secrets", "/run/secrets/"), ("configs", "/")):
            ignored = kind == "configs" and self._is_old
            for entry in () if ignored else data.get(kind) or ():
                facts = entry if isinstance(entry, Mapping) else {"source": entry}
                file = ((self._config.get(kind) or {}).get(facts.get("source")) or {}).get("file")
                target = str(facts.get("target") or facts.get("source"))
                where = target if target.startswith("/") else folder + target
                if file:
                    settings.mount(where, f"bind {file}", read_only=True)
        for entry in data.get("volumes") or ():
            kind, source, target, read_only = _volume(entry)
            if kind == "volume":
                facts = (self._config.get("volumes") or {}).get(source) or {}
                mounted = settings.volume(self._full_name(source, facts) if source else "")
            else:
                mounted = "tmpfs" if kind == "tmpfs" else f"{kind} {source}"
            settings.mount(target, mounted, read_only=read_only and kind != "tmpfs")
        tmpfs = data.get("tmpfs") or ()
        for each in [tmpfs] if isinstance(tmpfs, str) else tmpfs:
            settings.mount(str(each).partition(":")[0], "tmpfs", read_only=False)


def _words(value: Any) -> list[str] | None:
    if value is None:
        return None
    words = shlex.split(value) if isinstance(value, str) else [str(word) for word in value]
    return [_unescaped(word) for word in words]


def _unescaped(text: str) -> str:
    """Undo `compose config`'s `$$` for `$`, which makes its output a valid compose file."""
    return text.replace("$$", "$")


def _mapping(value: Any) -> dict[str, str | None]:
    if isinstance(value, Mapping):
        return {
            str(name): None if text is None else _unescaped(_text(text))
            for name, text in value.items()
        }
    return variables(_unescaped(str(line)) for line in value or ())


def _texts(value: Any) -> dict[str, str]:
    return {name: text or "" for name, text in _mapping(value).items()}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ports(entries: Iterable[Any]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for entry in entries:
        if isinstance(entry, Mapping):
            port, protocol = str(entry.get("target")), str(entry.get("protocol") or "tcp")
            address, host = str(entry.get("host_ip") or ""), str(entry.get("published") or "")
        else:
            outside, _, inside = str(entry).rpartition(":")
            port, _, protocol = inside.partition("/")
            address, _, host = outside.rpartition(":")
        found.setdefault(f"{port}/{protocol or 'tcp'}", []).append((address.strip("[]"), host))
    return found


def _volume(entry: Any) -> tuple[str, str, str, bool]:
    """Kind, source, destination, and whether it is read-only."""
    if isinstance(entry, Mapping):
        kind = str(entry.get("type") or "volume")
        read_only = bool(entry.get("read_only"))
        return kind, str(entry.get("source") or ""), str(entry.get("target")), read_only
    parts = str(entry).split(":")
    if len(parts) == 1:
        return "volume", "", parts[0], False
    options = parts[2].split(",") if len(parts) > 2 else []
    kind = "bind" if parts[0].startswith(("/", ".", "~")) else "volume"
    return kind, parts[0], parts[1], "ro" in options


def _restart(data: Mapping[str, Any]) -> tuple[str, int]:
    policy = (data.get("deploy") or {}).get("restart_policy") or {}
    if not data.get("restart") and policy:
        name = {"any": "always", "none": "no"}.get(policy.get("condition", "any"), "on-failure")
        return name, int(policy.get("max_attempts") or 0)
    name, _, retries = str(data.get("restart") or "no").partition(":")
    return name, int(retries or 0)


def _resources(settings: ServiceSettings, data: Mapping[str, Any]) -> None:
    deploy = ((data.get("deploy") or {}).get("resources") or {}).get("limits") or {}
    memory = data.get("mem_limit") or deploy.get("memory")
    cpus = data.get("cpus") or deploy.get("cpus")
    settings.resources(
        memory=in_bytes(str(memory)) if memory else None,
        cpus=float(cpus) * 1e9 if cpus else None,
        pids=data.get("pids_limit") or deploy.get("pids"),
    )


def _healthcheck(data: Mapping[str, Any], base: Mapping[str, Any]) -> list[str] | None:
    check = data.get("healthcheck") or {}
    if check.get("disable"):
        return None
    if not (test := check.get("test")):
        return (base.get("Healthcheck") or {}).get("Test")
    return ["CMD-SHELL", _unescaped(test)] if isinstance(test, str) else _words(test)


def _privileges(settings: ServiceSettings, data: Mapping[str, Any]) -> None:
    privileged = bool(data.get("privileged"))
    if privileged:
        settings.privilege("privileged")
    if data.get("read_only"):
        settings.restriction("read-only file system")
    settings.capabilities(data.get("cap_add"), data.get("cap_drop"))
    settings.security_options(
        data.get("security_opt"),
        unlabelled=adds_label(privileged=privileged, pid=data.get("pid"), ipc=data.get("ipc")),
    )
    settings.namespaces(
        {
            "network": data.get("network_mode"),
            "pid": data.get("pid"),
            "ipc": data.get("ipc"),
            "uts": data.get("uts"),
            "user": data.get("userns_mode"),
        }
    )
    for device in data.get("devices") or ():
        if isinstance(device, Mapping):
            settings.device(str(device.get("source")), device.get("permissions"))
        else:
            source, _, rest = str(device).partition(":")
            settings.device(source, rest.partition(":")[2])
    for rule in data.get("device_cgroup_rules") or ():
        settings.privilege(f"device rule {rule}")
    for group in data.get("group_add") or ():
        settings.privilege(f"group {group}")

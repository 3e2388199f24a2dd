"""The actual settings of a running container, from `docker inspect`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.drift import Setting
from tasks.drift.hide_values import Hider
from tasks.drift.service_settings import UNMASKED, ServiceSettings, adds_label, variables

ABSENT = "(absent)"


def container_settings(
    service: str, container: Mapping[str, Any], hider: Hider
) -> dict[Setting, str]:
    """Everything that is compared for one container."""
    settings = ServiceSettings(service, hider)
    config, host = container["Config"], container["HostConfig"]
    settings.image(str(container["Image"]))
    settings.words("command", config.get("Cmd"))
    settings.words("entrypoint", config.get("Entrypoint"))
    settings.environment(variables(config.get("Env")))
    settings.labels(config.get("Labels") or {})
    settings.put("user", config.get("User") or "root")
    settings.put("working_dir", config.get("WorkingDir") or "/")
    settings.ports(
        {
            port: [
                (place.get("HostIp") or "", place.get("HostPort") or "") for place in places or ()
            ]
            for port, places in (host.get("PortBindings") or {}).items()
        }
    )
    _mounts(settings, container, host)
    settings.networks((container.get("NetworkSettings") or {}).get("Networks") or {})
    policy = host.get("RestartPolicy") or {}
    settings.restart(policy.get("Name") or "", int(policy.get("MaximumRetryCount") or 0))
    settings.resources(
        memory=host.get("Memory"), cpus=host.get("NanoCpus"), pids=host.get("PidsLimit")
    )
    settings.healthcheck((config.get("Healthcheck") or {}).get("Test"))
    settings.extra_hosts(host.get("ExtraHosts"))
    _privileges(settings, host)
    return settings.found


def merged(containers: Sequence[Mapping[Setting, str]]) -> dict[Setting, str]:
    """The merged settings of all replicas; where they differ, the value lists each variant."""
    if len(containers) == 1:
        return dict(containers[0])
    found = {}
    for setting in set().union(*containers):
        values = {container.get(setting, ABSENT) for container in containers}
        found[setting] = " | ".join(sorted(values))
    return found


def counts_as_running(container: Mapping[str, Any]) -> bool:
    """True for a running container, and for one that ended as intended, such as a migration."""
    state = container["State"]
    if state.get("Status") == "exited":
        policy = (container["HostConfig"].get("RestartPolicy") or {}).get("Name")
        return bool(state.get("ExitCode") == 0 and policy in ("", "no", "on-failure", None))
    return bool(state.get("Status") == "running")


def _mounts(
    settings: ServiceSettings, container: Mapping[str, Any], host: Mapping[str, Any]
) -> None:
    for mount in container.get("Mounts") or ():
        kind = mount.get("Type")
        if kind == "volume":
            source = settings.volume(str(mount.get("Name") or ""))
        elif kind == "tmpfs":
            source = "tmpfs"
        else:
            source = f"{kind} {mount.get('Source')}"
        read_only = kind != "tmpfs" and not mount.get("RW", True)
        settings.mount(str(mount["Destination"]), source, read_only=read_only)
    for destination in host.get("Tmpfs") or {}:
        settings.mount(destination, "tmpfs", read_only=False)


def _privileges(settings: ServiceSettings, host: Mapping[str, Any]) -> None:
    privileged = bool(host.get("Privileged"))
    if privileged:
        settings.privilege("privileged")
    if host.get("ReadonlyRootfs"):
        settings.restriction("read-only file system")
    settings.capabilities(host.get("CapAdd"), host.get("CapDrop"))
    settings.security_options(
        host.get("SecurityOpt"),
        unlabelled=adds_label(
            privileged=privileged, pid=host.get("PidMode"), ipc=host.get("IpcMode")
        ),
    )
    settings.namespaces(
        {
            "network": host.get("NetworkMode"),
            "pid": host.get("PidMode"),
            "ipc": host.get("IpcMode"),
            "uts": host.get("UTSMode"),
            "user": host.get("UsernsMode"),
        }
    )
    if [] in (host.get("MaskedPaths"), host.get("ReadonlyPaths")):
        settings.privilege(UNMASKED)
    for device in host.get("Devices") or ():
        settings.device(str(device.get("PathOnHost")), device.get("CgroupPermissions"))
    for rule in host.get("DeviceCgroupRules") or ():
        settings.privilege(f"device rule {rule}")
    for group in host.get("GroupAdd") or ():
        settings.privilege(f"group {group}")

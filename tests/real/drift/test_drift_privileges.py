"""Privileges of a service, in the compose file's words and in Docker's: the same is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.drift import Setting
from tasks.drift.compose_settings import ComposeFile
from tasks.drift.container_settings import container_settings
from tasks.drift.hide_values import Hider


def wanted(hider: Hider, **service: Any) -> dict[str, str]:
    """The privileges that a compose file gives."""
    file = ComposeFile({"services": {"web": service}}, "shop")
    return _privileges(file.settings("web", None, hider))


def real(hider: Hider, **host: Any) -> dict[str, str]:
    """The privileges that a container has."""
    container = {"Image": "sha256:0", "Config": {}, "HostConfig": host}
    return _privileges(container_settings("web", container, hider))


def _privileges(found: dict[Setting, str]) -> dict[str, str]:
    return {each.name: value for each, value in found.items() if each.field == "privileges"}


@pytest.mark.parametrize(
    ("service", "host", "privileges"),
    [
        ({"privileged": True}, {"Privileged": True, "SecurityOpt": ["label=disable"]},
         {"privileged": "granted"}),
        ({"cap_add": ["SYS_ADMIN"]}, {"CapAdd": ["CAP_SYS_ADMIN"]},
         {"capability SYS_ADMIN": "granted"}),
        ({"devices": ["/dev/sda:/dev/x:r"]},
         {"Devices": [{"PathOnHost": "/dev/sda", "CgroupPermissions": "r"}]},
         {"device /dev/sda": "r"}),
        ({"devices": [{"source": "/dev/sda", "target": "/dev/x", "permissions": "rwm"}]},
         {"Devices": [{"PathOnHost": "/dev/sda", "CgroupPermissions": "rwm"}]},
         {"device /dev/sda": "rwm"}),
        ({"devices": ["/dev/sda"]},
         {"Devices": [{"PathOnHost": "/dev/sda", "CgroupPermissions": "rwm"}]},
         {"device /dev/sda": "rwm"}),
        ({"device_cgroup_rules": ["c 1:3 rwm"]}, {"DeviceCgroupRules": ["c 1:3 rwm"]},
         {"device rule c 1:3 rwm": "granted"}),
        ({"security_opt": ["systempaths=unconfined"]}, {"MaskedPaths": [], "ReadonlyPaths": []},
         {"security option systempaths=unconfined": "granted"}),
        ({"security_opt": ["seccomp:unconfined"]}, {"SecurityOpt": ["seccomp=unconfined"]},
         {"security option seccomp=unconfined": "granted"}),
        ({"pid": "host"}, {"PidMode": "host", "SecurityOpt": ["label=disable"]},
         {"pid namespace of host": "granted"}),
        ({}, {"MaskedPaths": ["/proc/kcore"], "ReadonlyPaths": ["/proc/sys"]}, {}),
    ],
)  # fmt: skip
def test_a_privilege_reads_the_same_wanted_and_real(
    tmp_path: Path, service: dict[str, Any], host: dict[str, Any], privileges: dict[str, str]
) -> None:
    """Nothing differs where nothing was changed; each is reported by its name and extent."""
    hider = Hider(tmp_path)

    assert privileges == wanted(hider, **service)
    assert privileges == real(hider, **host)

"""Debian's Alertmanager as a real sender, for tests."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from support import free_port, not_available

PROGRAM = "prometheus-alertmanager"
START_SECONDS = 120.0


def webhook_receiver(url: str, token: str) -> str:
    """The receiver that a user writes for our intake."""
    return f"""\
  webhook_configs:
  - url: {url}
    send_resolved: true
    http_config: {{authorization: {{credentials: {token}}}}}
"""


class RealAlertmanager:
    """A running Alertmanager with one receiver."""

    def __init__(self, directory: Path, receiver: str) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        directory.mkdir(parents=True)
        config = f"""\
route: {{receiver: aeef, group_by: [alertname, service], group_wait: 0s, group_interval: 1s,
        repeat_interval: 1h}}
receivers:
- name: aeef
{receiver}"""
        (directory / "am.yml").write_text(config)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if not shutil.which(PROGRAM):
            not_available(f"{PROGRAM} is not installed")
        self._process = subprocess.Popen(
            [
                PROGRAM,
                f"--config.file={self.directory / 'am.yml'}",
                f"--storage.path={self.directory / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert time.monotonic() < deadline, "Alertmanager did not start"
            time.sleep(0.05)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def fire(
        self,
        labels: Mapping[str, str],
        description: str,
        began: datetime,
        *,
        ended: datetime | None = None,
    ) -> None:
        """Give it an alert as Prometheus would; with `ended`, the alert is over."""
        alert: dict[str, Any] = {
            "labels": dict(labels),
            "annotations": {"description": description},
            "startsAt": began.isoformat(),
        }
        if ended is not None:
            alert["endsAt"] = ended.isoformat()
        httpx.post(f"{self.url}/api/v2/alerts", json=[alert], timeout=10).raise_for_status()

    def last_webhook(self, labels: Mapping[str, str], began: datetime) -> dict[str, Any]:
        """What it sends, and sends again, for a firing alert: its group and fingerprint."""
        [group] = httpx.get(f"{self.url}/api/v2/alerts/groups", timeout=10).json()
        [alert] = group["alerts"]
        keys = ", ".join(f'{name}="{group["labels"][name]}"' for name in sorted(group["labels"]))
        return {
            "version": "4",
            "groupKey": f"{{}}:{{{keys}}}",
            "status": "firing",
            "receiver": "aeef",
            "alerts": [
                {
                    "status": "firing",
                    "labels": dict(labels),
                    "annotations": alert["annotations"],
                    "startsAt": began.isoformat(),  # the API rounds it, the webhook does not
                    "endsAt": "0001-01-01T00:00:00Z",
                    "generatorURL": "",
                    "fingerprint": alert["fingerprint"],
                }
            ],
        }

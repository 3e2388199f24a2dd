"""Debian's Alertmanager as a real sender, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from standins.real.server import RealServer


def webhook_receiver(url: str, token: str) -> str:
    """The receiver that a user writes for our intake."""
    return f"""\
  webhook_configs:
  - url: {url}
    send_resolved: true
    http_config: {{authorization: {{credentials: {token}}}}}
"""


class RealAlertmanager(RealServer):
    """A running Alertmanager with one receiver."""

    program = "prometheus-alertmanager"

    def __init__(self, directory: Path, receiver: str) -> None:
        super().__init__(directory)
        config = f"""\
route: {{receiver: aeef, group_by: [alertname, service], group_wait: 0s, group_interval: 1s,
        repeat_interval: 1h}}
receivers:
- name: aeef
{receiver}"""
        (directory / "am.yml").write_text(config)

    def arguments(self) -> list[str]:
        """What it is started with."""
        return [
            f"--config.file={self.directory / 'am.yml'}",
            f"--storage.path={self.directory / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
        ]

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

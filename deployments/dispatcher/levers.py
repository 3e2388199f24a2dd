"""Has the levers tried again when the settings have changed, and on a new installation."""

from __future__ import annotations

from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from schemas.settings import Settings
from tasks.armed.table import settings_digest
from tasks.base.replace_file import replace_file

CHECK = "armed/check"


class LeverWatch:
    """Compares the settings with those of the last time that it asked for a check."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file: Path = settings.home / "armed.settings"

    def run(self) -> None:
        """Ask Prefect for a run of `armed/check` when any setting has changed."""
        if not self._settings.armed.every:
            return
        now = settings_digest(self._settings)
        if now == self._last():
            return
        with get_client(sync_client=True) as client:
            try:
                deployment = client.read_deployment_by_name(CHECK)
            except ObjectNotFound:  # it is reported as missing
                return
            client.create_flow_run_from_deployment(
                deployment.id,
                name="the settings have changed",
                # The file that remembers may not be writable: once is enough all the same.
                idempotency_key=f"armed:{now}",
            )
        replace_file(self._file, now.encode(), mode=0o600)

    def _last(self) -> str:
        try:
            return self._file.read_text()
        except OSError:
            return ""

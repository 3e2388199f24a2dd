"""Keeps Prefect's settings out of a run's environment: our processes have them already.

For each run Prefect's worker would serialize all of its settings into environment variables.
"""

from __future__ import annotations

from prefect.workers.base import BaseJobConfiguration


def _nothing(_cls: type[BaseJobConfiguration]) -> dict[str, str]:
    return {}


def apply() -> None:
    """Patch the configuration of every run of this worker."""
    setattr(BaseJobConfiguration, "_base_environment", classmethod(_nothing))  # noqa: B010 - not theirs

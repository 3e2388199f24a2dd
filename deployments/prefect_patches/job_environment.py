"""Keeps Prefect's settings out of a run's variables: our processes have them.

Prefect's worker writes all of them out for each run.
"""

from __future__ import annotations

from prefect.workers.base import BaseJobConfiguration


def _nothing(_cls: type[BaseJobConfiguration]) -> dict[str, str]:
    return {}


def apply() -> None:
    """For every run of this worker."""
    setattr(BaseJobConfiguration, "_base_environment", classmethod(_nothing))  # noqa: B010

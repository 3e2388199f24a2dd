"""The fixtures that need real servers, Docker and Prefect."""

from __future__ import annotations

import pytest

from fixtures import REAL


def pytest_configure(config: pytest.Config) -> None:
    """Import them when a test of this tier is collected, and not before."""
    for each in REAL:
        config.pluginmanager.import_plugin(each)

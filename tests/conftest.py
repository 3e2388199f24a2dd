"""Where the fixtures are; and no test speaks to somebody's Prefect by accident."""

from __future__ import annotations

import os
import tempfile

_prefect_home = tempfile.TemporaryDirectory(prefix="aeef-test-prefect-")
# Before anything imports Prefect: in this process its server is a port where nobody listens.
os.environ |= {
    "PREFECT_HOME": _prefect_home.name,
    "PREFECT_API_URL": "http://127.0.0.1:9/api",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
}
pytest_plugins = [
    "fixtures.standins",
    "fixtures.store",
    "fixtures.targets",
    "fixtures.isolation",
    "fixtures.stack",
    "fixtures.intake",
    "fixtures.cli",
    "fixtures.patch",
]


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    _prefect_home.cleanup()

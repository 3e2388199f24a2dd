"""Caches the application object of Prefect's server.

Each action of an automation looks it up, and for each lookup Prefect serializes all settings and
reads its logging configuration again: with many alerts that took 40 % of the server's time.
The settings of a running server do not change.
"""

from __future__ import annotations

import functools

from prefect.server.api import server


def apply() -> None:
    """Cache `create_app`."""
    server.create_app = functools.cache(server.create_app)

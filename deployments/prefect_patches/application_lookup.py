"""Lets Prefect's server remember its own application.

Each action of an automation asks for it, and so that it is found, Prefect writes out all settings
and reads its logging configuration again: with many alerts, 40 % of the server's time went there.
The settings of a running server do not change.
"""

from __future__ import annotations

import functools

from prefect.server.api import server


def apply() -> None:
    """Look it up once."""
    server.create_app = functools.cache(server.create_app)

"""The user who runs the command, for the record."""

from __future__ import annotations

import getpass
import os


def this_user() -> str:
    """The user's name; in a container that has none, the number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"

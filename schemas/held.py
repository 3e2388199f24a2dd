"""Settings that were in the environment, and are now only in this process's memory.

The environment of a process can be read by others, and is passed on to every program that it
starts. Standard library only: it is used before anything else is imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

OURS = "AEEF_"
_PLAIN = frozenset({"AEEF_HOME", "AEEF_CONFIG", "AEEF_PREFECT_PATCHES", "AEEF_PREFECT_EMBEDDED"})
"""No secrets, and asked for where there are no settings yet."""
_held: dict[str, str] = {}


def held() -> Mapping[str, str]:
    """The variables that are held; what the environment has counts before them."""
    return _held


def is_held(name: str) -> bool:
    """True for a variable that belongs into memory: every setting of ours but a few plain ones."""
    return name.upper().startswith(OURS) and name.upper() not in _PLAIN


def hold(variables: Mapping[str, str]) -> None:
    """Hold those of the variables that belong into memory, and put the others where they were."""
    for name, value in variables.items():
        if is_held(name):
            _held[name] = value
        else:
            os.environ[name] = value


def hold_environment() -> None:
    """Take our settings out of this process's environment, for what it starts from now on."""
    for name in [name for name in os.environ if is_held(name)]:
        _held[name] = os.environ.pop(name)


def forget_held() -> None:
    """Hold nothing any more."""
    _held.clear()

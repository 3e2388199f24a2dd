"""The environment of programs that are not ours: everything but our own settings and Prefect's."""

from __future__ import annotations

import os
from collections.abc import Iterable

PRIVATE = ("AEEF_", "PREFECT_")
"""How the names begin of what is for our own processes only: some of it are secrets."""
_NO_HOOKS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "protocol.ext.allow": "never",
}
"""A repository's hooks and its watcher are for its developers; `ext::` runs any command."""


def is_private(name: str) -> bool:
    """True for a variable that no program of a target may see. Settings ignore case."""
    return name.upper().startswith(PRIVATE)


def for_programs() -> dict[str, str]:
    """Our environment without what is private."""
    return {name: value for name, value in os.environ.items() if not is_private(name)}


def private_names(names: Iterable[str]) -> list[str]:
    """Those of the names that are private."""
    return [name for name in names if is_private(name)]


def git_without_hooks() -> dict[str, str]:
    """Variables with which git runs nothing for itself that a repository names, but its filters.

    Filters stay: without them a checkout has other contents than a person's. What a person
    configured by the same variables stays too.
    """
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isdecimal() else 0
    pairs = enumerate(_NO_HOOKS.items(), first)
    return {
        "GIT_CONFIG_COUNT": str(first + len(_NO_HOOKS)),
        **{
            name: text
            for number, (key, value) in pairs
            for name, text in (
                (f"GIT_CONFIG_KEY_{number}", key),
                (f"GIT_CONFIG_VALUE_{number}", value),
            )
        },
    }

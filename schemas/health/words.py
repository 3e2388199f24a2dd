"""The words by which applications say how they are."""

from __future__ import annotations

import re

CONDITIONS = frozenset(
    {"status", "health", "healthstatus", "overallstatus", "overall", "servicestatus", "appstatus"}
)
"""Keys whose value says how the whole is, written in any way: `Status`, `health_status`."""
FLAGS = frozenset(
    {"healthy", "ishealthy", "ok", "isok", "success", "up", "isup", "alive", "isalive", "ready",
     "isready", "live"}
)  # fmt: skip
"""Keys whose value is bad when it is false, or a bad word."""
STATES = frozenset({"state", "condition"})
"""Keys whose value is bad when it is a bad word."""
OPPOSITES = frozenset({"unhealthy", "down", "failed", "degraded", "broken"})
"""Keys whose value is bad when it is true."""
ERRORS = frozenset({"error", "errors", "failure", "failures"})
"""Keys whose value is bad when it says something."""
CHECKS = frozenset(
    {"checks", "components", "dependencies", "services", "entries", "results", "healthchecks",
     *CONDITIONS}
)  # fmt: skip
"""Keys that hold one value for each part of the application."""

SURELY_DOWN = frozenset(
    {"down", "unhealthy", "not healthy", "fail", "failed", "failing", "failure", "unavailable",
     "out of service", "not ok", "not ready", "notready", "not serving", "dead", "offline",
     "disconnected", "broken", "unreachable", "sick", "crashed"}
)  # fmt: skip
"""These mean that something does not work, wherever they stand."""
NOT_WELL = SURELY_DOWN | {
    "error", "errors", "err", "critical", "fatal", "false", "no", "red", "bad", "degraded",
    "partially degraded", "warn", "warning", "yellow", "starting", "initializing", "initialising",
    "loading", "booting", "warming up", "pending", "stopping", "stopped", "draining", "exited",
    "restarting", "shutting down", "maintenance", "maintenance mode", "under maintenance",
    "timeout", "timed out", "unknown", "internal server error", "server error", "bad gateway",
    "gateway timeout", "service unavailable", "service temporarily unavailable",
    "temporarily unavailable", "inactive", "unauthorized", "forbidden", "404", "500", "502", "503",
    "504",
}  # fmt: skip
"""These as the only word that is said."""
_FIRST = SURELY_DOWN | {"error", "critical", "fatal", "degraded", "not", "timeout", "unauthorized"}
_NOTHING = {"", "none", "null", "no", "false", "ok", "n/a", "0", "-"}


def name_of(key: str) -> str:
    """A key without case and separators: `Health-Status` → `healthstatus`."""
    return re.sub(r"[^a-z0-9]", "", key.lower())


def word_of(value: object) -> str:
    """A value to be compared: without case, separators and punctuation around it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int | float):
        return ""
    return re.sub(r"[\s_-]+", " ", str(value).lower()).strip(" .,:;!\"'")


def bad_sentence(text: str) -> bool:
    """True for a short text that says that something is wrong: by its words, or its first one."""
    word = re.sub(r"^[1-5][0-9][0-9] ", "", word_of(text))
    first = re.split(r"[^\w]+", word, maxsplit=1)[0]
    return word in NOT_WELL or first in _FIRST


def something(value: object) -> bool:
    """True for an error that is not empty: `null`, `[]`, `0` and "none" say nothing."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return word_of(value) not in _NOTHING
    return isinstance(value, list | tuple) and bool(value)

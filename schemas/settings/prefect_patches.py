"""Names of our Prefect patches, and the setting that turns them on or off."""

from __future__ import annotations

from enum import StrEnum

PATCHES_VARIABLE = "AEEF_PREFECT_PATCHES"


class PrefectPatch(StrEnum):
    """One patch; `deployments/prefect_patches/README.md` describes each."""

    APPLICATION_LOOKUP = "application-lookup"
    SCHEDULER_INTERVAL = "scheduler-interval"
    GARBAGE_COLLECTION = "garbage-collection"
    TRANSACTIONS = "transactions"
    SQLITE_THREAD = "sqlite-thread"
    EVENT_INSERTS = "event-inserts"
    SUBMITTING = "submitting"
    CACHED_READS = "cached-reads"
    JOB_ENVIRONMENT = "job-environment"
    HEARTBEATS = "heartbeats"
    TASK_EVENTS = "task-events"
    SUSPENSION = "suspension"
    CANCELLING = "cancelling"
    EVENT_RESOURCES = "event-resources"
    RUN_REQUESTS = "run-requests"


def patches_chosen(text: str) -> frozenset[PrefectPatch]:
    """The active patches: `on`: all, `off`: none, `-task-events,-heartbeats`: all except these.

    Raises ValueError that names the known ones.
    """
    if text.strip() in ("on", ""):
        return frozenset(PrefectPatch)
    if text.strip() == "off":
        return frozenset()
    off = {part.strip() for part in text.split(",")} - {""}
    known = {f"-{each}" for each in PrefectPatch}
    if not off <= known:
        raise ValueError(
            "write on, off, or what is to be off, as in '-task-events,-heartbeats';"
            f" there are {', '.join(sorted(known))}"
        )
    return frozenset(each for each in PrefectPatch if f"-{each}" not in off)

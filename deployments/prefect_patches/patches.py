"""The list of our patches of Prefect and aiosqlite, and applying them in this process.

`README.md` has the reason for each, and how much it saves. Each patch is in the file of its name,
which is imported only when nothing that it touches is missing. `AEEF_PREFECT_PATCHES` turns
them off, one by one or all together.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module

from schemas.settings import (
    PATCHES_VARIABLE,
    PrefectPatch,
    Settings,
    WorkerKind,
    patches_chosen,
)


class Where(StrEnum):
    """The processes that a patch is for."""

    SERVER = "server"
    SQLITE = "server on SQLite"
    WORKER = "worker"
    RUN = "run"


OF_OUR_WORKER = (Where.WORKER, Where.RUN)
TURNED_OFF = "turned off"


@dataclass(frozen=True)
class Patch:
    """One thing that is replaced.

    touches: every foreign name that it depends on, as `<module>:<name>.<name>`.
    needs: another patch without which this one is harmful; both are skipped together.
    """

    name: PrefectPatch
    where: Where
    touches: tuple[str, ...] = ()
    needs: PrefectPatch | None = None

    def missing(self) -> str | None:
        """The first of the names that does not exist in this version of Prefect, or None."""
        return next((name for name in self.touches if not _is_there(name)), None)

    def apply(self) -> None:
        """Apply the patch in this process, for good."""
        import_module(f"{__package__}.{self.name.replace('-', '_')}").apply()


P = PrefectPatch
_SQLITE = "prefect.server.database.configurations:AioSqliteConfiguration"
_BEGIN_MODE = "prefect.server.database.configurations:SQLITE_BEGIN_MODE"
_WORKER = "prefect.workers.base:BaseWorker"
_CLIENT = "prefect.client.orchestration:SyncPrefectClient"

PATCHES: tuple[Patch, ...] = (
    Patch(P.APPLICATION_LOOKUP, Where.SERVER, ("prefect.server.api.server:create_app",)),
    Patch(P.SCHEDULER_INTERVAL, Where.SERVER, ("prefect.server.api.background_workers:Worker",)),
    Patch(P.GARBAGE_COLLECTION, Where.SERVER),
    Patch(P.TRANSACTIONS, Where.SQLITE, (f"{_SQLITE}.begin_transaction", _BEGIN_MODE)),
    Patch(
        P.SQLITE_THREAD,
        Where.SQLITE,
        ("aiosqlite:Connection._execute", f"{_SQLITE}.setup_sqlite"),
        needs=P.TRANSACTIONS,
    ),
    Patch(
        P.EVENT_INSERTS,
        Where.SQLITE,
        ("prefect.server.events.storage.database:_write_sqlite_events", _BEGIN_MODE),
        needs=P.TRANSACTIONS,
    ),
    Patch(
        P.SUBMITTING,
        Where.WORKER,
        (
            f"{_WORKER}._give_worker_labels_to_flow_run",
            f"{_WORKER}._propose_submitting_state",
            f"{_WORKER}._emit_flow_run_submitted_event",
        ),
    ),
    Patch(
        P.CACHED_READS,
        Where.WORKER,
        (
            "prefect.client.orchestration:PrefectClient.read_deployment",
            "prefect.client.orchestration:PrefectClient.read_flow",
        ),
    ),
    Patch(
        P.JOB_ENVIRONMENT,
        Where.WORKER,
        ("prefect.workers.base:BaseJobConfiguration._base_environment",),
    ),
    Patch(
        P.HEARTBEATS,
        Where.RUN,
        (
            "prefect.settings:PREFECT_FLOWS_HEARTBEAT_FREQUENCY",
            "prefect.events.related:tags_as_related_resources",
        ),
    ),
    Patch(P.TASK_EVENTS, Where.RUN, ("prefect.task_engine:emit_task_run_state_change_event",)),
    Patch(
        P.SUSPENSION,
        Where.RUN,
        (
            "prefect.flow_engine:observe_flow_run_suspension",
            "prefect._flow_run_suspension:mark_flow_run_suspension_requested",
        ),
    ),
    Patch(P.CANCELLING, Where.RUN, ("prefect._internal.control_listener:_set_intent",)),
    Patch(P.EVENT_RESOURCES, Where.RUN, ("prefect.events.related:RESOURCE_CACHE",)),
    Patch(
        P.RUN_REQUESTS,
        Where.RUN,
        (
            f"{_CLIENT}.read_flow_run",
            f"{_CLIENT}.update_flow_run",
            f"{_CLIENT}.read_server_default_result_storage",
            "prefect.client.orchestration:PrefectClient.read_server_default_result_storage",
        ),
    ),
)
_BY_NAME = {patch.name: patch for patch in PATCHES}


@cache
def is_active(name: PrefectPatch) -> bool:
    """True when the patch is not turned off and everything that it touches exists."""
    return why_not(_BY_NAME[name], os.environ.get(PATCHES_VARIABLE, "on")) is None


def why_not(patch: Patch, chosen: str) -> str | None:
    """Why the patch is skipped; None if it is not. chosen: value of `AEEF_PREFECT_PATCHES`."""
    if patch.name not in patches_chosen(chosen):
        return TURNED_OFF
    if missing := patch.missing():
        return f"this Prefect has no {missing.replace(':', '.')}"
    if patch.needs and why_not(_BY_NAME[patch.needs], chosen):
        return f"it needs {patch.needs}"
    return None


def apply_patches(*where: Where) -> None:
    """Apply the active patches for these kinds of process."""
    for patch in _of(where):
        if is_active(patch.name):
            patch.apply()


def report(say: Callable[[str], None], chosen: str, *where: Where) -> None:
    """Report the active patches in one line, and each skipped one with the reason."""
    reasons = {patch.name: why_not(patch, chosen) for patch in _of(where)}
    active = [name for name, reason in reasons.items() if reason is None]
    off = [name for name, reason in reasons.items() if reason == TURNED_OFF]
    ends = f"; turned off: {', '.join(off)}" if off else ""
    say(f"Prefect patches: {', '.join(active) or 'none'}{ends}")
    for name, reason in reasons.items():
        if reason not in (None, TURNED_OFF):
            say(f"Prefect patch {name} is skipped: {reason}; everything works, slower")


def described(settings: Settings) -> str:
    """The active patches by process, and why others are not, for `aeef doctor`."""
    chosen = settings.prefect_patches
    parts = []
    for where in Where:
        if where in OF_OUR_WORKER and settings.worker.kind is not WorkerKind.WARM:
            continue
        names = [patch.name for patch in _of((where,)) if why_not(patch, chosen) is None]
        parts.append(f"{where}: {', '.join(names) or 'none'}")
    reasons = {patch.name: why_not(patch, chosen) for patch in PATCHES}
    parts += [f"{name} is not: {reason}" for name, reason in reasons.items() if reason]
    return "; ".join(parts)


def _of(where: tuple[Where, ...]) -> list[Patch]:
    return [patch for patch in PATCHES if patch.where in where]


def _is_there(touched: str) -> bool:
    module, _, names = touched.partition(":")
    try:
        found: object = import_module(module)
        for name in names.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError):
        return False
    return True

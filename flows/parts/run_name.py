"""A run's name and tags for Prefect's UI: `P1 deployment-failure shop #1284`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from threading import Event
from typing import Any
from uuid import UUID

from prefect import get_run_logger
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.runtime import flow_run

from schemas.incident import Incident, parameter_of
from tasks.base.trim import one_line

NAME_AFTER = 0.3
"""Seconds after which a run that is still going gets its name."""


@contextmanager
def named_run(incident: Incident, run_id: UUID) -> Iterator[None]:
    """Set this run's name from another thread: the response must not wait for that request."""
    context, change, over = copy_context(), naming(incident, run_id), Event()

    def name(client: SyncPrefectClient) -> None:
        over.wait(NAME_AFTER)
        client.update_flow_run(**change)

    # Entered here only: if two threads entered it, one could close it for both.
    with get_client(sync_client=True) as client, ThreadPoolExecutor(1) as beside:
        named = beside.submit(context.run, name, client)
        try:
            yield
        finally:
            over.set()
    if error := named.exception():
        get_run_logger().warning("this run could not be named: %s", type(error).__name__)


def naming(incident: Incident, run_id: UUID, alert: Any = None) -> dict[str, Any]:
    """The arguments of `update_flow_run`.

    alert: replaces the run's parameter, by default with the incident's id: a foreign event may
    contain personal data, and Prefect keeps parameters for ever.
    """
    tags = [
        "aeef",
        str(incident.severity),
        incident.type,
        *map(one_line, incident.affected_services),
    ]
    given, alert = flow_run.get_parameters(), alert or parameter_of(incident)
    is_named_already = given.get("alert", alert) == alert
    return {
        "flow_run_id": run_id,
        "name": one_line(incident.title),
        "tags": tags,
        "parameters": None if is_named_already else {**given, "alert": alert},
    }


def this_run_id() -> UUID:
    """The id of the current flow run."""
    return UUID(flow_run.get_id())


def name_run(incident: Incident, alert: Any = None) -> None:
    """Give this run a readable name and tags for the UI; alert: as in `naming`.

    A run that cannot be named responds all the same.
    """
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(**naming(incident, this_run_id(), alert))
    except Exception as error:  # noqa: BLE001 - whatever Prefect's client raises
        get_run_logger().warning("this run could not be named: %s", type(error).__name__)

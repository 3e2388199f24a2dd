"""Saves requests to the server that Prefect's engine makes in each run: the worker has the data."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, ServerDefaultResultStorage
from prefect.exceptions import PrefectHTTPStatusError


def apply() -> None:
    """Nothing is replaced for the whole process: `Spared` does it for each run's client."""


class Spared:
    """Replaces methods of a Prefect client, for one run.

    The first read of the run is answered here: the worker has just read it, and the engine holds
    its state. What the engine writes at the start is sent with the run's name, in one request.
    A later Prefect that uses other methods makes its requests as before.
    """

    def __init__(
        self, client: SyncPrefectClient, flow_run: FlowRun, storage: UUID | None = None
    ) -> None:
        """flow_run: as the engine got it. storage: the block that the server keeps results in."""
        self._flow_run = flow_run
        self._storage = storage
        self._held: dict[str, Any] = {"infrastructure_pid": str(os.getpid())}
        self._known = True
        self._read = client.read_flow_run
        self._update = client.update_flow_run
        for answer in (
            self.read_flow_run,
            self.update_flow_run,
            self.read_server_default_result_storage,
        ):
            setattr(client, answer.__name__, answer)

    def read_flow_run(self, flow_run_id: UUID) -> FlowRun:
        """The run; the first time without a request, with the values of a run that has started."""
        run, known = self._flow_run, self._known and flow_run_id == self._flow_run.id
        self._known = False
        if not (known and run.state and run.state.is_running()):
            return self._read(flow_run_id)
        begun = {"run_count": run.run_count + 1}
        return run.model_copy(
            update=begun if run.start_time else {**begun, "start_time": datetime.now(UTC)}
        )

    def update_flow_run(self, flow_run_id: UUID, **change: Any) -> httpx.Response | None:
        """Hold what the engine writes at the start until the next update, or `hand_in`."""
        if flow_run_id != self._flow_run.id:
            return self._update(flow_run_id, **change)
        policy = change.get("empirical_policy")
        if policy and not policy.retries and change.keys() <= {"flow_version", "empirical_policy"}:
            self._held |= change
            return None
        held, self._held = self._held, {}
        return self._update(flow_run_id, **{**held, **change})

    def read_server_default_result_storage(self) -> ServerDefaultResultStorage:
        """The worker's copy, some seconds old."""
        return ServerDefaultResultStorage(default_result_storage_block_id=self._storage)

    def hand_in(self) -> None:
        """Write what is still held."""
        if self._held:
            with suppress(httpx.HTTPError, PrefectHTTPStatusError):
                self.update_flow_run(self._flow_run.id)

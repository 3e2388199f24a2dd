"""Lets failed runs go on that a person wants tried again: Prefect's Retry, from a page."""

from __future__ import annotations

import logging
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from prefect.states import AwaitingRetry

from tasks.store import Store
from tasks.store.claim_keys import RETRY, RUN, retry_key

log = logging.getLogger("aeef.runs")


class AskedRetries:
    """Looks at what people asked for in the store (`tasks/people/procedures/retry.py`)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self) -> None:
        """One round. Raises Prefect's errors: what is left is done in the next round."""
        asked = self._store.unfinished_claims(RETRY)
        if not asked:
            return
        with get_client(sync_client=True) as client:
            for incident_id, holder in asked:
                run_id = UUID(holder.removeprefix(RUN))
                said = _try_again(run_id, client)
                self._store.release_claim(incident_id, retry_key(run_id), holder)
                if said:
                    self._store.record_action(incident_id, said)


def _try_again(run_id: UUID, client: SyncPrefectClient) -> str:
    """Why it is not tried again; empty: it is, or goes on already."""
    try:
        state = client.read_flow_run(run_id).state
    except ObjectNotFound:
        return f"the retry was not begun: Prefect does not know the run {run_id} any more"
    if state is None or not (state.is_failed() or state.is_crashed() or state.is_cancelled()):
        name = state.name if state else "unknown"
        return f"nothing was tried again: the run is {name} in Prefect"
    again: State[None] = AwaitingRetry(message="a person asked for it")
    answer = client.set_flow_run_state(run_id, again)
    if answer.status.name == "ACCEPT":
        return ""
    reason = getattr(answer.details, "reason", None) or answer.status.name
    log.warning("a retry of run %s was not accepted: %s", run_id, reason)
    return f"the retry was not begun: Prefect did not accept it ({reason})"

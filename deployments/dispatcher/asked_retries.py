"""Lets failed runs go on that a person wants tried again: Prefect's Retry, from a page."""

from __future__ import annotations

import logging
from uuid import UUID, uuid5

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from prefect.states import AwaitingRetry

from tasks.store import Store
from tasks.store.claim_keys import RETRY, RUN, retry_key

TOO_LATE = "the retry was not begun: it had waited for more than an hour; ask for it again"

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
                self._see_to(incident_id, holder, client)

    def _see_to(self, incident_id: UUID, holder: str, client: SyncPrefectClient) -> None:
        run_id = UUID(holder.removeprefix(RUN))
        wish = self._store.claims(incident_id)[retry_key(run_id)]
        still = wish.state == "busy"  # else it has waited for too long
        said = _try_again(run_id, client) if still else TOO_LATE
        if said:
            # Before the wish is given up, so that nobody waits for what does not come.
            entry = uuid5(run_id, f"no retry {wish.attempts}")
            self._store.record_action(incident_id, said, entry_id=entry)
        self._store.release_claim(incident_id, retry_key(run_id), holder)


def _try_again(run_id: UUID, client: SyncPrefectClient) -> str:
    """Why it is not tried again; empty: it is, or goes on already."""
    try:
        state = client.read_flow_run(run_id).state
    except ObjectNotFound:
        return f"the retry was not begun: Prefect does not know the run {run_id} any more"
    if state is None or not state.is_final():
        return ""
    if state.is_completed():
        return "the retry was not begun: the run is completed"
    again: State[None] = AwaitingRetry(message="a person asked for it")
    answer = client.set_flow_run_state(run_id, again)
    if answer.status.name == "ACCEPT":
        return ""
    reason = getattr(answer.details, "reason", None) or answer.status.name
    log.warning("a retry of run %s was not accepted: %s", run_id, reason)
    return f"the retry was not begun: Prefect did not accept it ({reason})"

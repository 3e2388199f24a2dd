"""Lets go on in Prefect what people have decided on: resumes the run that waits, or starts one."""

from __future__ import annotations

import logging
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from schemas.approvals import Approval, State
from schemas.settings import Settings
from tasks.store import Store

LOOK_AGAIN = {"decision": "look again"}
NOT_PROVEN = {**LOOK_AGAIN, "approver": "signed elsewhere"}
"""What `flows/parts/approval.py` takes in its forms: the run reads the store, not the form."""

log = logging.getLogger("aeef.runs")


class ApprovedRuns:
    """Looks at what is decided. The run itself says when it has gone on (`Approvals.done`)."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._started: set[UUID] = set()

    def run(self) -> None:
        """One round. Raises Prefect's errors: what is left is done in the next round."""
        found = self._store.approvals.pending()
        for approval in found:
            if approval.state is State.EXPIRED:
                self._store.approvals.expire(approval.id)
        new = [each for each in found if each.id not in self._started]
        decided = [each for each in new if _goes_on(each)]
        if not decided:
            return
        with get_client(sync_client=True) as client:
            for approval in decided:
                try:
                    self._go_on(approval, client)
                except (ObjectNotFound, PrefectHTTPStatusError) as error:
                    # One that cannot go on must not keep the others waiting.
                    why = type(error).__name__
                    log.error("%s is decided, and cannot go on: %s", approval.title, why)

    def _go_on(self, approval: Approval, client: SyncPrefectClient) -> None:
        carried = approval.question.carried
        if carried.run_id is not None:
            self._resume(approval, carried.run_id, client)
        elif approval.is_granted and carried.deployment:
            self._start(approval, client)
        elif not approval.is_granted:
            self._store.approvals.done(approval.id)

    def _resume(self, approval: Approval, run_id: UUID, client: SyncPrefectClient) -> None:
        try:
            state = client.read_flow_run(run_id).state
        except ObjectNotFound:
            state = None
        if state is None or state.is_final():
            self._store.approvals.done(
                approval.id, f"the run that asked for the {approval.title} is over: start it again"
            )
        elif state.is_paused():
            answer = LOOK_AGAIN if approval.needs_proof else NOT_PROVEN
            client.resume_flow_run(run_id, run_input=answer)

    def _start(self, approval: Approval, client: SyncPrefectClient) -> None:
        carried = approval.question.carried
        deployment = client.read_deployment_by_name(carried.deployment)
        client.create_flow_run_from_deployment(
            deployment.id,
            parameters=carried.parameters,
            idempotency_key=f"approval:{approval.id}",
            tags=["aeef"],
        )
        self._started.add(approval.id)


def _goes_on(approval: Approval) -> bool:
    carried = approval.question.carried
    has_way = carried.run_id is not None or bool(carried.deployment)
    decided = approval.state is State.REJECTED or (approval.is_granted and has_way)
    return decided and approval.done_at is None

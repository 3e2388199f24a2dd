"""A run waits for people's approval: it is suspended until then, and has no process.

People sign on the page, in Slack or by command; the dispatcher then resumes the run, which starts
again from the top, and reads from the store what was decided. Prefect's form decides only where
nobody is configured who may approve, and there in no one's name that it could prove.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple
from uuid import UUID

from prefect import suspend_flow_run
from prefect.client.orchestration import get_client
from prefect.input import RunInput
from prefect.input.run_input import keyset_from_base_key
from pydantic import Field, ValidationError

from schemas.approval import NAME
from schemas.approvals import Approval, Carried, Question, State
from schemas.errors import RunbookFailed
from schemas.links import links_for
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.approvals.ask import ask_for_approval, how_to_decide
from tasks.approvals.note import note_decision, take_decision
from tasks.approvals.rules import may_approve
from tasks.base.markdown import literal
from tasks.do import Do
from tasks.store import open_store

MOST_ROUNDS = 100
LOOK_AGAIN = "look again"
"""In the form: nothing is decided by it; the run reads what people have signed."""


class Named(RunInput):
    """The form where nobody is configured who may approve: a name, which proves nothing."""

    decision: Literal["approve", "reject", "look again"]
    approver: str = Field(
        pattern=f"^{NAME}$", description="The name of who decides, for the record: not proven"
    )
    comment: str = Field(default="", max_length=2_000)


class Signed(RunInput):
    """The form where it is configured: people sign elsewhere, where they are known."""

    decision: Literal["look again"]


class Asking(NamedTuple):
    """The run that asks. waits: shows people what it waits for; the second text is its mark."""

    do: Do
    run_id: UUID
    settings: Settings
    waits: Callable[[str, str], None]


def wait_for_approval(run: Asking, question: Question, more: str = "") -> Approval:
    """The decision of this question: granted, or rejected. While there is none, this process ends.

    Must be called in the flow itself. Raises RunbookFailed when nobody decided.
    """
    refused = ""
    question = question.model_copy(update={"carried": Carried(run_id=run.run_id)})
    for number in range(MOST_ROUNDS):
        asked = run.do(ask_for_approval, question, number, more)
        store = open_store(run.settings)
        approval = store.approvals.get(asked.approval_id)
        if approval.state is State.WAITING:
            refused = _wait(run, approval, number, refused)
            approval = store.approvals.get(approval.id)
        if approval.state in (State.GRANTED, State.REJECTED):
            return run.do(note_decision, str(approval.id))
    raise RunbookFailed(f"the {question.what} of {question.subject} was asked again and again")


def _wait(run: Asking, approval: Approval, number: int, refused: str) -> str:
    """Suspend, once for each number; take what the form brought; why that does not count."""
    # Of this very question: an answer to another one, or to another text, is none.
    key = f"approval-{approval.id}-{number}"
    form = Signed if approval.needs_proof else Named
    # Prefect lets each key suspend a run once. Whatever resumed it, check for an answer.
    if not _has_fired(run.run_id, key):
        incident = open_store(run.settings).incident(approval.incident_id)
        run.waits(
            f"for approval: {how_to_decide(approval, incident, run.settings)}",
            f"{approval.id} {number}",
        )
        left = (approval.expires_at - utc_now()).total_seconds()
        suspend_flow_run(
            wait_for_input=form.with_initial_data(
                description=description(approval, run.settings, refused)
            ),
            timeout=max(1, int(left)),
            key=key,
        )
    try:
        given = form.load(keyset_from_base_key(f"suspended-{key}"), run.run_id)
    except ValidationError:
        return ""
    if not isinstance(given, Named) or given.decision == LOOK_AGAIN:
        return ""
    return run.do(
        take_decision,
        str(approval.id),
        given.approver,
        given.decision == "approve",
        open_store(run.settings).masked_text(given.comment),
        number,
    )


def description(approval: Approval, settings: Settings, refused: str) -> str:
    """What the form says: what is asked, where it is read and decided, and who may."""
    incident = open_store(settings).incident(approval.incident_id)
    where = links_for(incident, settings).incident
    lines = [f"**{literal(refused)}**"] if refused else []
    lines += [
        approval.question.shown,
        "",
        f"Read it at {where}, or by `aeef approve`."
        f" Who may: {literal(may_approve(approval, settings))}.",
    ]
    if approval.needs_proof:
        lines.append(
            f"**Decide there, in Slack, or by `aeef approve {incident.short_id}`**: this form"
            " proves nobody's name. The run goes on by itself once enough have approved."
        )
    return "\n".join(lines)


def _has_fired(run_id: UUID, key: str) -> bool:
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(run_id)
    return key in (run.empirical_policy.pause_keys or set())

"""Waits for a person's decision on a hotfix: the run is suspended until then.

A suspended run has no process. The decision is entered in Prefect's UI, by its API or by
`aeef approve`, and survives restarts: the run starts again from the top, and finds it here.
"""

from __future__ import annotations

from uuid import UUID

from prefect import suspend_flow_run
from prefect.client.orchestration import get_client
from prefect.input import RunInput
from prefect.input.run_input import keyset_from_base_key
from pydantic import Field, ValidationError

from schemas.approval import NAME, may_approve
from schemas.incident import Incident, Phase, route_for
from schemas.patch import Decision, GateResults, PreparedPatch
from schemas.settings import Settings, load_settings
from tasks.base.markdown import literal
from tasks.case import Case
from tasks.channels.slack.message import reply_in_thread
from tasks.notify.page_on_call import ensure_page
from tasks.notify.show_progress import show_progress
from tasks.notify.stand_down import resolve_one_page
from tasks.patch.prepare_patch import patch_settings
from tasks.step import step, verbatim
from tasks.store.claim_keys import EMERGENCY_PATCH, approval_key

_MOST_ROUNDS = 100
_DESCRIPTION = 8_000


class Approval(RunInput):
    """The form in Prefect's UI."""

    approve: bool
    approver: str = Field(
        pattern=f"^{NAME}$", description="The name of who decides, for the record"
    )
    comment: str = Field(default="", max_length=2_000)


def await_decision(
    run_id: UUID, number: int, target_name: str, patch: PreparedPatch, gates: GateResults
) -> Decision | None:
    """The decision; while there is none, the run is suspended, which ends this process.

    Must be called in the flow itself. number: of the question. None when it was not answered, or
    not by an approver: then it is asked again under the next number.
    """
    settings = patch_settings(load_settings().target(target_name))
    key = f"approval-{number}"
    # Prefect lets each key suspend a run once. Whatever resumed it, check for an answer.
    if not _has_fired(run_id, key):
        suspend_flow_run(
            wait_for_input=Approval.with_initial_data(description=describe(patch, gates)),
            timeout=int(settings.approval_timeout.total_seconds()) or 1,
            key=key,
        )
    try:
        given = Approval.load(keyset_from_base_key(f"suspended-{key}"), run_id)
        assert isinstance(given, Approval)  # a coroutine only inside an event loop
        decision = Decision(
            approve=given.approve,
            approver=" ".join(given.approver.split()),
            comment=" ".join(given.comment.split()),
        )
    except ValidationError:
        return None
    return decision


def may_decide(target_name: str, decision: Decision) -> bool:
    """Everybody may reject; with `approvers` configured, only those may approve."""
    approvers = patch_settings(load_settings().target(target_name)).approvers
    return not decision.approve or may_approve(decision.approver, approvers)


def most_rounds() -> range:
    """The numbers of all questions that one run may ask."""
    return range(_MOST_ROUNDS)


def _has_fired(run_id: UUID, key: str) -> bool:
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(run_id)
    return key in (run.empirical_policy.pause_keys or set())


def describe(patch: PreparedPatch, gates: GateResults) -> str:
    """The question as Markdown, without markup from the sender."""
    lines = [f"Hotfix of **{patch.target}**: {_plain(patch.branch)} ({_plain(patch.commit)[:12]})"]
    lines += [f"- {_plain(str(change))}" for change in patch.changes]
    warned = (patch.warning, gates.said)
    lines += [f"- **{_plain(text)}**" for text in warned if text]
    lines += [f"- gate {_plain(str(result))}" for result in gates.results]
    lines += [f"- **NOT patched** {_plain(str(each))}" for each in patch.unpatched]
    return "\n".join(lines)[:_DESCRIPTION]


def _plain(text: str | None) -> str:
    return literal(text or "")


@step("ask for approval", says=verbatim, timeout=300)
def ask_for_approval(
    case: Case, run_id: str, number: int, patch: PreparedPatch, gates: GateResults
) -> str:
    """Ask for a decision in the incident's thread, and by a page where the route pages."""
    settings = case.settings
    incident = case.incident
    until = patch_settings(settings.target(patch.target)).approval_timeout
    text = (
        f"{patch.branch} waits for approval, {until} at most: read it with"
        f" 'git show {patch.branch}', then decide at {approval_link(incident, settings)} or by"
        f" 'aeef approve {incident.short_id} --approver NAME [--reject]'"
    )
    text = "; ".join(filter(None, (text, patch.warning, gates.said)))
    if patch.unpatched:
        text += f"; it leaves {len(patch.unpatched)} findings as they are"
    if route_for(incident.severity, incident.type, settings.routes).page:
        key = approval_key(UUID(run_id), number)
        ensure_page(case.incident_id, settings, holder=case.holder, key=key, reason=text, wait=True)
    reply_in_thread(case.incident_id, text, settings, holder=case.holder)
    show_progress(
        case.incident_id,
        settings,
        flow=EMERGENCY_PATCH,
        mark=f"{run_id}:asked {number}",
        phase=Phase.WAITING,
        said=f"for approval: {text}",
    )
    return text


def approval_link(incident: Incident, settings: Settings) -> str:
    """The URL of the waiting run in Prefect's UI."""
    return f"{settings.base_url}/incidents/{incident.incident_id}/run/{EMERGENCY_PATCH}"


def _decided(decision: Decision) -> str:
    return f"the hotfix was {decision}"


@step("note the decision", says=_decided, timeout=300)
def note_decision(case: Case, run_id: str, number: int, decision: Decision) -> Decision:
    """Record the decision, and resolve the page that asked for it."""
    resolve_one_page(case.incident, approval_key(UUID(run_id), number), case.settings)
    reply_in_thread(case.incident_id, _decided(decision), case.settings, holder=case.holder)
    return decision


@step("refuse the decision", says=verbatim, timeout=60)
def refuse_decision(case: Case, number: int, decision: Decision) -> str:
    """Record a decision by somebody who may not approve."""
    return f"{decision.approver} is none of the configured `approvers`: it is asked again"

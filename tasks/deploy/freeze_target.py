"""Freezes a target, so that nothing is deployed until a named person releases it."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.approval import named_person
from schemas.approvals import Carried, Question, What
from schemas.automation import Act
from schemas.errors import PermanentError
from schemas.incident import Alert, Status
from schemas.model import utc_now
from schemas.people import local_user
from schemas.release import Freeze, FrozenBy
from schemas.settings import Settings, Target
from tasks.approvals.require import Approved, carried_out, require_approval
from tasks.approvals.rules import knows_people
from tasks.base.run_command import run_command
from tasks.case import Case, Intent
from tasks.deploy.freezes import (
    end_freeze,
    freeze_lock,
    marker_path,
    read_freeze,
    remove_marker,
    write_freeze,
    write_marker,
)
from tasks.do import Do
from tasks.incident.change_status import change_status
from tasks.incident.evidence import Evidence
from tasks.incident.open_by_hand import is_for_freeze
from tasks.recovery.gate import freed, going_on, refuse_unrecovered, sign_offs
from tasks.step import step, verbatim

RELEASE = "release-freeze/by hand"


@step("freeze the target", says=verbatim, timeout=900, act=Act.FREEZE)
def freeze_target(case: Case, target_name: str, approver: str = "", reason: str = "") -> str:
    """Forbid deployments on the target until `release_freeze`. Safe to repeat.

    approver: the person who asks for it; empty for a runbook, which needs somebody's word.
    Raises NotConfirmed; Withheld when the automation may not do it; PermanentError when the
    target's own freeze command failed; AEEF itself
    refuses to deploy even so.
    """
    case.require_word(f"{target_name} is not frozen", approver)
    target = case.settings.target(target_name)
    is_frozen = read_freeze(target_name, case.settings.home) is not None
    intent = Intent(Act.FREEZE, target_name, lambda: plan_freeze(target, case.settings), approver)
    case.begin(intent, again=is_frozen)
    done = freeze(target, case, by=approver or case.actor, reason=reason)
    return f"{done}; approved by {approver}" if approver else done


@step("foresee the freeze", says=verbatim, timeout=60)
def foresee_freeze(case: Case, target_name: str) -> str:
    """Record what `freeze_target` would do. Changes nothing."""
    return f"not done yet: {plan_freeze(case.settings.target(target_name), case.settings)}"


@step("release the freeze", says=verbatim, timeout=900)
def release_freeze(case: Case, target_name: str, approver: str, under: str = "") -> str:
    """Release the freeze for this incident; it stays while another incident needs it.

    approver, under: see `require_approval`. Raises InvalidInput or AwaitsApproval without
    approval, PermanentError when the target's own command failed: then the target stays frozen.
    """
    target = case.settings.target(target_name)
    if read_freeze(target.name, case.settings.home) is None:
        return f"{target.name} was not frozen: nothing to release"
    refuse_unrecovered(target, case.settings, f"the freeze of {target.name} stays")
    approved = require_approval(
        case.incident_id,
        release_question(target, case.incident_id, case.settings, case.person or ""),
        approver,
        case.settings,
        otherwise=f"the freeze of {target.name} stays",
        actor=case.actor,
        under=under,
    )
    done = _release(target, case, approved)
    freed(target, case.settings, approved.by)
    carried_out(approved, case.settings)
    return done


def release_question(
    target: Target, incident_id: str, settings: Settings, asked_by: str = ""
) -> Question:
    """What is asked: that this incident needs the freeze no longer."""
    present = read_freeze(target.name, settings.home)
    why = "; ".join(
        f"incident {each.incident_id} since {each.at.isoformat()} by {each.by}: {each.reason}"
        for each in (present.incidents if present else ())
        if each.incident_id == incident_id
    )
    # A relapse is another question: what was signed before it does not count.
    anew = "".join(
        f"; it recovers since {each.began_at.isoformat()}"
        for each in going_on(target, settings)
        if str(each.incident_id) == incident_id
    )
    return Question(
        what=What.RELEASE_FREEZE,
        subject=target.name,
        shown=f"Allow deployments on {target.name} again, frozen by {why or 'nothing'}{anew}",
        asked_by=asked_by,
        rule=sign_offs(target, settings),
        carried=Carried(
            deployment=RELEASE, parameters={"target": target.name, "incident": incident_id}
        ),
    )


def release(do: Do, alert: Alert, target_name: str, approver: str, under: str = "") -> str:
    """Release the freeze for this alert's incident; resolve it if it only recorded the freeze."""
    done = do(release_freeze, target_name, approver, under)
    if is_for_freeze(alert):
        do(change_status, Status.RESOLVED, "the freeze is released")
    return done


def approver_of_freeze(approver: str, target_name: str, user: str, settings: Settings) -> str:
    """The person who asks for a freeze: a name, where nobody is configured who may approve.

    user: who is at this machine, for the record. Raises InvalidInput when it is not a name.
    """
    if knows_people(settings) and not approver.strip():
        return user
    name = named_person(approver, f"deployments on {target_name} go on")
    return local_user(name).on_record


def plan_freeze(target: Target, settings: Settings) -> str:
    """What `freeze_target` would do. Changes nothing."""
    command = target.breach and target.breach.freeze_command
    own = f", and run '{command[0]}'" if command else ""
    if present := read_freeze(target.name, settings.home):
        return f"would add this incident; {target.name} is frozen already by {present}"
    return (
        f"would freeze deployments on {target.name}: note it in {settings.home / 'freezes'},"
        f" write {marker_path(target)}{own}"
    )


def freeze(target: Target, case: Case, *, by: str, reason: str, for_recovery: bool = False) -> str:
    """Freeze: first our note, so that we refuse from then on; then the marker, then the command."""
    settings, incident_id = case.settings, case.incident_id
    reason = case.store.masked_text(reason)
    asked = FrozenBy(
        incident_id=incident_id, by=by, at=utc_now(), reason=reason, for_recovery=for_recovery
    )
    command = target.breach.freeze_command if target.breach else ()
    with freeze_lock(target.name, settings.home):
        present = read_freeze(target.name, settings.home)
        others = present.incidents if present else []
        known = incident_id in {each.incident_id for each in others}
        frozen = Freeze(
            target=target.name,
            incidents=list(others) if known else [*others, asked],
            commanded=bool(command) or (present is not None and present.commanded),
        )
        write_freeze(frozen, settings.home)
        write_marker(target, frozen)
        own = _run("freeze", command, target, incident_id, settings)
    return f"froze deployments on {target.name} until they are released{own}"


def _release(target: Target, case: Case, approved: Approved) -> str:
    """Release: first the command; our note goes last, when nothing is left to undo."""
    settings, incident_id = case.settings, case.incident_id
    with freeze_lock(target.name, settings.home):
        present = read_freeze(target.name, settings.home)
        if present is None:
            return f"{target.name} was not frozen: nothing to release"
        left = [each for each in present.incidents if each.incident_id != incident_id]
        if left:
            still = present.model_copy(update={"incidents": left})
            write_freeze(still, settings.home)
            write_marker(target, still)
            return (
                f"released {target.name} for this incident, approved by {approved.by}; it stays"
                f" frozen by {still}"
            )
        command = target.breach.unfreeze_command if target.breach and present.commanded else ()
        own = _run("unfreeze", command, target, incident_id, settings)
        remove_marker(target)
        end_freeze(target.name, settings.home)
    return f"released deployments on {target.name}, approved by {approved.by}{own}"


def _run(
    name: str, command: Sequence[str], target: Target, incident_id: str, settings: Settings
) -> str:
    """Run the target's own command, which must be safe to repeat; its output is evidence only."""
    if not command or target.breach is None:
        return ""
    done = run_command(
        command, cwd=target.repository, timeout=target.breach.command_timeout, called=command[0]
    )
    output = f"{done.problem or 'it worked'}\n{done.output}".encode()
    kept = Evidence(incident_id, settings.home).keep(
        f"{name}-command.txt", output, source=f"the {name} command of {target.name}"
    )
    if done.problem:
        state = "AEEF refuses to deploy" if name == "freeze" else "the target stays frozen"
        raise PermanentError(
            target.name,
            f"the {name} command failed: {done.problem}; {state} even so."
            f" Its output is in the evidence: {kept.file}",
        )
    return f"; its {name} command worked"

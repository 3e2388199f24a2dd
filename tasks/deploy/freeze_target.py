"""Freezes a target: no deployment until a named person releases it; and the release."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.errors import InvalidInput, PermanentError
from schemas.model import utc_now
from schemas.release import Freeze, FrozenBy
from schemas.settings import Settings, Target
from tasks.base.run_command import run_command
from tasks.case import Case
from tasks.deploy.freezes import (
    end_freeze,
    freeze_lock,
    marker_path,
    read_freeze,
    remove_marker,
    write_freeze,
    write_marker,
)
from tasks.incident.evidence import Evidence
from tasks.step import step
from tasks.store import open_store

RUNBOOK = "aeef-runbooks"


def _told(text: str) -> str:
    return text


@step("freeze the target", says=_told, timeout=900)
def freeze_target(case: Case, target_name: str) -> str:
    """No deployment on the target until `release_freeze`. Freezing twice is harmless.

    Raises PermanentError when the target's own freeze command failed; AEEF refuses even so.
    """
    return freeze(case.settings.target(target_name), case.incident_id, case.settings, by=RUNBOOK)


@step("release the freeze", says=_told, timeout=900)
def release_freeze(case: Case, target_name: str, approver: str) -> str:
    """The undo: this incident needs the freeze no longer. It stays while another one does.

    Raises InvalidInput without an approver, PermanentError when the target's own command failed:
    the target is frozen then as before.
    """
    return release(
        case.settings.target(target_name), case.incident_id, case.settings, approver=approver
    )


def plan_freeze(target: Target, settings: Settings) -> str:
    """What `freeze_target` would do; nothing is changed."""
    command = target.breach and target.breach.freeze_command
    own = f", and run '{command[0]}'" if command else ""
    if present := read_freeze(target.name, settings.home):
        return f"would add this incident; {target.name} is frozen already by {present}"
    return (
        f"would freeze deployments on {target.name}: note it in {settings.home / 'freezes'},"
        f" write {marker_path(target)}{own}"
    )


def freeze(
    target: Target, incident_id: str, settings: Settings, *, by: str, reason: str = ""
) -> str:
    """Freeze: noted first, so that we refuse from then on; then the marker; then the command."""
    reason = open_store(settings).masked_text(reason)
    asked = FrozenBy(incident_id=incident_id, by=by, at=utc_now(), reason=reason)
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


def release(target: Target, incident_id: str, settings: Settings, *, approver: str) -> str:
    """Release: the command first; only when nothing is left to undo it is no longer noted."""
    if not approver.strip():
        raise InvalidInput("approver: the freeze stays; say who approves that it is released")
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
                f"{approver} releases {target.name} for this incident; it stays frozen by {still}"
            )
        command = target.breach.unfreeze_command if target.breach and present.commanded else ()
        own = _run("unfreeze", command, target, incident_id, settings)
        remove_marker(target)
        end_freeze(target.name, settings.home)
    return f"released deployments on {target.name}, approved by {approver}{own}"


def _run(
    name: str, command: Sequence[str], target: Target, incident_id: str, settings: Settings
) -> str:
    """Run the target's own command, which may be repeated; its output is evidence only."""
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
            f"the {name} command failed: {done.problem}; {state} all the same."
            f" What it said is in the evidence: {kept.file}",
        )
    return f"; its {name} command worked"

"""Restores isolated services to their networks, when a person approves.

A container leaves the quarantine only when all its networks are restored. What fails is named, the
rest is restored, and the journal stays until all is done: repeating the call completes it.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.approvals import Carried, Question, What
from schemas.errors import InvalidInput
from schemas.isolation import Isolation, IsolationJournal
from schemas.settings import Settings, Target
from tasks.approvals.require import (
    Approved,
    carried_out,
    check_approval_of,
    require_approval,
)
from tasks.base.docker_connection import docker_connection
from tasks.case import Case
from tasks.isolation import journal as isolation_journal
from tasks.isolation.by_command import commanded_services, restore_by_command, state_by_command
from tasks.isolation.end_of_isolation import record_on_other_incidents, restored_before
from tasks.isolation.isolate_service import STEP_SECONDS, conclude
from tasks.isolation.restore_containers import chosen_of, restore_containers
from tasks.recovery.gate import freed, refuse_unrecovered, sign_offs
from tasks.step import step

RESPOND = "restore-service/by hand"


def _stays(target_name: str) -> str:
    return f"{target_name} stays isolated"


@step(
    "check the approval",
    says=lambda by: f"the isolation may end, approved by {by}",
    timeout=120,
)
def check_restore_approval(
    case: Case, target_name: str, approver: str, services: Sequence[str] = (), under: str = ""
) -> str:
    """Who approves. Raises InvalidInput and AwaitsApproval as `restore_service`.

    Changes nothing; it asks for the approval that is missing.
    """
    chosen_of(isolation_of(case.settings.target(target_name), case.settings), services)
    return _approved(case, target_name, services, approver, under).by


def _restored(done: Isolation) -> str:
    return f"restored {done.target}: {done}"


@step("restore the service", says=_restored, timeout=STEP_SECONDS)
def restore_service(
    case: Case, target_name: str, services: Sequence[str], approver: str, under: str = ""
) -> Isolation:
    """Undo exactly what the isolation changed; what was stopped or paused before stays so.

    services: Compose services; empty: all that are isolated. approver, under: see
    `require_approval`.
    Raises InvalidInput or AwaitsApproval without approval, InvalidInput when nothing is isolated;
    TemporaryError or PermanentError that lists what is still isolated.
    """
    settings = case.settings
    target = settings.target(target_name)
    approved = _approved(case, target_name, services, approver, under)
    with isolation_journal.isolation_lock(target.name, settings.home):
        done = restored_before(case.incident_id, target, settings) or _restore_all(
            isolation_of(target, settings), target, services, settings
        )
    done = conclude(done, "it is still isolated in part")
    record_on_other_incidents(case.incident_id, target, approved.by, settings)
    if not isolated_services(target, settings):
        freed(target, settings, approved.by)
    carried_out(approved, settings)
    return done.model_copy(update={"notes": [*done.notes, f"approved by {approved.by}"]})


def restore_question(
    target: Target, services: Sequence[str], settings: Settings, incident_id: str = "", by: str = ""
) -> Question:
    """What is asked. by: the name of the person who asks."""
    read = isolation_journal.read_isolation(target.name, settings.home)
    journal = read or isolation_journal.read_restored(target.name, settings.home)
    since = f" since {journal.isolated_at.isoformat()}" if journal else ""
    incidents = ", ".join(journal.incidents) if journal else ""
    shown = (
        f"Give {', '.join(services) or 'everything'} of {target.name} back to its users: isolated"
        f"{since} for {incidents}. What was changed then is put back, exactly; nothing is mended."
    )
    parameters = {"target": target.name, "services": list(services), "incident": incident_id}
    return Question(
        what=What.RESTORE,
        subject=target.name,
        shown=shown,
        asked_by=by,
        rule=sign_offs(target, settings),
        carried=Carried(deployment=RESPOND, parameters=parameters),
    )


def _approved(
    case: Case, target_name: str, services: Sequence[str], approver: str, under: str
) -> Approved:
    target = case.settings.target(target_name)
    refuse_unrecovered(target, case.settings, _stays(target_name))
    return require_approval(
        case.incident_id,
        restore_question(target, services, case.settings, case.incident_id, case.person or ""),
        approver,
        case.settings,
        otherwise=_stays(target_name),
        actor=case.actor,
        under=under,
    )


def _restore_all(
    journal: IsolationJournal, target: Target, services: Sequence[str], settings: Settings
) -> Isolation:
    if not target.compose_file:
        return _by_command(journal, target, services, settings)
    with docker_connection() as client:
        return restore_containers(journal, target, services, settings, client)


def isolated_services(target: Target, settings: Settings) -> tuple[str, ...]:
    """The target's services that we have isolated."""
    journal = isolation_journal.read_isolation(target.name, settings.home)
    if journal is None:
        return ()
    return tuple(sorted({each.service for each in journal.containers} | set(journal.commanded)))


def isolation_of(target: Target, settings: Settings) -> IsolationJournal:
    """The journal of the isolation. Raises InvalidInput when we did not isolate the target."""
    journal = isolation_journal.read_isolation(target.name, settings.home)
    if journal is None:
        raise InvalidInput(
            f"{target.name} is not isolated by this AEEF: there is nothing to restore"
        )
    return journal


def incident_of(target: Target, settings: Settings) -> str:
    """The incident that the target was last isolated for. Raises InvalidInput without one.

    Works after the restoration too, so that a retry of its run finds what it has done.
    """
    journal = isolation_journal.read_isolation(target.name, settings.home)
    restored = isolation_journal.read_restored(target.name, settings.home)
    return (journal or restored or isolation_of(target, settings)).incidents[-1]


def plan_restoration(
    target_name: str, services: Sequence[str], approver: str, settings: Settings
) -> str:
    """What `restore_service` would do. Changes nothing; raises as it does."""
    target = settings.target(target_name)
    question = restore_question(target, services, settings)
    by = check_approval_of(question, approver, settings, _stays(target_name))
    journal = isolation_of(target, settings)
    said = []
    for each in chosen_of(journal, services):
        networks = ", ".join(a.network for a in each.attachments) or "no network"
        does = "would run on" if each.paused_by_us else f"back on {networks}"
        said.append(f"{each.name}: {does}")
    said += [f"restore_command for {service}" for service in journal.commanded]
    return f"would restore {target.name}, {by}: {'; '.join(said) or 'nothing left'}"


def _by_command(
    journal: IsolationJournal, target: Target, services: Sequence[str], settings: Settings
) -> Isolation:
    wanted = commanded_services(services, target) if services else []
    outcomes = []
    for name in journal.commanded:
        if not wanted or set(name.split(", ")) & set(wanted):
            outcome = restore_by_command(name, target)
            outcomes.append(outcome)
            if outcome.works:
                journal = isolation_journal.forget_command(journal, name, settings.home)
    if not journal.commanded:
        isolation_journal.end_isolation(target.name, settings.home)
    return Isolation(
        target=target.name,
        services=sorted({each.service for each in outcomes}),
        containers=outcomes,
        notes=[state_by_command(name, target) for name in journal.commanded],
    )

"""What is still frozen, isolated or suspended for an incident, and how that ends."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.people import Right, everybody, roles_with
from schemas.settings import Settings, Target
from tasks.agents.journal import suspensions
from tasks.deploy.freezes import read_freeze
from tasks.isolation.journal import read_isolation
from tasks.isolation.restore_service import isolated_services


def still_held(incident: Incident, settings: Settings) -> list[str]:
    """A sentence for each thing, with who may release it; empty when nothing is held.

    What cannot be read is named, too: it may be held. Journals are files of this machine.
    """
    return [
        line
        for target in settings.targets.values()
        for line in _of(target, str(incident.incident_id), settings)
    ]


def _of(target: Target, incident_id: str, settings: Settings) -> Iterator[str]:
    may = _approvers(settings)
    try:
        freeze = read_freeze(target.name, settings.home)
        if freeze and any(each.incident_id == incident_id for each in freeze.incidents):
            how = f"aeef freeze release --target {target.name} --approver NAME"
            yield f"deployments on {target.name} are FROZEN: {how}; {may}"
        journal = read_isolation(target.name, settings.home)
        if journal and incident_id in journal.incidents:
            services = ", ".join(isolated_services(target, settings)) or "what it names"
            how = f"aeef restore --target {target.name} --approver NAME"
            yield f"{services} of {target.name} is ISOLATED: {how}; {may}"
        for suspended in suspensions(target.name, settings.home):
            if incident_id in suspended.incidents:
                agent = suspended.agent.agent_id
                yield f"agent {agent} of {target.name} is SUSPENDED: `resume-agent/respond`; {may}"
    except AeefError as error:
        yield f"what is held of {target.name} could not be read: {error}"


def _approvers(settings: Settings) -> str:
    people = [p.called for p in everybody(settings.people).values() if p.may(Right.APPROVE)]
    named = ", ".join(people[:10])
    return (
        f"who may: {named}"
        if named
        else f"nobody has one of {', '.join(roles_with(Right.APPROVE))}"
    )

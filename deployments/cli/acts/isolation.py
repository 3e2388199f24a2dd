"""`aeef isolate` and `aeef restore`: the runbooks' procedures, in this process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from deployments.cli.terminal import plain, this_user
from deployments.prefect_server.settings import use_prefect
from schemas.incident import Incident
from schemas.isolation import Isolation
from schemas.settings import Settings, load_settings

Target = Annotated[str | None, typer.Option(help="Needed when there are several.")]
Services = Annotated[
    list[str] | None, typer.Option("--service", help="Only this one; may be given often.")
]
IncidentOption = Annotated[
    str | None, typer.Option("--incident", help="Put it on this incident's record.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and change nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def isolate(
    target: Target = None,
    service: Services = None,
    reason: Annotated[str, typer.Option(help="For the record.")] = "no reason given",
    incident: IncidentOption = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take services off every network now, with evidence: it needs neither Prefect nor intake."""
    from tasks.do import Directly
    from tasks.incident.open_by_hand import open_for_service
    from tasks.isolation.isolate_service import check_services, plan_isolation
    from tasks.isolation.procedures import isolate as procedure

    settings = _settings()
    name, services, user = settings.target(target).name, service or [], this_user()
    if dry_run:
        typer.echo(plain(plan_isolation(name, services, settings)))
        return
    check_services(name, services, settings)  # a misspelt name must not open an incident
    found = open_for_service("Isolation", name, user, reason, settings, incident_id=incident)
    do = Directly(str(found.incident_id), user)
    isolating = partial(procedure, do, name, services, mitigates=True)
    _carry_out(isolating, found, f"isolation by {user}", settings, as_json=as_json)


def restore(
    approver: Annotated[
        str, typer.Option(help="A name, for the record: only where no approvers are configured.")
    ] = "",
    target: Target = None,
    service: Services = None,
    incident: IncidentOption = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give isolated services back what they had, exactly; undoes `aeef isolate`."""
    from tasks.do import Directly
    from tasks.isolation.procedures import restore as procedure
    from tasks.isolation.restore_service import incident_of, plan_restoration
    from tasks.store import open_store

    settings = _settings()
    named, services, user = settings.target(target), service or [], this_user()
    plan = plan_restoration(named.name, services, approver, settings)  # raises what is wrong
    if dry_run:
        typer.echo(plain(plan))
        return
    found = open_store(settings).incident(incident or incident_of(named, settings))
    do = Directly(str(found.incident_id), user)

    def carry_out(restoring: Callable[[], Isolation]) -> None:
        _carry_out(restoring, found, f"restoration by {user}", settings, as_json=as_json)

    procedure(do, named.name, services, approver, carry_out)


def _settings() -> Settings:
    settings = load_settings()
    use_prefect(settings)
    return settings


def _carry_out(
    procedure: Callable[[], Isolation],
    incident: Incident,
    what: str,
    settings: Settings,
    *,
    as_json: bool,
) -> None:
    """Show the steps, and at the end what was done; Prefect and Docker are imported only now."""
    from deployments.cli.acts.by_hand import carry_out, show, show_progress

    if not as_json:
        show_progress()
    done = carry_out(procedure, incident, what, settings)
    show(done, f"on record as {incident.title}", as_json=as_json)

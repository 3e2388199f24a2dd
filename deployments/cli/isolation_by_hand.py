"""`aeef isolate` and `aeef restore`: the steps in this process, with no orchestrator."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from uuid import uuid4

import typer

from deployments.cli.rollback import page_failure, show_progress
from deployments.cli.terminal import plain
from deployments.cli.user import this_user
from schemas.errors import AeefError
from schemas.incident import Status
from schemas.isolation import Isolation
from schemas.settings import Settings
from tasks.incident.open_by_hand import open_for_service
from tasks.isolation.isolate_service import check_services, isolate_service, plan_isolation
from tasks.isolation.preserve_service_state import preserve_service_state
from tasks.isolation.restore_service import incident_of, plan_restoration, restore_service
from tasks.store import open_store
from tasks.store.sanitize import sanitized


def isolate(
    settings: Settings,
    target_name: str | None,
    services: Sequence[str],
    *,
    reason: str,
    incident: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Keep the evidence and isolate, on record; `dry_run` prints the plan and changes nothing.

    Raises what went wrong, after the on-call was paged.
    """
    name = settings.target(target_name).name
    if dry_run:
        typer.echo(plan_isolation(name, services, settings))
        return
    check_services(name, services, settings)  # a typing error is no incident
    who = this_user()
    store = open_store(settings)
    found = (
        store.incident(incident)
        if incident
        else open_for_service("Isolation", name, who, reason, str(uuid4()), settings)
    )
    incident_id = str(found.incident_id)

    def both() -> Isolation:
        """Isolate even when the evidence could not be kept; that failure is raised at the end."""
        problem: Exception | None = None
        try:
            preserve_service_state.directly(incident_id, name, services, "before-isolation")
        except Exception as error:  # noqa: BLE001 - raised when the services are isolated
            problem = error
        done = isolate_service.directly(incident_id, name, services)
        store.set_status(
            incident_id, Status.MITIGATED, actor="aeef-runbooks", reason="the services are isolated"
        )
        if problem:
            raise problem
        return done

    _carry_out(both, incident_id, f"isolation by {who}", settings, as_json=as_json)


def restore(
    settings: Settings,
    target_name: str | None,
    services: Sequence[str],
    *,
    approver: str,
    incident: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Put everything back, on record; `dry_run` prints the plan and changes nothing.

    Raises what went wrong, after the on-call was paged.
    """
    target = settings.target(target_name)
    plan = plan_restoration(target.name, services, approver, settings)  # a refusal pages nobody
    if dry_run:
        typer.echo(plan)
        return
    found = open_store(settings).incident(incident or incident_of(target, settings))
    incident_id = str(found.incident_id)
    _carry_out(
        lambda: restore_service.directly(incident_id, target.name, services, approver),
        incident_id,
        f"restoration by {this_user()}",
        settings,
        as_json=as_json,
    )


def _carry_out(
    do: Callable[[], Isolation], incident_id: str, what: str, settings: Settings, *, as_json: bool
) -> None:
    if not as_json:
        show_progress()
    try:
        done = do()
    except (Exception, KeyboardInterrupt) as error:
        why = str(error) if isinstance(error, AeefError) else type(error).__name__
        page_failure(incident_id, settings, sanitized(f"{what} FAILED: {why}", settings))
        raise
    if as_json:
        typer.echo(json.dumps(done.to_json(), indent=2))
    else:
        title = open_store(settings).incident(incident_id).title
        typer.echo(plain(f"on record as {title}"))

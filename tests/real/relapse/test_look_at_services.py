"""One look at an incident's services: what was seen, in one line, and never later than asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.agents import NamedAgent
from schemas.incident import Alert, Incident, IncidentType, Severity, Status, Verdict
from schemas.settings import Settings
from tasks.agents.journal import begin_suspension
from tasks.incident.open_incident import find_or_open
from tasks.isolation.journal import begin_isolation
from tasks.relapse.look_again import look_at_once
from tasks.relapse.look_at_services import LONGEST, look_at_services
from tasks.store import Store, open_store

SECRET = "s3cret-routing-key-0123456789abcd"


def target(place: Path, *command: str) -> dict[str, Any]:
    """The table of a target with this health command."""
    place.mkdir(exist_ok=True)
    return {
        "repository": str(place),
        "deploy_command": ["true"],
        "required_gates": ["tests"],
        "health": {"command": command, "successes": 2, "interval": 0.01},
    }


@pytest.fixture
def settings(home: Path, tmp_path: Path) -> Settings:
    """Three services: one that is well, one that is not, one that shouts a secret."""
    return Settings.model_validate(
        {
            "home": home,
            "relapse": {"look_within": 5.0},
            "pagerduty": {"routing_key": SECRET},
            "targets": {
                "well": target(tmp_path / "a", "true"),
                "broken": target(tmp_path / "b", "false"),
                "loud": target(tmp_path / "c", "sh", "-c", f"yes {SECRET} | head -500; exit 1"),
            },
        }
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """Its store."""
    opened = open_store(settings)
    yield opened
    opened.close()


def incident_of(
    store: Store, *services: str, type_: IncidentType = IncidentType.UNKNOWN, **alert: Any
) -> Incident:
    """An incident of these services."""
    said = Alert(description="x", service=services[0], **alert)
    first = store.open_or_attach(said, type_, Severity.P1).incident
    return store.update(first.incident_id, actor="ada", add_services=services[1:])


@pytest.mark.parametrize(
    ("services", "verdict", "seen"),
    [
        (["well"], Verdict.WELL, "well passed its health check (2 in a row)"),
        (["broken"], Verdict.BROKEN, "broken: 'false' ended with exit code 1"),
        (["well", "broken"], Verdict.BROKEN, "broken: 'false' ended with exit code 1"),
        (["well", "else"], Verdict.UNKNOWN, "service 'else' belongs to no configured target"),
    ],
)
def test_the_worst_of_all_services_counts(
    settings: Settings, store: Store, services: list[str], verdict: Verdict, seen: str
) -> None:
    """One that is broken, or that nobody can look at, is enough."""
    look = look_at_services(incident_of(store, *services), settings, store)

    assert (verdict, seen) == (look.verdict, look.seen)


def test_what_a_command_prints_is_bounded_and_shows_no_secret(
    settings: Settings, store: Store
) -> None:
    """It goes into the record, and into a page."""
    look = look_at_services(incident_of(store, "loud"), settings, store)

    assert Verdict.BROKEN is look.verdict
    assert len(look.seen) <= LONGEST
    assert "\n" not in look.seen
    assert SECRET[:12] not in look.seen


def test_what_is_contained_on_record_is_not_asked_for_its_health(
    settings: Settings, store: Store
) -> None:
    """An isolated service answers nobody; a suspended agent's service may be healthy."""
    isolated = incident_of(store, "broken")
    begin_isolation("broken", str(isolated.incident_id), settings.home)
    violation = incident_of(
        store, "well", type_=IncidentType.AGENT_VIOLATION, labels={"agent": "coder"}
    )
    before = look_at_services(violation, settings, store)
    begin_suspension(NamedAgent(agent_id="coder", target="well"), "x", settings.home)

    assert Verdict.CONTAINED is look_at_services(isolated, settings, store).verdict
    assert Verdict.UNKNOWN is before.verdict
    assert Verdict.CONTAINED is look_at_services(violation, settings, store).verdict


@pytest.mark.parametrize(("service", "occurrence"), [("well", 1), ("broken", 2)])
def test_a_run_for_somebody_else_s_event_looks_itself(
    settings: Settings, store: Store, service: str, occurrence: int
) -> None:
    """An event in Prefect with our alert JSON: the run that it started must not say "handled"."""
    event = {"type": "deployment-failure", "service": service, "severity": "P1"}
    first = find_or_open(event, settings).incident
    store.set_status(first.incident_id, Status.MITIGATED, actor="runbook")
    again = look_at_once(find_or_open(event, settings), settings)

    assert (first.incident_id, occurrence) == (again.incident_id, again.occurrence)
    assert 0 == store.looks_due()

"""What cannot be undone without a person is refused on a guess, in each step itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest

from schemas.agents import NamedAgent
from schemas.errors import NotConfirmed
from schemas.incident import NEEDS_WORD, Alert, IncidentType, Severity, TypeSource
from schemas.settings import Settings
from tasks.agents.suspend_agent import check_suspension, suspend_agent
from tasks.breach.clocks.start_clocks import start_clocks
from tasks.breach.revoke_credentials import revoke_credentials
from tasks.case import Case
from tasks.deploy.freeze_target import freeze_target
from tasks.isolation.isolate_service import check_isolation, isolate_service
from tasks.store import Store

AGENT = NamedAgent(agent_id="builder-1", target="shop")
STEPS: dict[str, Callable[[str], object]] = {
    "isolate": lambda incident: isolate_service.directly(incident, "shop", []),
    "check the isolation": lambda incident: check_isolation.directly(incident, "shop", []),
    "freeze": lambda incident: freeze_target.directly(incident, "shop"),
    "revoke": lambda incident: revoke_credentials.directly(incident, "shop"),
    "suspend": lambda incident: suspend_agent.directly(incident, AGENT),
    "check the suspension": lambda incident: check_suspension.directly(incident, AGENT),
    "start the clocks": start_clocks.directly,
}


def opened(store: Store, incident_type: IncidentType, source: TypeSource) -> str:
    """The id of an incident whose type is said, or not, by this source."""
    alert = Alert(description="x", dedup_key=str(uuid4()))
    found = store.open_or_attach(alert, incident_type, Severity.P1, source=source)
    return str(found.incident.incident_id)


@pytest.mark.proves("REQ-009-17")
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("incident_type", "source"),
    [
        (IncidentType.DATA_BREACH, TypeSource.GUESS),
        (IncidentType.AGENT_VIOLATION, TypeSource.GUESS),
        (IncidentType.UNKNOWN, TypeSource.NONE),
        (IncidentType.UNKNOWN, TypeSource.PERSON),  # who said that it is none
    ],
)
def test_no_step_that_cannot_be_undone_runs_on_a_guess(
    store: Store, step: str, incident_type: IncidentType, source: TypeSource
) -> None:
    """Whatever flow calls it; it is on record that it was refused, and what to do."""
    incident_id = opened(store, incident_type, source)
    short = store.incident(incident_id).number

    with pytest.raises(NotConfirmed, match=f"`aeef confirm {short}` gives it"):
        STEPS[step](incident_id)
    last = store.incident(incident_id).actions_taken[-1].action
    assert last.startswith("FAILED: ")
    assert "needs somebody's word" in last


@pytest.mark.parametrize("incident_type", sorted(NEEDS_WORD))
@pytest.mark.parametrize("source", [TypeSource.SENDER, TypeSource.RULE, TypeSource.PERSON])
def test_somebody_s_word_is_enough(
    store: Store, settings: Settings, incident_type: IncidentType, source: TypeSource
) -> None:
    """A sender's, a rule's, or a person's."""
    incident_id = opened(store, incident_type, source)

    Case(incident_id, settings, "test").require_word("x")


def test_a_person_who_asks_for_the_step_needs_no_other_word(
    store: Store, settings: Settings
) -> None:
    """On the command line, or in Prefect."""
    incident_id = opened(store, IncidentType.SECURITY, TypeSource.GUESS)
    case = partial(Case, incident_id, settings, "test")

    case(person="ada").require_word("x")
    case().require_word("x", asked_by="ada")

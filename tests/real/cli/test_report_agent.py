"""`aeef report agent-violation --agent`: the person at the keyboard names the agent."""

from __future__ import annotations

import pytest

from fixtures.cli import Aeef
from fixtures.intake import Intake
from schemas.errors import InvalidInput
from tasks.agents.name_agent import agent_id_in


def test_the_agent_is_named(there: Intake, aeef: Aeef) -> None:
    """As the runbook looks for it; another agent is another incident."""
    for agent in ("builder-1", "builder-2", "builder-1"):
        answer = aeef("report", "agent-violation", "--agent", agent, "--service", "shop")
        assert 0 == answer.code, answer.err

    named = [agent_id_in(there.store.alert(each.incident_id)) for each in there.incidents()]
    assert ["builder-1", "builder-2"] == sorted(named)


@pytest.mark.parametrize("agent", ["; rm -rf /", "../../x", "<!channel>"])
def test_a_hostile_name_is_on_record_and_stops_nothing(
    there: Intake, aeef: Aeef, agent: str
) -> None:
    """The report is accepted, so that somebody is paged; the runbook will not act on it."""
    assert 0 == aeef("report", "agent-violation", "--agent", agent).code

    (incident,) = there.incidents()
    with pytest.raises(InvalidInput, match="no agent id"):
        agent_id_in(there.store.alert(incident.incident_id))


def test_another_type_has_no_agent(there: Intake, aeef: Aeef) -> None:
    """A mistake is reported, and no incident is opened."""
    answer = aeef("report", "drift", "--agent", "builder-1")

    assert 2 == answer.code
    assert "--agent is for" in answer.err
    assert [] == there.incidents()

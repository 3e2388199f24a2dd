"""A grave incident needs a lead: after a while somebody asks for one, once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from deployments.intake.beside.sweep import Sweep
from deployments.intake.intervals import Timing
from fixtures.watching import Pages, open_one
from schemas.incident import Severity
from standins.slack import Slack
from standins.standin import settings_for
from tasks.channels.slack.message import ensure_message
from tasks.store import open_store

NEVER = timedelta(days=1)
SOON = Timing(page_late=NEVER, runbook_missing=NEVER, keep_alive=NEVER, lead_missing=timedelta(0))
ASKED = "asked for a lead: nobody is named yet"


@pytest.mark.proves("IR-LEAD")
def test_a_lead_is_asked_for_once_and_not_of_the_lesser(slack: Slack, home: Path) -> None:
    """In the incident's thread and on its record; not where there is one."""
    settings = settings_for(slack, home=home)
    store = open_store(settings)
    without = open_one(store, Severity.P1, service="a")
    led, lesser = (
        open_one(store, Severity.P2, service="b"),
        open_one(store, Severity.P3, service="c"),
    )
    store.lifecycle.name_lead(led.incident_id, "ann", actor="ann (token)")
    ensure_message(without, settings, holder="test")
    sweep = Sweep(settings, store, Pages(), SOON)
    sweep.ask_for_leads()
    sweep.ask_for_leads()

    def asked(incident_id: object) -> int:
        actions = store.incident(str(incident_id)).actions_taken
        return sum(each.action == ASKED for each in actions)

    assert [1, 0, 0] == [asked(each.incident_id) for each in (without, led, lesser)]
    said = [each for each in slack.messages if "Nobody leads it yet" in str(each)]
    assert 1 == len(said)
    store.close()

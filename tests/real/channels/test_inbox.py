"""The local inbox: what would have left, for whoever tries it without a pager."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.up.up import summary
from fixtures.intake import StartIntake
from schemas.errors import PageNotDelivered
from schemas.incident import Alert, IncidentType, Severity
from standins.pagerduty import PagerDuty
from standins.slack import Slack
from standins.standin import settings_for
from support import wait_until
from tasks.armed import people
from tasks.armed.lever import Disarmed, NotConfigured
from tasks.channels.inbox import kept_for
from tasks.notify.page_on_call import ensure_page
from tasks.store import open_store

HTML = {"Accept": "text/html"}
ON = {"inbox": {"on": True}}


def test_a_newcomer_sees_what_would_have_left(start_intake: StartIntake) -> None:
    """On the incident's page, and in the record, which claims no more than that."""
    intake = start_intake(**ON)
    opened = intake.report(type="deployment-failure", service="shop", description="502 <b>")
    said = "the page for on-call is in the local inbox: it left nowhere"
    wait_until(lambda: said in intake.actions(opened))
    page = intake.ask("GET", f"/incidents/{opened}", headers=HTML).text
    (kept,) = kept_for(intake.store.incident(opened).incident_id, intake.settings)

    assert kept.text.startswith("P1 deployment-failure shop #1: 502 <b>")
    assert kept.text.endswith(f"/incidents/{opened}")
    assert "What would have left" in page
    assert "502 &lt;b&gt;" in page


def test_it_takes_no_page_from_what_rings(pagerduty: PagerDuty, home: Path) -> None:
    """Where there is a pager it is not asked."""
    settings = settings_for(pagerduty, home=home, **ON)
    store = open_store(settings)
    alert = Alert(description="502", service="shop", source="test")
    incident = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P1).incident
    page = ensure_page(incident.incident_id, settings, holder="test")

    assert page
    assert page.channel == "pagerduty"
    assert [] == kept_for(incident.incident_id, settings)


def test_it_takes_no_page_from_what_tells(slack: Slack, home: Path) -> None:
    """A chat that is away is asked again: the page does not end in a file."""
    settings = settings_for(slack, home=home, **ON)
    slack.fail_with(503, times=None)
    store = open_store(settings)
    alert = Alert(description="502", service="shop", source="test")
    incident = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P1).incident

    with pytest.raises(PageNotDelivered):
        ensure_page(incident.incident_id, settings, holder="test")
    assert store.waiting_pages()
    assert [] == kept_for(incident.incident_id, settings)


@pytest.mark.parametrize(
    ("targets", "outcome"), [({}, NotConfigured), ({"shop": "mine"}, Disarmed)]
)
def test_it_is_no_pager(
    home: Path, tmp_path: Path, targets: dict[str, str], outcome: type[Exception]
) -> None:
    """Nobody is reached by it: said wherever one looks, and a fault once there is a real target."""
    given = {
        name: {
            "repository": str(tmp_path), "deploy_command": ["true"],
            "health": {"command": ["true"]}, "required_gates": ["tests"],
        }
        for name in targets
    }  # fmt: skip
    settings = settings_for(home=home, **ON, targets=given)

    with pytest.raises(outcome, match=r"reach nobody|NOBODY WOULD BE PAGED"):
        people.somebody_hears(settings)
    assert "NOBODY CAN BE PAGED until one of these is configured" in summary(settings, ready=True)


def test_it_is_off_unless_the_settings_say_so(start_intake: StartIntake) -> None:
    """Then nothing is kept, and the record says that nobody was paged."""
    intake = start_intake()
    opened = intake.report(type="drift", severity="P1", service="shop")
    wait_until(lambda: any("NOBODY WAS PAGED" in each for each in intake.actions(opened)))

    assert not (intake.settings.home / "inbox").exists()

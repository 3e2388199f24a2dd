"""Another channel is one file and its settings: everything that pages works with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deployments.cli.checks.doctor import examine
from deployments.intake.app import create_app
from deployments.intake.beside.sweep import Sweep
from deployments.intake.intervals import Timing
from deployments.up.up import summary, up
from samples.phone_tree import TEXT_LIMIT, PhoneTree, SettingsWithPhoneTree
from schemas.errors import ConfigurationError, PageNotDelivered
from schemas.incident import DEFAULT_ROUTES, Alert, Incident, IncidentType, Severity, Status
from standins.phone_tree import TOKEN, PhoneTreeService
from tasks.base.http_answers import without_secrets
from tasks.base.redact import HIDDEN, redact
from tasks.channels.channels import CHANNELS
from tasks.notify.page_on_call import Page, ensure_page
from tasks.notify.stand_down import acknowledge_page, resolve_one_page, resolve_page
from tasks.store import Store, open_store
from tasks.store.claim_keys import clock_page_key

KNOWN = ", ".join(channel.name for channel in CHANNELS)
REACHING = ", ".join(channel.name for channel in CHANNELS if not channel.is_to_try)
BY_THE_TREE = {each: {"page_channels": ["pagerduty", "phone-tree"]} for each in Severity}
AT_ONCE = timedelta(0)


@pytest.fixture
def phone_tree() -> Iterator[PhoneTreeService]:
    """The service, and its channel in the list while the test lasts."""
    channel = PhoneTree()
    with PhoneTreeService() as service:
        CHANNELS.append(channel)
        yield service
        CHANNELS.remove(channel)


def settings_with(home: Path, **sections: Any) -> SettingsWithPhoneTree:
    """Settings as a file gives them: the route names the channel."""
    quick = {"first_wait": 0.0, "attempts": 1}
    given = {"home": home, "retry": quick, "routes": BY_THE_TREE, **sections}
    return SettingsWithPhoneTree.model_validate(given)


class Paged:
    """An incident that was paged by the phone tree."""

    def __init__(self, service: PhoneTreeService, home: Path) -> None:
        self.settings = settings_with(home, phone_tree=service.settings())
        self.store: Store = open_store(self.settings)
        alert = Alert(description="it is down", service="shop")
        opened = self.store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P1)
        self.incident: Incident = opened.incident
        self.id = str(self.incident.incident_id)
        self.page = ensure_page(self.id, self.settings, holder="test")

    @property
    def actions(self) -> list[str]:
        """What is on record."""
        return [each.action for each in self.store.incident(self.id).actions_taken]


@pytest.fixture
def paged(phone_tree: PhoneTreeService, home: Path) -> Iterator[Paged]:
    """An incident that was paged by the phone tree."""
    made = Paged(phone_tree, home)
    yield made
    made.store.close()


def test_a_route_that_names_it_pages_by_it(phone_tree: PhoneTreeService, paged: Paged) -> None:
    """The record names it by its title, and says why the earlier one did not take the page."""
    assert Page(channel="phone-tree", refused={"pagerduty": "not configured"}) == paged.page
    assert (
        "paged on-call by Phone tree; PagerDuty did not take it: not configured"
        == (paged.actions[-1])
    )
    assert ["ringing"] == phone_tree.rings[paged.id].states
    assert phone_tree.rings[paged.id].text in paged.incident.title
    assert [paged.page] == [ensure_page(paged.id, paged.settings, holder="other")]
    assert 1 == len(phone_tree.requests)


def test_what_it_refuses_is_on_record_without_its_secrets(
    phone_tree: PhoneTreeService, home: Path
) -> None:
    """A service that sends back what it got does not get its token into a record."""
    phone_tree.echo(400)
    settings = settings_with(home, phone_tree=phone_tree.settings())
    store = open_store(settings)
    alert = Alert(description="it is down", service="shop")
    incident = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P1).incident

    with pytest.raises(PageNotDelivered, match="Phone tree: Phone tree: could not ring") as error:
        ensure_page(incident.incident_id, settings, holder="test")
    assert TOKEN not in str(error.value)
    assert HIDDEN in str(error.value)
    assert f"a {HIDDEN} b" == redact(f"a {TOKEN} b", settings)
    assert f"a {HIDDEN} b" == without_secrets(f"a {TOKEN} b", settings)
    store.close()


def test_acknowledging_and_standing_down_reach_it(
    phone_tree: PhoneTreeService, paged: Paged
) -> None:
    """Each thing that rings for the incident; a legal clock rings on."""
    clock = clock_page_key("gdpr-33/notification", "due", "at-due")
    for key, reason in (("page:failed:1", "automation FAILED"), (clock, "x" * 2 * TEXT_LIMIT)):
        ensure_page(paged.id, paged.settings, holder="test", key=key, reason=reason)
    first, failed, legal = phone_tree.rings.values()
    assert ("automation FAILED", TEXT_LIMIT) == (failed.text, len(legal.text))

    acknowledge_page(paged.id, paged.settings)
    assert ["taken"] * 3 == [ring.state for ring in (first, failed, legal)]
    paged.store.set_status(paged.incident.incident_id, Status.RESOLVED, actor="test")
    resolve_page(paged.id, paged.settings, holder="test")

    assert ["over", "over", "taken"] == [ring.state for ring in (first, failed, legal)]
    assert "resolved the page in Phone tree" == paged.actions[-1]
    resolve_one_page(paged.incident, clock, paged.settings)
    assert "over" == legal.state


def test_an_alert_that_would_end_is_kept_up(phone_tree: PhoneTreeService, paged: Paged) -> None:
    """As often as the channel asks; not after the end."""
    sweep = Sweep(paged.settings, paged.store, lambda *_: None)
    kept = []
    for keep_alive in (AT_ONCE, AT_ONCE, None, None):
        sweep.timing = Timing(keep_alive=keep_alive)
        sweep.keep_alerts_alive()
        kept.append(phone_tree.rings[paged.id].kept_alive)
    sweep.timing = Timing(keep_alive=AT_ONCE)
    paged.store.set_status(paged.incident.incident_id, Status.RESOLVED, actor="test")
    sweep.keep_alerts_alive()

    assert [1, 2, 3, 3] == kept
    assert 3 == phone_tree.rings[paged.id].kept_alive


def doctors_findings(
    settings: SettingsWithPhoneTree, capsys: pytest.CaptureFixture[str]
) -> dict[str, tuple[str, str]]:
    """Outcome and detail of each check."""
    examine(settings, as_json=True)
    told = json.loads(capsys.readouterr().out)
    return {each["check"]: (each["outcome"], each["detail"]) for each in told}


def test_doctor_and_up_ask_it(
    phone_tree: PhoneTreeService, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What to set, whether it works, and that somebody can be paged."""
    bare, whole = settings_with(home), settings_with(home, phone_tree=phone_tree.settings())
    before, after = (doctors_findings(each, capsys) for each in (bare, whole))
    needed = "set AEEF_PHONE_TREE__URL, AEEF_PHONE_TREE__TOKEN"

    assert ("not configured", needed) == before["Phone tree"]
    assert "FAILED" == before["paging"][0]
    assert "Jira or Phone tree" in before["paging"][1]
    assert ("ok", "3 people") == after["Phone tree"]
    assert ("ok", "by phone-tree") == after["paging"]
    assert f"not configured: {REACHING}, phone-tree" in summary(bare, ready=True)
    assert any("NOBODY CAN BE PAGED" in line for line in summary(bare, ready=True))
    assert f"not configured: {REACHING}" in summary(whole, ready=True)
    assert not any("NOBODY CAN BE PAGED" in line for line in summary(whole, ready=True))
    quiet = whole.model_copy(
        update={"routes": {**whole.routes, Severity.P2: DEFAULT_ROUTES[Severity.P2]}}
    )
    assert doctors_findings(quiet, capsys)["paging"][1].startswith("NOBODY WOULD BE PAGED for P2:")
    assert "NOBODY CAN BE PAGED for P2 until one of these is configured" in (
        summary(quiet, ready=True)
    )
    phone_tree.fail_with(403)
    assert "FAILED" == doctors_findings(whole, capsys)["Phone tree"][0]
    open_store(whole).close()


def test_a_route_to_a_channel_that_is_none_is_said_before_it_is_needed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By doctor, `aeef up` and the intake, with what there is: a typing error most likely."""
    settings = settings_with(home, intake={"token": "intake-token-0123456789"})
    said = f"[routes.P1] page_channels: there is no channel 'phone-tree'; there are: {KNOWN}"

    assert ("FAILED", said) == doctors_findings(settings, capsys)["paging"]
    for start in (lambda: up(settings, print), lambda: create_app(settings)):
        with pytest.raises(ConfigurationError) as error:
            start()
        assert said == str(error.value)
    open_store(settings).close()


def test_a_channel_that_is_none_keeps_no_page_from_the_others(
    phone_tree: PhoneTreeService, home: Path
) -> None:
    """When the file was changed while incidents came in; the record says what is wrong."""
    routes = {"P1": {"page_channels": ["phonetree", "phone-tree"]}}
    settings = settings_with(home, routes=routes, phone_tree=phone_tree.settings())
    store = open_store(settings)
    alert = Alert(description="it is down", service="shop")
    incident = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P1).incident
    page = ensure_page(incident.incident_id, settings, holder="test")

    assert page is not None
    assert "phone-tree" == page.channel
    action = store.incident(incident.incident_id).actions_taken[-1].action
    assert "; phonetree did not take it: there is no channel 'phonetree'; there are" in action
    store.close()

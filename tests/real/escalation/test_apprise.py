"""Any address that Apprise knows is a channel; what is said of it was seen."""

from __future__ import annotations

import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.errors import PermanentError, TemporaryError
from schemas.incident import Alert, Incident, IncidentType, Severity
from schemas.settings import Settings
from standins.phone_tree import PASSWORD, Addresses
from tasks.base.network.deadline import deadline
from tasks.channels.apprise import client
from tasks.channels.apprise.channel import Message, Phone
from tasks.channels.channels import silent_severities
from tasks.channels.reach import OPENS_AFTER, NotAnswering, reach
from tasks.notify.page_on_call import ensure_page
from tasks.store import open_store
from tasks.store.claim_keys import about_of, escalation_key

KEY = "page:P1"


def settings_with(home: Path, contacts: dict[str, Any], **sections: Any) -> Settings:
    """Settings with these contacts."""
    given = {"home": home, "contacts": contacts, "retry": {"request_timeout": 2}, **sections}
    return Settings.model_validate(given)


def incident_of(
    settings: Settings, incident_type: IncidentType = IncidentType.UNKNOWN, text: str = "it is down"
) -> Incident:
    """An incident in the store."""
    alert = Alert(description=text, service="shop")
    store = open_store(settings)
    made = store.open_or_attach(alert, incident_type, Severity.P1).incident
    store.close()
    return made


@pytest.mark.proves("SPEC-P1-channel")
def test_the_on_call_s_phone_rings_and_their_mail_does_not(
    addresses: Addresses, home: Path
) -> None:
    """Two channels, each with the addresses of its kind, with title, text and a link."""
    urls = [addresses.address("ntfy", "ops"), addresses.address("json", "mail")]
    settings = settings_with(home, {"on-call": {"urls": urls}})
    incident = incident_of(settings)
    for channel in (Phone(), Message()):
        assert channel.configured(settings)
        channel.page(incident, settings, key=KEY, reason=None)
    rung, mailed = addresses.texts

    assert (True, False) == (Phone.rings, Message.rings)
    for text in (rung, mailed):
        assert incident.title in text
        assert "it is down" in text
        assert "Take it: " in text
    assert "1 understood" in Phone().check(settings)
    assert 2 == len(addresses.requests)


def test_a_page_of_a_level_goes_to_its_contact(addresses: Addresses, home: Path) -> None:
    """And to nobody else."""
    contacts = {
        "on-call": {"urls": [addresses.address("ntfy", "ops")]},
        "vp": {"urls": [addresses.address("ntfy", "vp")]},
    }
    settings = settings_with(home, contacts)
    incident = incident_of(settings)
    Phone().page(incident, settings, key=escalation_key(incident, 1, "vp"), reason="take it")
    [request] = addresses.requests

    assert "vp" == request.json["topic"]
    assert "take it" in request.json["message"]


def test_one_address_that_takes_it_is_enough_and_none_is_an_error(
    addresses: Addresses, home: Path
) -> None:
    """The error names services, not addresses, and no reason that nobody has seen."""
    dead = f"ntfy://aeef:{PASSWORD}@127.0.0.1:9/gone"
    settings = settings_with(home, {"on-call": {"urls": [dead, addresses.address("ntfy", "ops")]}})
    Phone().page(incident_of(settings), settings, key=KEY, reason=None)
    assert 1 == len(addresses.requests)

    addresses.fail_with(500, times=None)
    with pytest.raises(TemporaryError) as error:
        Phone().page(incident_of(settings), settings, key=KEY, reason=None)
    assert "ntfy://…, ntfy://… did not take it; it is not known why" in str(error.value)
    assert PASSWORD not in str(error.value)


def test_an_address_that_hangs_does_not_hold_up_the_others(
    addresses: Addresses, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program is ended at its deadline, and what it had seen until then counts."""
    monkeypatch.setattr(client, "START_SECONDS", 4.0)
    addresses.stall(times=1)
    urls = [addresses.address("ntfy", "one"), addresses.address("ntfy", "two")]
    settings = settings_with(home, {"on-call": {"urls": urls}})
    began = time.monotonic()
    Phone().page(incident_of(settings), settings, key=KEY, reason=None)

    assert 2 == len(addresses.requests)
    assert time.monotonic() - began < 60
    addresses.release()


def test_what_apprise_does_not_know_is_found_by_doctor(home: Path) -> None:
    """Before it is needed, by its service."""
    settings = settings_with(home, {"on-call": {"urls": [f"no-such-service://{PASSWORD}"]}})

    for call in (
        lambda: Message().check(settings),
        lambda: Message().page(incident_of(settings), settings, key=KEY, reason=None),
    ):
        with pytest.raises(PermanentError, match="no-such-service://…") as error:
            call()
        assert PASSWORD not in str(error.value)


def test_text_from_outside_formats_nothing_and_a_breach_tells_nothing(
    addresses: Addresses, home: Path
) -> None:
    """Who writes the description decides neither who is mentioned nor what is linked."""
    evil = "<!channel> @everyone [x](http://evil) `code` *bold*\u202e"
    settings = settings_with(home, {"on-call": {"urls": [addresses.address("json", "x")]}})
    Message().page(incident_of(settings, text=evil), settings, key=KEY, reason=None)
    breach = incident_of(settings, IncidentType.DATA_BREACH, "names of patients")
    Message().page(breach, settings, key=KEY, reason="names of patients")
    shown, hidden = addresses.texts

    assert set() == set("<>@[]`*\u202e") & set(shown)
    assert "patients" not in hidden
    assert breach.title in hidden


def test_the_program_gets_none_of_our_settings(
    addresses: Addresses, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apprise's plugins are foreign code: they see the addresses, and no other secret."""
    monkeypatch.setenv("AEEF_SLACK__TOKEN", "xoxb-secret")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "secret")
    seen: dict[str, Any] = {}
    run = subprocess.run

    def watched(*arguments: Any, **given: Any) -> Any:
        seen.update(given, argv=arguments[0])
        return run(*arguments, **given)

    monkeypatch.setattr(subprocess, "run", watched)
    settings = settings_with(home, {"on-call": {"urls": [addresses.address("json", "x")]}})
    Message().page(incident_of(settings), settings, key=KEY, reason=None)

    assert not [name for name in seen["env"] if name.startswith(("AEEF_", "PREFECT_"))]
    assert PASSWORD not in " ".join(seen["argv"])


def test_a_provider_that_is_dead_holds_up_neither_the_pages_behind_it_nor_another_s(
    addresses: Addresses, home: Path
) -> None:
    """Each call ends in time; after some the contact's is not called; another contact's is."""
    dead = f"ntfy://{addresses.origin.removeprefix('http://').rpartition(':')[0]}:1/ops"
    contacts = {"on-call": {"urls": [dead]}, "vp": {"urls": [addresses.address("ntfy", "vp")]}}
    settings = settings_with(home, contacts, paging={"answer_within": 10})
    incident, phone = incident_of(settings), Phone()

    def ring(key: str) -> None:
        call = partial(phone.page, incident, settings, key=key, reason=None)
        reach(phone, settings, call, about_of(key))

    for _ in range(OPENS_AFTER):
        with pytest.raises(TemporaryError, match="did not take it"):
            ring(KEY)
    with pytest.raises(NotAnswering):
        ring(KEY)
    ring(escalation_key(incident, 1, "vp"))

    assert ["vp"] == [request.json["topic"] for request in addresses.requests]


def test_a_call_by_apprise_keeps_the_deadline_of_the_page(addresses: Addresses, home: Path) -> None:
    """Whatever the program's own limits are."""
    addresses.stall()
    settings = settings_with(home, {"on-call": {"urls": [addresses.address("ntfy", "ops")]}})
    incident = incident_of(settings)
    with deadline(0.2), pytest.raises(TemporaryError):
        Phone().page(incident, settings, key=KEY, reason=None)


def test_a_severity_has_addresses_of_its_own(addresses: Addresses, home: Path) -> None:
    """Beside those of the on-call, and for no other severity."""
    chat, mail = addresses.address("json", "p1-chat"), addresses.address("json", "mail")
    routes = {"P1": {"urls": chat}, "P3": {"urls": [mail]}}
    settings = settings_with(home, {"on-call": {"urls": [mail]}}, routes=routes)
    alone = settings_with(home, {}, routes={"P1": {"urls": [chat]}})
    incident = incident_of(settings)
    Message().page(incident, settings, key=KEY, reason=None)

    assert ["/p1-chat", "/mail"] == sorted(each.path for each in addresses.requests)[::-1]
    assert Message().covers(Severity.P1, alone)
    assert not Message().covers(Severity.P2, alone)
    assert not Phone().configured(alone)
    assert [Severity.P2, Severity.P3, Severity.P4] == silent_severities(alone)
    assert "2 understood" in Message().check(settings)
    assert PASSWORD not in repr(settings.routes)


def test_a_severity_without_an_address_is_not_said_to_be_told(
    addresses: Addresses, home: Path
) -> None:
    """A channel that has addresses for P1 only is none for P2."""
    routes = {"P1": {"urls": [addresses.address("ntfy", "p1")]}}
    settings = settings_with(home, {}, routes=routes)
    store = open_store(settings)
    alert = Alert(description="it is slow", service="shop")
    incident = store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P2).incident
    ensure_page(incident.incident_id, settings, holder="test")
    actions = [each.action for each in store.incident(incident.incident_id).actions_taken]
    store.close()

    assert any("NOBODY WAS PAGED" in each for each in actions)
    assert [] == addresses.requests


@pytest.mark.parametrize(
    "url", ["syslog://host", "no address", "discord://a/b?template=/etc/passwd"]
)
def test_an_address_of_a_route_is_checked_as_a_contacts(home: Path, url: str) -> None:
    """The error names the route, and not the address."""
    with pytest.raises(ValidationError, match=r"routes\.P1\.urls") as caught:
        settings_with(home, {}, routes={"P1": {"urls": [url]}})

    assert "passwd" not in str(caught.value)

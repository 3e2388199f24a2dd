"""Contacts and levels as they are written in the file and in variables."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from schemas.errors import ConfigurationError
from schemas.escalation import contact_name, rings
from schemas.incident import DEFAULT_ROUTES, Severity
from schemas.settings import load_settings
from tasks.base.redact import HIDDEN, redact

SECRET = "s3cr3t-0123456789"
KEY = "K" * 32


@pytest.fixture
def config(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config file."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    path = home.parent / "aeef.toml"
    path.write_text("")
    return path


def levels(severity: Severity) -> list[tuple[str, timedelta | None]]:
    """The levels of a severity."""
    return [(each.to, each.after) for each in load_settings().routes[severity].escalation]


def test_contacts_are_read_from_file_and_variables(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable's name has no hyphen; it adds the secret to what the file says."""
    config.write_text(
        '[contacts.vp-engineering]\nslack = "U012AB"\nperson = "ada"\n'
        f'[contacts.on-call]\nurls = ["ntfys://aeef:{SECRET}@push.example/ops", "json://h"]\n'
    )
    monkeypatch.setenv("AEEF_CONTACTS__VP_ENGINEERING__PAGERDUTY_ROUTING_KEY", KEY)
    monkeypatch.setenv("AEEF_CONTACTS__TEAM_LEAD__URLS", f'["twilio://a:{SECRET}@+491/+492"]')
    settings = load_settings()
    vp, on_call, lead = (
        settings.contacts[each] for each in ("vp-engineering", "on-call", "team-lead")
    )

    assert settings.contact("VP Engineering") is vp
    assert ["PagerDuty", "Slack U012AB"] == vp.by
    assert ["1 ringing address", "1 address that ring nobody"] == on_call.by
    assert (True, True, True) == (vp.can_ring, on_call.can_ring, lead.can_ring)
    assert SECRET not in repr(settings)
    assert KEY not in repr(settings)
    shown = redact(f"{KEY} twilio://a:{SECRET}@+491/+492 {SECRET}", settings)
    assert [HIDDEN] * 3 == shown.split()


@pytest.mark.parametrize(
    "address",
    [
        "dbus://", "dbus://x", "syslog://x", "macosx://x", "gnome://x", "windows://x", "kde://x",
        "vapid://a@b.c/?keyfile=/etc/shadow", "mailto://a@b.c?pgpkey=/root/key", "no address",
        "slack://a/b/c?template=/etc/passwd", "ntfy://h/t?Attach=file:///etc/passwd", "",
    ],
)  # fmt: skip
def test_what_acts_on_this_machine_or_reads_its_files_is_refused(
    config: Path, address: str
) -> None:
    """With the place of the setting, and without the address, which is a secret."""
    config.write_text(f'[contacts.ada]\nurls = ["{address}"]\n')
    with pytest.raises(ConfigurationError) as error:
        load_settings()

    assert "contacts.ada.urls" in str(error.value)
    assert "/etc" not in str(error.value)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ('slack = "@ada"', "slack"),
        ('pagerduty_routing_key = "short"', "pagerduty_routing_key"),
        ('fax = "1"', "fax"),
        ("urls = 3", "urls"),
    ],
)
def test_a_wrong_contact_is_named(config: Path, table: str, named: str) -> None:
    """At the start, not at 3 a.m."""
    config.write_text(f"[contacts.ada]\n{table}\n")
    with pytest.raises(ConfigurationError, match=rf"contacts\.ada\.{named}"):
        load_settings()


def test_a_phone_rings_and_mail_does_not() -> None:
    """What is not known to ring is not said to."""
    ringing = ["twilio://x", "NTFY://x", "46elks://x", "pagerduty://x"]
    telling = ["mailto://x", "slack://x", "json://x", "new-service://x", "discord://x"]

    assert [True] * 4 + [False] * 5 == [rings(each) for each in (*ringing, *telling)]


def test_levels_in_the_file(config: Path) -> None:
    """A list; or, as before, one table that changes the default's level."""
    config.write_text(
        '[routes.P1]\nescalation = [{to = "lead", after = "PT5M"}, {to = "vp", after = 900}]\n'
        'escalation_repeat = "PT20M"\n[routes.P2.escalation]\nto = "Duty manager"\n'
    )
    minute = timedelta(minutes=1)

    assert [("lead", 5 * minute), ("vp", 15 * minute)] == levels(Severity.P1)
    assert [("Duty manager", 60 * minute)] == levels(Severity.P2)
    assert 20 * minute == load_settings().routes[Severity.P1].escalation_repeat


def test_levels_in_variables(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds, ISO 8601, or the whole list as JSON."""
    monkeypatch.setenv("AEEF_ROUTES__P1__ESCALATION__AFTER", "20")
    monkeypatch.setenv("AEEF_ROUTES__P1__MITIGATE_WITHIN", "1.5")
    monkeypatch.setenv("AEEF_ROUTES__P2__ESCALATION", '[{"to": "a", "after": "PT1M"}]')

    assert [("VP Engineering", timedelta(seconds=20))] == levels(Severity.P1)
    assert [("a", timedelta(minutes=1))] == levels(Severity.P2)
    assert timedelta(seconds=1.5) == load_settings().routes[Severity.P1].mitigate_within


@pytest.mark.parametrize(
    ("levels_given", "named"),
    [
        ('[{to = "a", after = 20}, {to = "b", after = 10}]', "earliest first"),
        ('[{to = "a", after = 20}, {to = "b"}]', "needs `after`"),
        ('[{to = "a", after = -1}]', "after"),
        ('[{to = "", after = 1}]', "to"),
        ('"soon"', "escalation"),
        ("3", "escalation"),
    ],
)
def test_wrong_levels_are_named(config: Path, levels_given: str, named: str) -> None:
    """A level that would never be called is a mistake."""
    config.write_text(f"[routes.P1]\nescalation = {levels_given}\n")
    with pytest.raises(ConfigurationError, match=named) as error:
        load_settings()

    assert "routes.P1" in str(error.value)


def test_the_default_levels_name_contacts() -> None:
    """Whoever writes these tables reaches the people of the spec's table."""
    names = [contact_name(route.escalates_to) for route in DEFAULT_ROUTES.values()]

    assert ["vp-engineering", "team-lead", "sprint-backlog", "monthly-review"] == names

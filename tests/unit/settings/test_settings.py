"""Settings: environment over file, every mistake named, no secret shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.errors import ConfigurationError
from schemas.incident import (
    DEFAULT_ROUTES,
    IncidentType,
    Severity,
    SlackChannel,
)
from schemas.settings import Settings, config_path, load_settings, unknown_variables

SECRET = "s3cr3t-0123456789abcdef"
Env = pytest.MonkeyPatch


@pytest.fixture
def config(home: Path) -> Iterator[Path]:
    """`aeef.toml` in the working directory."""
    path = Path("aeef.toml").absolute()
    path.write_text("")
    yield path
    assert not home.exists(), "reading settings creates nothing"


def problem() -> str:
    """The error that loading the settings raises."""
    with pytest.raises(ConfigurationError) as raised:
        load_settings()
    return str(raised.value)


def test_the_environment_wins_over_the_file(config: Path, monkeypatch: Env) -> None:
    """Key by key, also inside a section."""
    config.write_text('[jira]\nurl = "https://file"\nproject = "FILE"\n[intake]\nport = 1\n')
    monkeypatch.setenv("AEEF_JIRA__PROJECT", "ENV")
    monkeypatch.setenv("AEEF_INTAKE__PORT", "2")
    settings = load_settings()

    assert ("https://file", "ENV", 2) == (
        settings.jira.url,
        settings.jira.project,
        settings.intake.port,
    )


def test_an_empty_variable_is_one_that_is_not_set(config: Path, monkeypatch: Env) -> None:
    """Compose files pass empty variables; the file and the defaults stay."""
    config.write_text('[jira]\nproject = "FILE"\n')
    for name in ("JIRA__PROJECT", "PAGERDUTY__ROUTING_KEY", "HOME", "DATABASE_URL"):
        monkeypatch.setenv(f"AEEF_{name}", "")
    settings = load_settings()

    assert ("FILE", None, None) == (
        settings.jira.project,
        settings.pagerduty.routing_key,
        settings.database_url,
    )


def test_a_partial_route_keeps_the_rest(config: Path, monkeypatch: Env) -> None:
    """One cell of the severity table is changed, in the file or the environment, not the row."""
    config.write_text('[routes.P1.escalation]\nto = "CTO"\n[routes.P3]\npage = true\n')
    monkeypatch.setenv("AEEF_ROUTES__P2__PHONE", "true")
    p1, p2, p3 = (DEFAULT_ROUTES[s] for s in (Severity.P1, Severity.P2, Severity.P3))

    assert load_settings().routes == {
        Severity.P1: p1.model_copy(
            update={"escalation": (p1.escalation[0].model_copy(update={"to": "CTO"}),)}
        ),
        Severity.P2: p2.model_copy(update={"phone": True}),
        Severity.P3: p3.model_copy(update={"page": True}),
    }


def test_clocks_and_channels_of_a_route_can_be_set(config: Path) -> None:
    """Durations are ISO 8601 or seconds, channels a list in order."""
    config.write_text(
        '[routes.P1]\nacknowledge_within = 300\npage_channels = ["slack", "jira"]\n'
        '[routes.P1.escalation]\nafter = "PT5M"\n'
    )
    route = load_settings().routes[Severity.P1]

    assert (timedelta(minutes=5), timedelta(minutes=5)) == (
        route.acknowledge_within,
        route.escalation[0].after,
    )
    assert ("slack", "jira") == route.page_channels


def test_one_renamed_channel_or_priority_leaves_the_others(config: Path, monkeypatch: Env) -> None:
    """Every severity still has a channel and a priority."""
    config.write_text('[slack.channels]\ncritical = "#ops"\n[jira.priorities]\nP1 = "Blocker"\n')
    monkeypatch.setenv("AEEF_JIRA__PRIORITIES__P4", "Trivial")
    settings = load_settings()

    assert {
        SlackChannel.CRITICAL: "#ops",
        SlackChannel.WARNING: "#aeef-warnings",
        SlackChannel.INFO: "#aeef-info",
    } == settings.slack.channels
    assert ["Blocker", "High", "High", "Trivial"] == [settings.jira.priorities[s] for s in Severity]


def test_rules_and_default_severities_are_read(config: Path) -> None:
    """A rule is the user's word on a type; a default severity is set by type."""
    config.write_text(
        '[[rules]]\ntype = "security"\nkeywords = ["drift"]\n'
        '[default_severities]\ndeployment-failure = "P2"\n'
    )
    settings = load_settings()

    assert [IncidentType.SECURITY] == [rule.type for rule in settings.rules]
    assert {IncidentType.DEPLOYMENT_FAILURE: Severity.P2} == settings.default_severities


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ('colour = "red"', "colour: "),
        ('[pagerduty]\nroutng_key = "x"', "pagerduty.routng_key: "),
        ('[slack.channels]\nurgent = "#x"', "slack.channels.urgent"),
        ("[intake]\nport = 70000", "intake.port: "),
        ("[routes.P5]\npage = true", "routes.P5"),
        ("[routes.P1]\nfax = true", "routes.P1.fax: "),
        ("[retry]\nattempts = 0", "retry.attempts: "),
        ('[[rules]]\nalertname = "("', "rules.0.alertname: "),
        ('targets = "shop"', "targets: "),
        ("routes = 3", "routes: "),
        ("home = 3", "home: "),
        ('home = "~no-such-user/x"', "home directory"),
        ('[pagerduty]\nrouting_key = ["' + SECRET + '"]', "pagerduty.routing_key: "),
        ('token = "' + SECRET, "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(config: Path, toml: str, named: str) -> None:
    """One line that says which key in which file."""
    config.write_text(toml)
    text = problem()

    assert named in text
    assert str(config) in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("AEEF_PAGERDUTY__ROUTNG_KEY", SECRET, "pagerduty.routng_key: "),
        ("AEEF_INTAKE__PORT", SECRET, "intake.port: "),
        ("AEEF_TARGETS", SECRET, "targets"),
    ],
)
def test_a_wrong_variable_is_named_and_its_value_is_not(
    config: Path, monkeypatch: Env, name: str, value: str, named: str
) -> None:
    """The same for the environment."""
    monkeypatch.setenv(name, value)
    text = problem()

    assert named in text
    assert SECRET not in text


def test_misspelt_variables_are_found(config: Path, monkeypatch: Env) -> None:
    """One underscore instead of two is no error to pydantic: `aeef doctor` names it."""
    monkeypatch.setenv("AEEF_PAGERDUTY_ROUTING_KEY", SECRET)
    monkeypatch.setenv("AEEF_PAGERDUTY__ROUTING_KEY", SECRET)

    assert ["AEEF_PAGERDUTY_ROUTING_KEY"] == unknown_variables()


def test_no_secret_is_in_a_repr(config: Path, monkeypatch: Env) -> None:
    """Settings that are printed or logged show no credentials."""
    for name in ("PAGERDUTY__ROUTING_KEY", "SLACK__TOKEN", "JIRA__TOKEN", "ALERTMANAGER__TOKEN",
                 "INTAKE__TOKEN"):  # fmt: skip
        monkeypatch.setenv(f"AEEF_{name}", SECRET)
    monkeypatch.setenv("AEEF_DATABASE_URL", f"postgresql://aeef:{SECRET}@db/aeef")
    settings = load_settings()

    for shown in (repr(settings), str(settings), str(settings.model_dump())):
        assert SECRET not in shown
    assert f"postgresql://aeef:{SECRET}@db/aeef" == settings.database


def test_where_the_file_is_looked_for(home: Path, monkeypatch: Env, tmp_path: Path) -> None:
    """AEEF_CONFIG, else here, else in AEEF_HOME, else nowhere."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    places = [home / "aeef.toml", tmp_path / "aeef.toml", tmp_path / "named.toml"]
    found = [config_path()]
    for place in places:
        place.parent.mkdir(exist_ok=True)
        place.write_text("")
        if place.name == "named.toml":
            monkeypatch.setenv("AEEF_CONFIG", "named.toml")
        found.append(config_path())

    assert found == [None, *places]


def test_a_named_file_that_is_missing_is_an_error(home: Path, monkeypatch: Env) -> None:
    """It is not silently replaced by the defaults."""
    monkeypatch.setenv("AEEF_CONFIG", str(home / "none.toml"))

    assert "none.toml, which is not a file" in problem()


@pytest.mark.parametrize(
    ("env", "base", "intake"),
    [
        ({}, "http://127.0.0.1:8180", "http://127.0.0.1:8180"),
        ({"INTAKE__HOST": "::1"}, "http://[::1]:8180", "http://[::1]:8180"),
        ({"INTAKE__HOST": "0.0.0.0"}, "http://0.0.0.0:8180", "http://127.0.0.1:8180"),  # noqa: S104
        ({"PUBLIC_URL": "https://aeef.example/"}, "https://aeef.example", "http://127.0.0.1:8180"),
    ],
)
def test_addresses(
    config: Path, monkeypatch: Env, env: dict[str, str], base: str, intake: str
) -> None:
    """The address for people, and the one for programs on this machine."""
    for name, value in env.items():
        monkeypatch.setenv(f"AEEF_{name}", value)
    settings = load_settings()

    assert (base, intake) == (settings.base_url, settings.intake_url)


def test_the_defaults_need_no_file(home: Path, monkeypatch: Env) -> None:
    """Everything lies in AEEF_HOME, nothing is configured, nothing is created."""
    monkeypatch.setenv("AEEF_HOME", str(home))
    settings: Settings = load_settings()

    assert f"sqlite:///{home}/aeef.db" == settings.database
    assert home / "audit.anchors" == settings.anchors_path
    assert not home.exists()


def test_githubs_secrets_and_services(config: Path, monkeypatch: Env) -> None:
    """Several secrets while they are rotated; a repository's service, whatever the case."""
    config.write_text('[github.repositories]\n"Acme/Shop-Frontend" = "shop"\n')
    assert () == load_settings().github.secrets

    monkeypatch.setenv("AEEF_GITHUB__WEBHOOK_SECRET", f" old, {SECRET},,")
    github = load_settings().github

    assert (b"old", SECRET.encode()) == github.secrets
    assert ("shop", "till") == (
        github.service_of("acme/shop-frontend"),
        github.service_of("acme/till"),
    )
    assert SECRET not in repr(load_settings())

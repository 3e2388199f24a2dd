"""GitHub's webhooks as our alerts: published examples, changed ones, and hostile ones."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.intake.senders.github.event import Heard
from deployments.intake.senders.github.webhooks import ENDS, OPENS, read_event
from samples.github_webhooks import (
    LEAKED,
    code_scanning,
    dependabot,
    failed,
    sample,
    secret_scanning,
)
from schemas.errors import InvalidInput
from schemas.findings import Finding, Package, findings_of
from schemas.incident import Alert, Severity
from schemas.settings import GithubSettings

DEFAULT = GithubSettings()
SAMPLES = {
    "code_scanning_alert": code_scanning,
    "dependabot_alert": dependabot,
    "secret_scanning_alert": secret_scanning,
}


def heard(event: str, data: Any, settings: GithubSettings = DEFAULT) -> Heard:
    """What the webhook says."""
    return read_event(event, data, "1-2-3", settings)


def alert(event: str, data: Any, settings: GithubSettings = DEFAULT) -> Alert:
    """The alert that it opens."""
    found = heard(event, data, settings)
    assert found.alert, found.ignored
    return found.alert


def finding(event: str, data: Any) -> Finding:
    """Its finding."""
    (found,) = findings_of(alert(event, data))
    return found


def test_a_failed_deployment() -> None:
    """What was deployed where; as severe as triage says."""
    found = alert("deployment_status", failed(deployment_status__target_url="https://ci/7"))

    assert ("deployment-failure", None, "Hello-World", "github") == (
        found.type,
        found.severity,
        found.service,
        found.source,
    )
    assert (
        "Deployment 145988746 of Codertocat/Hello-World at f95f852bd8fc to production: failure"
        == found.description
    )
    assert {
        "repository": "Codertocat/Hello-World",
        "deployment": 145988746,
        "environment": "production",
        "sha": "f95f852bd8fca8fcc58a9a2d6c842781e32a215e",
        "ref": "master",
        "url": "https://ci/7",
    } == found.details
    assert datetime(2019, 5, 15, 15, 20, 55, tzinfo=UTC) == found.detected_at
    assert found.names_one_occurrence
    assert "1-2-3" == found.delivery


@pytest.mark.parametrize("state", ["success", "pending", "inactive", "in_progress", "queued"])
def test_a_deployment_that_did_not_fail(state: str) -> None:
    """The published example is one."""
    data = sample("deployment_status.payload.json", deployment_status__state=state)

    assert f"the deployment's state is '{state}'" == heard("deployment_status", data).ignored


def test_which_environments_count() -> None:
    """All but transient ones; those named in the settings, if any are."""
    only = GithubSettings(environments=("production",))
    preview = failed(deployment_status__environment="pr-7", deployment__transient_environment=True)

    assert "the environment 'pr-7' is transient" == heard("deployment_status", preview).ignored
    assert "not among" in heard("deployment_status", preview, only).ignored
    assert alert("deployment_status", failed(), only)


def test_each_deployment_is_its_own_trouble() -> None:
    """Its states are not; `error` is a failure too."""
    keys = [
        alert("deployment_status", data).dedup_key
        for data in (
            failed(),
            failed(deployment_status__state="error"),
            failed(deployment__id=2),
            failed(repository__id=2),
        )
    ]

    assert keys[0] == keys[1]
    assert 3 == len(set(keys))


def test_code_scanning() -> None:
    """The published example."""
    found = alert("code_scanning_alert", code_scanning())

    assert Finding(
        id="java/sql-injection",
        tool="codeql",
        severity=Severity.P2,
        title="Query built from user-controlled sources",
        path="src/main/java/com/github/demo/service/BookService.java",
        line=84,
    ) == (finding("code_scanning_alert", code_scanning()))
    assert ("security", "P2", "Hello-World") == (found.type, found.severity, found.service)
    assert found.description.startswith(
        "Code scanning alert #10 of Codertocat/Hello-World: java/sql-injection in src/main/"
    )
    assert datetime(2021, 2, 11, 3, 10, 43, tzinfo=UTC) == found.detected_at
    assert "refs/heads/code-feature" == found.details["ref"]


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"alert__rule__security_severity_level": "critical"}, "P1"),
        ({"alert__rule__security_severity_level": "medium"}, "P3"),
        ({"alert__rule__severity": "warning"}, "P3"),
        ({"alert__rule__severity": "note"}, "P4"),
        ({"alert__rule__severity": None}, "P3"),
    ],
)
def test_severity_of_code(changes: dict[str, Any], severity: str) -> None:
    """The security severity, else the rule's level."""
    assert severity == finding("code_scanning_alert", code_scanning(**changes)).severity


@pytest.mark.parametrize(
    ("ref", "branches", "ignored"),
    [
        ("refs/heads/feature", (), ""),
        ("refs/heads/main", ("main",), ""),
        ("refs/heads/feature", ("main",), "not among github.branches"),
        ("refs/pull/7/merge", (), "a pull request"),
        ("refs/pull/7/merge", ("main",), "not among github.branches"),
        ("", ("main",), ""),
        (None, ("main",), ""),
    ],
)
def test_what_is_not_released_isolates_nothing(
    ref: str | None, branches: tuple[str, ...], ignored: str
) -> None:
    """An alert in a pull request does not run yet; one that is over is over anywhere."""
    settings = GithubSettings(branches=branches)
    heard = read_event("code_scanning_alert", code_scanning(ref=ref), None, settings)
    fixed = code_scanning(ref=ref, action="fixed", alert__state="fixed")

    assert (ignored in heard.ignored, not ignored) == (True, heard.alert is not None)
    assert read_event("code_scanning_alert", fixed, None, settings).is_over


def test_an_alert_fixed_in_one_branch_is_not_over() -> None:
    """While another one has it."""
    still = code_scanning(action="fixed", alert__state="open")
    gone = code_scanning(action="fixed", alert__state="fixed")

    assert "still open" in heard("code_scanning_alert", still).ignored
    assert heard("code_scanning_alert", gone).is_over


def test_dependabot() -> None:
    """The published example: package, fixed version and manifest, for the patch."""
    assert Finding(
        id="CVE-2022-25883",
        tool="dependabot",
        severity=Severity.P3,
        title="semver vulnerable to Regular Expression Denial of Service",
        aliases=("GHSA-c2qf-rxjj-qqgw",),
        package=Package(
            name="semver", ecosystem="npm", fixed=("7.5.2",), manifest="package-lock.json"
        ),
    ) == (finding("dependabot_alert", dependabot()))


def test_dependabot_in_python_without_a_fix() -> None:
    """GitHub calls PyPI `pip`; not every advisory has a CVE, or is mended."""
    found = finding(
        "dependabot_alert",
        dependabot(
            alert__dependency__package={"ecosystem": "pip", "name": "ansible"},
            alert__security_advisory__cve_id=None,
            alert__security_vulnerability__first_patched_version=None,
            alert__security_vulnerability__severity="critical",
        ),
    )

    assert ("GHSA-c2qf-rxjj-qqgw", "P1") == (found.id, found.severity)
    assert Package(name="ansible", ecosystem="pypi", manifest="package-lock.json") == found.package


def test_secret_scanning_never_tells_the_secret() -> None:
    """Kind and place are enough to find it."""
    found = alert("secret_scanning_alert", secret_scanning())

    assert Finding(
        id="github_personal_access_token",
        tool="secret scanning",
        severity=Severity.P2,
        title="GitHub Personal Access Token",
        path="src/config.py",
        line=3,
    ) == (finding("secret_scanning_alert", secret_scanning()))
    assert LEAKED not in found.model_dump_json()
    assert LEAKED not in repr(found)


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"alert__publicly_leaked": True}, "P1"),
        ({"alert__validity": "active"}, "P1"),
        ({"action": "publicly_leaked"}, "P1"),
        ({"alert__validity": "inactive"}, "P2"),
    ],
)
def test_severity_of_a_secret(changes: dict[str, Any], severity: str) -> None:
    """Public, or known to work: somebody may be using it."""
    assert severity == finding("secret_scanning_alert", secret_scanning(**changes)).severity


def test_a_secret_that_was_checked() -> None:
    """It opens an incident only when the secret works."""
    works = secret_scanning(action="validated", alert__validity="active")
    dead = secret_scanning(action="validated", alert__validity="inactive")

    assert alert("secret_scanning_alert", works)
    assert "does not work" in heard("secret_scanning_alert", dead).ignored


@pytest.mark.parametrize("event", list(SAMPLES))
def test_every_action(event: str) -> None:
    """Actions that open and that end have the same dedup key; others are ignored."""
    actions = dict.fromkeys(OPENS[event] - {"validated"}, False)
    actions |= dict.fromkeys(ENDS[event], True)
    keys = set()
    for action, is_over in actions.items():
        found = heard(event, SAMPLES[event](action=action, alert__state="x"))
        assert found.alert
        assert (is_over, "security") == (found.is_over, found.alert.type)
        keys.add(found.alert.dedup_key)

    assert 1 == len(keys)
    assert (
        f"{event}: 'assigned' is no news" == heard(event, SAMPLES[event](action="assigned")).ignored
    )


def test_the_service_of_a_repository() -> None:
    """As configured, whatever the case; else the repository's name."""
    mapped = GithubSettings(repositories={"codertocat/hello-world": "shop"})

    assert "shop" == alert("deployment_status", failed(), mapped).service
    assert "Hello-World" == alert("deployment_status", failed()).service


@pytest.mark.parametrize(
    "event", ["push", "", "check_run", "x" * 500, "secret_scanning_alert_location"]
)
def test_other_events_are_ignored(event: str) -> None:
    """Whatever they hold."""
    assert heard(event, None).ignored.endswith("is not followed")


@pytest.mark.parametrize(
    ("event", "data", "named"),
    [
        ("deployment_status", [], "body: "),
        ("deployment_status", {}, "repository: "),
        ("deployment_status", failed(deployment__id="x"), "deployment.id: "),
        ("code_scanning_alert", code_scanning(alert__number=0), "alert.number: "),
        ("dependabot_alert", dependabot(alert__dependency=None), "alert.dependency: "),
        ("secret_scanning_alert", secret_scanning(alert__secret_type=5), "alert.secret_type: "),
    ],
)
def test_what_is_not_as_github_sends_it(event: str, data: Any, named: str) -> None:
    """The field is named, no value is repeated."""
    with pytest.raises(InvalidInput, match=f"not GitHub's {event}: ") as raised:
        heard(event, data)

    assert named in str(raised.value)
    assert LEAKED not in str(raised.value)


def test_hostile_texts_are_only_texts() -> None:
    """One line each, cut, and no path that climbs."""
    found = finding(
        "code_scanning_alert",
        code_scanning(
            alert__rule__id="a\nb<!channel>\x00",
            alert__rule__description="d" * 10_000,
            alert__instances=[{"location": {"path": "../../etc/passwd", "start_line": 1}}],
        ),
    )

    assert ("a b<!channel>", None, None) == (found.id, found.path, found.line)
    assert 500 == len(found.title)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("event", [*SAMPLES, "deployment_status"])
@given(data=st.data())
def test_any_part_may_be_anything(event: str, data: st.DataObject) -> None:
    """An alert, a reason to ignore it, or our error."""
    body: Any = {**SAMPLES, "deployment_status": failed}[event]()
    part = body
    while True:
        key = data.draw(st.sampled_from(range(len(part)) if isinstance(part, list) else list(part)))
        if not isinstance(part[key], list | dict) or not part[key] or data.draw(st.booleans()):
            break
        part = part[key]
    part[key] = data.draw(_JSON)
    with suppress(InvalidInput):
        heard(event, body)

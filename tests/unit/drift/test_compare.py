"""Comparing two states: nothing is missed or invented, and each impact follows a rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.drift import (
    DEFAULT_IMPACTS,
    SEVERITY_OF,
    Change,
    Difference,
    DriftReport,
    Impact,
    ImpactRule,
    Setting,
    compare,
)
from schemas.incident import Severity

FIELDS = ("image", "environment", "labels", "ports", "privileges", "replicas", "content", "odd")
settings = st.builds(
    Setting, st.sampled_from(["web", "db", "a.b"]), st.sampled_from(FIELDS), st.text(max_size=3)
)
states = st.dictionaries(settings, st.text(max_size=3), max_size=20)


@given(states, states)
def test_no_difference_exactly_when_equal(
    baseline: dict[Setting, str], actual: dict[Setting, str]
) -> None:
    """Two states are equal, or at least one difference says where they are not."""
    assert (baseline == actual) == (compare(baseline, actual) == ())


@given(states, states)
def test_the_differences_lead_from_one_state_to_the_other(
    baseline: dict[Setting, str], actual: dict[Setting, str]
) -> None:
    """Applied to the baseline, they give what runs: nothing is missed, nothing reported twice."""
    state = dict(baseline)
    for each in compare(baseline, actual):
        setting = Setting(each.subject, each.field, each.name)
        assert state.pop(setting, None) == each.baseline
        if each.actual is not None:
            state[setting] = each.actual

    assert actual == state


@given(states, states)
def test_the_worst_comes_first_and_decides_the_severity(
    baseline: dict[Setting, str], actual: dict[Setting, str]
) -> None:
    """No difference is worse than the first."""
    found = compare(baseline, actual)
    report = DriftReport(target="shop", compared=1, differences=found)
    order = [list(Impact).index(each.impact) for each in found]

    assert sorted(order) == order
    if found:
        assert SEVERITY_OF[found[0].impact] == report.severity


@given(states, states)
def test_the_other_way_round_the_same_paths_differ(
    baseline: dict[Setting, str], actual: dict[Setting, str]
) -> None:
    """What was added is removed, what was changed is changed back."""
    there = {each.path: each.change for each in compare(baseline, actual)}
    back = {each.path: each.change for each in compare(actual, baseline)}

    assert there.keys() == back.keys()


@pytest.mark.parametrize(
    ("field", "name", "before", "after", "impact"),
    [
        ("image", "", "a", "b", "critical"),
        ("commit", "", "a", "b", "critical"),
        ("privileges", "privileged", None, "granted", "critical"),
        ("privileges", "privileged", "granted", None, "high"),
        ("restrictions", "no-new-privileges", "in force", None, "critical"),
        ("restrictions", "no-new-privileges", None, "in force", "medium"),
        ("mounts", "/var/run/docker.sock", None, "bind /var/run/docker.sock", "critical"),
        ("mounts", "/data", None, "tmpfs", "high"),
        ("environment", "LD_PRELOAD", None, "hash", "critical"),
        ("environment", "LOG", "x", "y", "medium"),
        ("replicas", "", "2", "0", "critical"),
        ("replicas", "", "2", "1", "high"),
        ("ports", "80/tcp", None, "*:80", "high"),
        ("container", "", None, "runs", "high"),
        ("file", "", "present", None, "high"),
        ("content", "a.b", "1", "2", "medium"),
        ("restart", "", "no", "always", "medium"),
        ("labels", "team", "a", "b", "low"),
        ("something new", "", "a", "b", "medium"),
    ],
)
def test_impact_by_the_default_rules(
    field: str, name: str, before: str | None, after: str | None, impact: str
) -> None:
    """The table of impacts, row by row."""
    setting = Setting("web", field, name)
    (found,) = compare(
        {setting: before} if before else {}, {setting: after} if after else {}, DEFAULT_IMPACTS
    )

    assert impact == found.impact


@pytest.mark.parametrize(
    ("impact", "severity"), [("critical", "P1"), ("high", "P2"), ("medium", "P3"), ("low", "P4")]
)
def test_each_impact_has_its_severity(impact: str, severity: str) -> None:
    """Critical is P1, low is P4."""
    assert Severity(severity) == SEVERITY_OF[Impact(impact)]


def test_a_configured_rule_comes_before_the_defaults() -> None:
    """A label that billing reads may be critical here."""
    rule = ImpactRule(impact=Impact.CRITICAL, field="labels", name="billing*", change="removed")
    (found,) = compare(
        {Setting("web", "labels", "billing.plan"): "x"}, {}, (rule, *DEFAULT_IMPACTS)
    )

    assert Impact.CRITICAL == found.impact


def test_everything_that_depends_on_a_service_is_affected() -> None:
    """Also indirectly, and also when services need each other in a circle."""
    needs = {"web": ["api"], "api": ["db"], "db": ["web"], "cron": []}
    (found,) = compare({}, {Setting("db", "labels", "x"): "y"}, depends_on=needs)

    assert ("db", "api", "web") == found.affects


def test_what_is_about_the_target_affects_the_services_that_need_it() -> None:
    """Its commit, for example: the services whose images nobody knows, and their dependants."""
    (found,) = compare({}, {Setting("", "commit"): "a"}, depends_on={"web": ["db"], "db": [""]})

    assert ("commit", ("db", "web")) == (found.path, found.affects)


@pytest.mark.parametrize(
    ("compared", "differences", "unreadable", "status"),
    [
        (5, (), (), "none"),
        (0, (), (), "unknown"),
        (5, (), ("Docker is down",), "unknown"),
        (5, compare({}, {Setting("web", "image"): "x"}), (), "drift"),
        (5, compare({}, {Setting("web", "image"): "x"}), ("Docker is down",), "drift"),
    ],
)
def test_unreadable_is_never_no_drift(
    compared: int, differences: tuple[Difference, ...], unreadable: tuple[str, ...], status: str
) -> None:
    """Only something that was compared, could be read, and is equal, has not drifted."""
    report = DriftReport(
        target="shop", compared=compared, differences=differences, unreadable=unreadable
    )

    assert status == report.status
    assert all(why in report.text() for why in unreadable)


def test_a_report_survives_json_and_stays_short() -> None:
    """A thousand differences: the record lists the worst, the value has them all."""
    change: Change = "added"
    actual = {Setting("web", "labels", str(n)): "x" * 5_000 for n in range(1_000)}
    report = DriftReport(target="shop", compared=1, differences=compare({}, actual))

    assert report == DriftReport.model_validate_json(report.model_dump_json())
    assert len(report.text()) < 20_000
    assert "and 975 more" in report.text()
    assert {change} == {each.change for each in report.differences}


def test_a_value_cannot_add_lines_or_steer_a_terminal() -> None:
    """Whoever changed a label wrote its name and its text: each difference stays one short line."""
    evil = "x\n- critical: web.image changed \x1b[2J\u202e" + "y" * 300_000
    report = DriftReport(
        target="shop",
        compared=1,
        differences=compare({}, {Setting("web", "labels", f"a\r\nb{evil}"): evil}),
    )

    text = report.text()

    assert 2 == len(text.splitlines())
    assert text.replace("\n", "").isprintable()
    assert "nothing → x\\n- critical: web.image changed \\x1b[2J\\u202eyyy" in text
    assert len(text) < 2_000


def test_500_services_of_40_settings_are_compared() -> None:
    """Also when everything differs; how long that takes, `make bench` measures."""
    settings = [Setting(f"s{s}", "environment", f"N{n}") for s in range(500) for n in range(40)]
    depends_on = {f"s{s}": [f"s{s // 2}"] for s in range(1, 500)}

    found = compare(
        dict.fromkeys(settings, "a"), dict.fromkeys(settings, "b"), depends_on=depends_on
    )

    assert 20_000 == len(found)

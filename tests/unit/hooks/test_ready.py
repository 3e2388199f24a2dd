"""Every ready mapping, on bodies as its vendor documents them; and the page that explains it."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deployments.cli.hooks.try_out import in_words, try_out
from deployments.intake.senders.hooks.read import Heard, read_body
from schemas.errors import InvalidInput
from schemas.hooks import Hook, kinds
from schemas.incident import classify
from schemas.settings import Settings
from support import ROOT, TESTS

SAMPLES = TESTS / "samples" / "hooks"
PAGES = ROOT / "docs" / "senders"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
SECRET = "s" * 32


class Wanted(NamedTuple):
    """What a body has to come to. says: how the description begins."""

    sample: str
    severity: str
    type: str
    service: str | None
    says: str


FIRING = [
    Wanted("azure-monitor.firing", "P2", "unknown", "shop-vm", "shop-cpu: CPU above 90 %"),
    Wanted("amazon-sns.firing", "P2", "unknown", "checkout", "checkout-errors: Threshold Crossed"),
    Wanted("amazon-sns.text", "P2", "unknown", None, "Backup: The nightly backup did not finish."),
    Wanted("sentry.firing", "P2", "unknown", "shop", "ReferenceError"),
    Wanted("sentry.event_alert", "P2", "unknown", "shop", "ReferenceError"),
    Wanted("sentry.metric", "P1", "unknown", "shop", "Critical: Too many errors"),
    Wanted("datadog.firing", "P2", "unknown", "shop", "[Triggered on {service:shop}]"),
    Wanted("google-cloud-monitoring.firing", "P1", "unknown", "shop-vm", "shop CPU: CPU"),
    Wanted("new-relic.firing", "P1", "unknown", "shop", "Memory Used % > 90"),
    Wanted("uptime-kuma.firing", "P2", "unknown", "shop", "[shop] [🔴 Down]"),
    Wanted("uptime-kuma.certificate", "P2", "unknown", None, "[shop][https://shop.example]"),
    Wanted("zabbix.firing", "P2", "unknown", "shop-db", "shop-db: Free disk space"),
    Wanted("prtg.firing", "P1", "unknown", "shop-web", "shop-web / HTTP: 503 Service"),
    Wanted("checkmk.firing", "P2", "unknown", "shop-db", "shop-db: Filesystem /: CRIT - 97%"),
    Wanted("checkmk.host", "P1", "unknown", "shop-db", "shop-db: CRIT - 10.0.0.7"),
    Wanted("gitlab.pipeline", "P3", "unknown", "shop", "Pipeline 31 of acme/shop on main failed"),
    Wanted(
        "gitlab.deployment", "P1", "deployment-failure", "shop",
        "Deployment 15 of acme/shop to production failed",
    ),
    Wanted("gitlab.vulnerability", "P2", "security", "shop", "REXML DoS vulnerability"),
    Wanted("argo-cd.firing", "P1", "deployment-failure", "shop", "Application shop is Healthy"),
    Wanted("argo-cd.degraded", "P2", "unknown", "shop", "Application shop is Degraded / Synced"),
    Wanted("flux.firing", "P2", "deployment-failure", "shop", "HelmRelease shop UpgradeFailed:"),
    Wanted("kubernetes-events.firing", "P3", "unknown", "shop", "BackOff: Pod shop/shop-7f9-x2"),
    Wanted("pagerduty-events.firing", "P1", "unknown", "shop", "HTTP 503 from shop"),
]  # fmt: skip
ENDS = {
    "azure-monitor.resolved": "azure-monitor.firing",
    "amazon-sns.resolved": "amazon-sns.firing",
    "sentry.resolved": "sentry.firing",
    "datadog.resolved": "datadog.firing",
    "google-cloud-monitoring.resolved": "google-cloud-monitoring.firing",
    "new-relic.resolved": "new-relic.firing",
    "uptime-kuma.resolved": "uptime-kuma.firing",
    "zabbix.resolved": "zabbix.firing",
    "prtg.resolved": "prtg.firing",
    "checkmk.resolved": "checkmk.firing",
    "gitlab.pipeline_success": "gitlab.pipeline",
    "gitlab.deployment_success": "gitlab.deployment",
    "gitlab.vulnerability_dismissed": "gitlab.vulnerability",
    "argo-cd.resolved": "argo-cd.firing",
    "flux.resolved": "flux.firing",
    "pagerduty-events.resolved": "pagerduty-events.firing",
}
NO_NEWS = [
    "sentry.installation", "new-relic.acknowledged", "uptime-kuma.test", "uptime-kuma.pending",
    "zabbix.update", "prtg.paused", "checkmk.acknowledged", "gitlab.branch", "gitlab.review",
    "argo-cd.running", "flux.info", "kubernetes-events.normal",
]  # fmt: skip
REFUSED = {"datadog.default": "hooks.datadog.state: gives nothing"}
NEVER_OVER = {"kubernetes-events"}


def hook_of(kind: str) -> Hook:
    """The ready mapping, with what proves its sender."""
    topics = {"topics": [TOPIC]} if kind == "amazon-sns" else {"secret": SECRET}
    return Hook.model_validate({"kind": kind, **topics})


def body_of(sample: str) -> bytes:
    """The body of a file."""
    (path,) = SAMPLES.glob(f"{sample}.*")
    return path.read_bytes()


def heard(sample: str) -> Heard:
    """What its mapping makes of a sample."""
    kind = sample.partition(".")[0]
    return read_body(kind, hook_of(kind), body_of(sample))


@pytest.mark.parametrize("wanted", FIRING, ids=lambda wanted: wanted.sample)
def test_a_vendor_s_alert_opens_the_right_incident(wanted: Wanted) -> None:
    """Severity, type, service and words, and when it began."""
    (received,) = heard(wanted.sample).received
    triage = classify(received.alert)

    assert not received.is_over
    assert wanted == Wanted(
        wanted.sample,
        triage.severity,
        triage.type,
        received.alert.service,
        received.alert.description[: len(wanted.says)],
    )
    assert "timeSaid" not in received.alert.details
    assert "severitySaid" not in received.alert.details


@pytest.mark.parametrize(("end", "beginning"), ENDS.items())
def test_a_vendor_s_all_clear_ends_what_it_began(end: str, beginning: str) -> None:
    """By the same key."""
    (over,), (began,) = heard(end).received, heard(beginning).received

    assert over.is_over
    assert began.alert.dedup_key == over.alert.dedup_key


def test_an_issue_of_sentry_is_one_however_it_is_reported() -> None:
    """By its alert rule, or by itself."""
    keys = {
        heard(each).received[0].alert.dedup_key for each in ("sentry.firing", "sentry.event_alert")
    }

    assert 1 == len(keys)


@pytest.mark.parametrize("sample", NO_NEWS)
def test_what_is_no_news_is_ignored_with_its_reason(sample: str) -> None:
    """It opens nothing, and ends nothing."""
    result = heard(sample)

    assert ([], ()) == (result.received, result.problems)
    assert result.ignored.startswith(f"hooks.{sample.partition('.')[0]}.")


@pytest.mark.parametrize(("sample", "problem"), REFUSED.items())
def test_a_payload_that_nobody_set_up_is_refused_by_name(sample: str, problem: str) -> None:
    """The page says what to enter instead."""
    assert [problem] == [each[: len(problem)] for each in heard(sample).problems]


def test_every_sample_is_in_a_table_and_every_mapping_has_its_cases() -> None:
    """At least one that fires, and one that is over where there is such a thing."""
    used = {*(each.sample for each in FIRING), *ENDS, *NO_NEWS, *REFUSED}
    there = {path.stem for path in SAMPLES.iterdir() if path.suffix in (".json", ".form")}

    assert there == used
    assert set(kinds()) == {each.sample.partition(".")[0] for each in FIRING}
    assert set(kinds()) - NEVER_OVER == {each.partition(".")[0] for each in ENDS}


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"null", b"1", b'"x"', b"[" * 90_000, b'{"a":' * 900, b"\xff\xfe",
        b"[[[[1]]]]", b'[{"data": 1}]', b"a=%ff", b"=&=&",
        b'{"incident": "x", "data": [], "msg": 3}',
        b'{"heartbeat": 1, "app": {}, "status": {}, "alert_id": [], "involvedObject": 7}',
        b'{"object_kind": "pipeline", "object_attributes": [], "project": 1}',
        b'{"Type": "Notification", "Message": 5}', b'{"Type": "Notification", "Message": "{"}',
        b'{"type": "Warning", "involvedObject": {"name": {}}}',
        b'{"payload": "x", "event_action": 1}',
        b'{"sensorid": null}', b'{"HOSTNAME": {"a": 1}, "NOTIFICATIONTYPE": []}',
    ],
)  # fmt: skip
def test_no_body_breaks_a_mapping(kind: str, body: bytes) -> None:
    """It is an alert, no news, or refused with the setting's name: never silent, never a crash."""
    result = said(kind, body)

    assert result.received or result.ignored or all(result.problems)
    assert result.received or result.ignored or result.problems


@pytest.mark.parametrize("sample", sorted({each.sample for each in FIRING}))
@pytest.mark.parametrize("value", [None, "", 5, [], {}, "x" * 3000, "\ud800\x00"])
def test_no_field_of_another_kind_breaks_a_mapping(sample: str, value: Any) -> None:
    """Each field of a real body in turn, to every depth."""
    kind = sample.partition(".")[0]
    if hook_of(kind).body == "form":
        return
    body = json.loads(body_of(sample))
    for changed in _each_changed(body, value):
        result = said(kind, json.dumps(changed).encode())
        assert result.received or result.ignored or result.problems


def said(kind: str, body: bytes) -> Heard:
    """What a body comes to; a refusal is a problem. Nothing else is raised."""
    try:
        return read_body(kind, hook_of(kind), body)
    except InvalidInput as error:
        return Heard([], problems=(str(error),))


def _each_changed(data: Any, value: Any) -> list[Any]:
    """The data with one of its fields replaced, for each of them."""
    found: list[Any] = []
    if isinstance(data, dict):
        for name, part in data.items():
            found += [{**data, name: each} for each in [value, *_each_changed(part, value)]]
    elif isinstance(data, list) and data:
        found += [[each, *data[1:]] for each in [value, *_each_changed(data[0], value)]]
    return found


def page_of(kind: str) -> Path:
    """The page in docs."""
    return PAGES / f"{kind}.md"


@pytest.mark.parametrize("kind", kinds())
def test_every_mapping_has_a_page_that_says_what_to_type_and_what_comes_out(kind: str) -> None:
    """What comes out is what `aeef hooks try` shows of the sample, word for word."""
    page = page_of(kind).read_text("utf-8")
    first = next(each.sample for each in FIRING if each.sample.partition(".")[0] == kind)
    shown = "\n".join(
        line for line in in_words(try_out(kind, hook_of(kind), body_of(first), Settings()))
        if not line.startswith("  key ")
    )  # fmt: skip
    block = re.search(r"(?ms)^```text\n(.*?)^```$", page)

    assert block, f"{page_of(kind)} shows nothing that comes out; it would be:\n{shown}"
    assert shown == block[1].rstrip("\n")
    assert "## What to type there" in page
    assert f"AEEF_HOOKS__{kind.upper().replace('-', '_')}__KIND={kind}" in page
    proof = hook_of(kind).proof
    assert {"sns": "TOPICS"}.get(proof, "SECRET") in page
    assert hook_of(kind).header is None or str(hook_of(kind).header) in page


def test_the_list_of_senders_names_every_page() -> None:
    """In docs/hooks.md."""
    page = (ROOT / "docs" / "hooks.md").read_text("utf-8")

    assert [] == [kind for kind in kinds() if f"(senders/{kind}.md)" not in page]
    assert {f"{kind}.md" for kind in kinds()} == {path.name for path in PAGES.iterdir()}


def test_the_sender_of_one_s_own_comes_out_as_the_page_says() -> None:
    """Its table, its body and what `aeef hooks try` shows stand on one page, and fit."""
    page = (ROOT / "docs" / "hooks.md").read_text("utf-8")
    fences = re.findall(r"(?ms)^   ```(\w+)\n(.*?)^   ```$", page)
    body, table, shown = (textwrap.dedent(text) for _language, text in fences)
    settings = tomllib.loads(table)["hooks"]["shop-monitor"] | {"secret": SECRET}
    tried = try_out("shop-monitor", Hook.model_validate(settings), body.encode(), Settings())
    lines = [line for line in in_words(tried) if not line.startswith("  key ")]

    assert shown.splitlines() == lines


def test_every_field_of_a_hook_is_in_the_table() -> None:
    """Of docs/hooks.md, as code."""
    page = (ROOT / "docs" / "hooks.md").read_text("utf-8")
    rows = re.findall(r"(?m)^\| (`.+?) \|", page)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert set() == set(Hook.model_fields) - named

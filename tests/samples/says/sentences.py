"""Every sentence that a runbook can put on record, and what must have been seen for it.

A sentence that no row knows fails the test: whoever adds one says here how it is seen. Each row:
the whole sentence as an expression, and a question to the world whose answer must be yes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from samples.says.world import World, long_ago
from samples.targets import git

Words = re.Match[str]


class Row(NamedTuple):
    """words: the sentence. seen: what must be so when it is on record."""

    words: re.Pattern[str]
    seen: Callable[[World, Words], bool]


def _row(words: str, seen: Callable[[World, Words], bool]) -> Row:
    return Row(re.compile(words, re.DOTALL), seen)


def _paged(world: World, words: Words) -> bool:
    people, reason = words["people"], words["reason"]
    pages = world.pages("" if people == "on-call" else people)
    return _refused(world, words) and any(not reason or reason[:200] in each for each in pages)


def _told_by_slack(world: World, words: Words) -> bool:
    urgent = [each.ts for each in world.slack.in_channel("aeef-incidents")]
    asked = [each for ts in urgent for each in world.slack.in_thread(ts)]
    return _refused(world, words) and any("On-call, please take this" in m.text for m in asked)


def _told_by_jira(world: World, words: Words) -> bool:
    return _refused(world, words) and bool(world.jira.issues)


NOT_THERE = ("Alertmanager", "phone", "message")
"""Channels that no test of these configures."""


def _refused(world: World, words: Words) -> bool:
    """Whoever is said not to have taken it has refused, or is not configured."""
    named = re.findall(r"; (\w+) did not take it: (not configured)?", words["tried"] or "")
    return all(
        name.lower() in (world.silent if absent else world.refusing) or name in NOT_THERE
        for name, absent in named
    )


def _posted(world: World, words: Words) -> bool:
    ids = world.slack.channels
    found = [each for each in world.messages() if each.ts == words["ts"]]
    return [ids[words["name"]]] == [each.channel for each in found] == [words["id"]]


def _ticket(world: World, words: Words) -> bool:
    return words["key"] in [each.key for each in world.jira.issues]


def _chosen(world: World, words: Words) -> bool:
    commit = git(world.repository, "rev-parse", words["commit"])
    healthy = [d["commit"] for d in world.history["deployments"] if d["status"] == "healthy"]
    return commit in healthy and (world.repository / f"provenance/{commit}.json").exists()


def _rolled_back(world: World, words: Words) -> bool:
    return (
        world.ran.startswith(words["bad"])
        and world.head.startswith(words["good"])
        and world.is_well
    )


def _recorded(world: World, _words: Words) -> bool:
    return world.head in [each["commit"] for each in world.history["rollbacks"]]


def _reviewed(world: World, words: Words) -> bool:
    return world.was_evidence(words["sha"]) and (
        "jira" in world.silent if words["none"] else world.is_in_a_ticket(words["sha"])
    )


def _untouched(world: World, _words: Words) -> bool:
    return (world.head, world.prepared.is_isolated) == (world.before, False)


def _differs(world: World, words: Words) -> bool:
    good = git(world.repository, "show", f"{words['good']}:app.conf")
    return good.strip() != git(world.repository, "show", f"{world.before}:app.conf").strip()


PAGE = r"(?P<people>on-call|security|privacy) by {}(?: \((?P<reason>.*?)\))?(?P<tried>; .*)?"
SHA = r"(?P<sha>[0-9a-f]{64})"

STATUS = (
    _row(r"the agent is suspended", lambda w, _: w.is_suspended),
    _row(r"\S+ is isolated", lambda w, _: w.prepared.is_isolated),
    _row(r"\S+ is isolated and frozen", lambda w, _: w.prepared.is_isolated and w.is_frozen),
    _row(
        r"\S+ serves (?P<good>[0-9a-f]{12}), healthy",
        lambda w, it: w.is_well and w.head.startswith(it["good"]),
    ),
    _row(r"\S+ runs what it should again", lambda w, _: w.is_well),
)
"""Why the status changed."""


def _status(world: World, words: Words) -> bool:
    reason = words["reason"]
    if reason is None:
        return bool(world.incident.status.is_over)
    return any((f := row.words.fullmatch(reason)) and row.seen(world, f) for row in STATUS)


TABLE = (
    _row(r"incident opened from api", lambda _w, _m: True),
    _row(r"status: \w+ → (?P<status>\w+)(?: \((?P<reason>.*)\))?", _status),
    _row(
        r"severity raised (?P<before>P\d) → (?P<now>P\d)",
        lambda w, it: it["now"] == w.incident.severity,
    ),
    # Who was told
    _row(rf"paged {PAGE.format('PagerDuty')}", _paged),
    _row(rf"told {PAGE.format('Slack, which rings nobody')}", _told_by_slack),
    _row(rf"told {PAGE.format('Jira, which rings nobody')}", _told_by_jira),
    _row(
        r"NOBODY WAS PAGED(?: \(.*\))?: no channel is configured; see `aeef doctor`",
        lambda w, _: not (w.pagerduty.requests or w.slack.requests or w.jira.requests),
    ),
    _row(
        r"no routing key of (?P<teams>.*) is configured \(\[breach.page\]\): a page to the on-call,"
        r" whatever the severity, is for them too",
        lambda w, _: not w.pages("privacy"),
    ),
    _row(
        r"(?:it was already )?posted to Slack #(?P<name>\S+) \((?P<id>\S+), (?P<ts>\S+)\)", _posted
    ),
    _row(r"nothing was posted: Slack is not configured", lambda w, _: not w.slack.requests),
    _row(
        r"the message in Slack #(?P<name>\S+) \((?P<id>\S+), (?P<ts>\S+)\) was not changed: .*;"
        r" its thread says what is new",
        lambda w, it: bool(w.slack.in_thread(it["ts"])),
    ),
    _row(
        r"opened the restricted Slack channel (?P<name>\S+); nobody is named in \[breach\] members",
        lambda w, it: it["name"] in [each.name for each in w.slack.private],
    ),
    _row(
        r"no restricted channel was opened: Slack is not configured",
        lambda w, _: not w.slack.requests,
    ),
    _row(r"(?:created|found) ticket (?P<key>\S+) \(\S+\)", _ticket),
    _row(
        r"no ticket was (?:made|given to \S+): Jira is not configured",
        lambda w, _: not w.jira.requests,
    ),
    _row(r"logged for review: Monthly review", lambda w, _: w.severity == "P4" and not w.pages()),
    _row(
        r"resolved the page in PagerDuty",
        lambda w, _: {"resolved"} == {each.state for each in w.pagerduty.alerts.values()},
    ),
    # Rollback
    _row(r"chose (?P<commit>[0-9a-f]{12}) for \S+: .*", _chosen),
    _row(
        r"rolled \S+ back from (?P<bad>[0-9a-f]{12}) to (?P<good>[0-9a-f]{12}); healthy after .* s",
        _rolled_back,
    ),
    _row(r"recorded the rollback in deployments/history.json", _recorded),
    # Containment
    _row(
        rf"kept (?P<n>\d+) files of evidence .*; manifest sha256 {SHA}",
        lambda w, it: w.was_evidence(it["sha"]),
    ),
    _row(r"isolated (?P<t>\S+), verified: .*", lambda w, _: w.prepared.is_isolated),
    _row(
        r"\S+ is not rolled back: its containers are evidence\. .*", lambda w, _: w.head == w.before
    ),
    _row(r"\S+ was not isolated by this run: that is done for .*", _untouched),
    _row(r"froze deployments on \S+ until they are released", lambda w, _: w.is_frozen),
    _row(
        r"revocation (?P<name>\w+) of \S+: (?P<how>it worked|FAILED: .*); what it said:"
        r" (?P<file>\S+) \(evidence\)",
        lambda w, it: w.evidence(it["file"]).startswith(it["how"].removeprefix("FAILED: ")[:20]),
    ),
    _row(
        r"every command that revokes credentials of \S+ worked: key",
        lambda w, _: (w.repository / "run/revoked").exists(),
    ),
    # Agents
    _row(
        r"it is agent (?P<agent>\S+) of (?P<t>\S+)",
        lambda w, it: (it["agent"], it["t"]) == (w.prepared.agent_id, w.target),
    ),
    _row(r"suspended agent \S+ of \S+, verified: .*", lambda w, _: w.is_suspended),
    _row(r"looked again: agent \S+ of \S+ is still suspended: .*", lambda w, _: w.is_suspended),
    _row(
        rf"extracted 4 audit log entries of 1 files: .* Evidence manifest sha256 {SHA}",
        lambda w, it: w.was_evidence(it["sha"]),
    ),
    _row(
        rf"the violation by .* is to be reviewed by .*; evidence manifest sha256 {SHA};"
        r" (?:written in ticket \S+ \(\S+\)|(?P<none>this is in no ticket: Jira is .*))",
        _reviewed,
    ),
    # Breach
    _row(
        r"regulatory clocks: 1 of 1 run; the first, gdpr-33/notification, is due"
        r" (?P<due>[-0-9]+ [:0-9]+) UTC; (?P<n>\d) timers; .*",
        lambda w, it: long_ago(f"{it['due']}:00", 72) and int(it["n"]) == len(w.prefect.started),
    ),
    _row(
        r"clock gdpr-33/notification: due (?P<due>[-0-9]+ [:0-9]+) UTC .*",
        lambda _w, it: long_ago(it["due"], 72),
    ),
    _row(
        r"drafted 1 notifications .* in (?P<folder>\S+): (?P<file>\S+)",
        lambda w, it: (w.home / "notifications" / w.id / it["file"]).is_file(),
    ),
    # Quality
    _row(
        r"measured \S+ at (?P<commit>[0-9a-f]{12}): below threshold: .*",
        lambda w, it: w.before.startswith(it["commit"]),
    ),
    _row(r"assigned the investigation to (?P<owner>\S+): .*", lambda _w, _m: True),
    _row(
        r"ticket (?P<key>\S+) \(\S+\) names (?P<owner>\S+), who has no 'jira' in \[owners\]",
        lambda w, it: w.is_in_a_ticket(it["owner"]),
    ),
    _row(
        r"named (?P<owner>\S+) in the incident's Slack thread \(.*\)",
        lambda w, it: any(it["owner"] in each.text and each.thread_ts for each in w.slack.messages),
    ),
    _row(r"\S+ was not notified: Slack is not configured", lambda w, _: not w.slack.requests),
    _row(
        r"published the quality report, artifact (?P<key>\S+)",
        lambda w, it: it["key"] in [each["key"] for each in w.prefect.artifacts],
    ),
    # Drift
    _row(r"\S+: \d+ differences? from the last known good (?P<good>[0-9a-f]{12}); .*", _differs),
    _row(
        r"(?s)\S+: drift unknown: what should run cannot be read:"
        r" no healthy release is proven good and can be gone back to: .*",
        lambda w, _: not list(w.repository.glob("provenance/*.json")),
    ),
    _row(r"\S+: no drift from the last known good .*", lambda w, _: w.is_well),
    _row(
        r"1 finding by pip-audit: 1 P1; worst (?P<id>\S+) in .*",
        lambda w, it: it["id"] in str(w.store.alert(w.id).details),
    ),
    # Not done, and why
    _row(
        r"(?:no credential of )?(?:agent )?\S+(?: of \S+)? is (?:not (?:rolled back|isolated|frozen"
        r"|suspended)|revoked): automation only observes for (?P<t>\S+) since .* by anna: it moves;"
        r" it would .*",
        lambda w, it: w.is_untouched and it["t"] == w.target,
    ),
    _row(
        r"automation is off for \S+ since .* by anna: it moves; nothing was changed, and no"
        r" evidence was kept",
        lambda w, _: w.is_untouched and not list((w.home / "evidence" / w.id).glob("*before*")),
    ),
    _row(
        r"(?P<t>\S+) is not rolled back: 3 rollbacks of (?P=t) in the last hour are the limit"
        r" \(.*\); it would roll (?P=t) back to .*; `aeef rollback --target (?P=t)` does it by"
        r" hand",
        lambda w, _: w.is_untouched and w.rollbacks == 3,
    ),
    _row(
        r"nothing was (?:rolled back|compared|isolated|contained|measured, and nothing rolled"
        r" back): no configured target has the service 'nobody'.*",
        _untouched,
    ),
    _row(
        r"no emergency patch was started: the alert brings .*", lambda w, _: not w.prefect.started
    ),
    _row(
        r"handed the emergency patch to Prefect: \S+",
        lambda w, _: (
            [{"incidentId": w.id}] == [s["parameters"]["alert"] for s in w.prefect.started]
        ),
    ),
    _row(
        r"FAILED: (?P<step>[a-z' -]+|post to Slack|update the Slack thread): .*",
        lambda _w, _m: True,
    ),
)


def row_of(sentence: str) -> tuple[Row, Words] | None:
    """The row that knows a sentence; None when none does."""
    for row in TABLE:
        if found := row.words.fullmatch(sentence):
            return row, found
    return None

"""What a review is drafted from: the record, a real repository and its provenance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from samples.aeef import tools as aeef_tools
from samples.isolation import config_of
from samples.targets import command_target, commit, git, prove, write_history
from schemas.calendar import Kind
from schemas.incident import Alert, IncidentType, Severity
from schemas.lifecycle import Disposition
from schemas.model import utc_now
from schemas.review import Facts, Form, Review, State, questions_of
from schemas.settings import Settings, Target, load_settings
from tasks.calendar.draw_up import draw_up
from tasks.review.draft_review import draft_review
from tasks.store import Store, open_store

ANN = "ann (token)"


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A target whose last release was made with an AI tool, and has a pull request."""
    target = command_target(tmp_path)
    path = target.repository
    good = git(path, "rev-parse", "HEAD~1")
    git(path, "remote", "add", "origin", "https://github.example/acme/shop.git")
    bad = commit(path, {"a.txt": "1"}, f"New checkout (#41)\n\n{aeef_tools.MESSAGE}")
    write_history(target, (good, "healthy"), (bad, "healthy"))
    prove(target, bad, security_scan="fail")
    return target


@pytest.fixture
def made(target: Target, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """What steps read: AEEF_HOME and the target."""
    Path("aeef.toml").write_text(config_of(target))
    monkeypatch.setenv("AEEF_HOME", str(home))
    home.mkdir(mode=0o700)
    settings = load_settings()
    yield settings
    open_store(settings).close()


def over(
    store: Store,
    service: str = "demo",
    severity: Severity = Severity.P1,
    key: str = "a",
    kind: IncidentType = IncidentType.DEPLOYMENT_FAILURE,
) -> UUID:
    """An incident that the automation and a person worked on, and that is over."""
    alert = Alert(description="it answers 502", service=service, source="am", dedup_key=key)
    opened = store.open_or_attach(alert, kind, severity)
    of = opened.incident.incident_id
    store.record_action(of, "looked at the service", actor="aeef-runbooks")
    store.lifecycle.take(of, actor=ANN)
    store.lifecycle.resolve(of, Disposition.FIXED, cause="an index", actor=ANN)
    return of


def drafted(of: UUID, store: Store) -> tuple[Review, Facts]:
    """After its flow's step."""
    draft_review.directly(str(of))
    review = store.reviews.of(of)
    assert review is not None
    assert review.facts is not None
    return review, review.facts


def lines(facts: Facts, section: str) -> list[dict[str, Any]]:
    """The lines of a section."""
    found = facts.sections[section]
    assert isinstance(found, list)
    return [each for each in found if isinstance(each, dict)]


@pytest.mark.proves("IR-ORIGIN", "REQ-009-14")
def test_a_review_is_drafted_from_the_record_and_the_repository(made: Settings) -> None:
    """Each line of the timeline has its entry; the change has commits, request, AI and gates."""
    store = open_store(made)
    over(store, key="before")
    of = over(store)
    review, facts = drafted(of, store)
    timeline = lines(facts, "timeline")
    by_seq = {each.seq: each for each in store.timeline(of)}
    change = " ".join(str(each) for each in lines(facts, "change"))
    texts = {name: [each["text"] for each in lines(facts, name)] for name in facts.sections}

    assert State.DRAFTED is review.state
    assert {by_seq[each["entry"]].action for each in timeline} == {e["text"] for e in timeline}
    assert ["looked at the service"] == texts["automation"][1:2]
    assert {ANN} == {each["by"] for each in lines(facts, "people")}
    assert any(each.startswith("acknowledged, ") for each in texts["times"])
    assert "P1 deployment-failure of demo, detected" in texts["summary"][0]
    assert "New checkout (#41)" in change
    assert "https://github.example/acme/shop/pull/41" in change
    assert "AI: claude-opus-4" in change
    assert "reviewed by jane.smith" in change
    assert {"demo: tests: pass", "demo: security-scan: fail"} == set(texts["gates"])
    assert "the same type, and demo, too" in texts["similar"][0]
    assert "not asked: it has no review" == lines(facts, "similar")[0]["failure-mode"]
    assert any("how many users" in each for each in facts.not_seen)
    assert not any("paged" not in each for each in facts.not_seen if "is not on record" in each)
    store.verify_audit()


def test_what_a_breach_was_about_is_in_no_other_review(made: Settings) -> None:
    """It is named as an incident with the same failure mode; why it came about is restricted."""
    store = open_store(made)
    breach = over(store, service="crm", key="b", kind=IncidentType.DATA_BREACH)
    of = over(store)
    for each in (breach, of):
        store.reviews.begin(each, utc_now())
        store.reviews.answer(each, "failure-mode", "data-handling", actor=ANN, seen=0)
    (line,) = lines(drafted(of, store)[1], "similar")

    assert "P1 data-breach crm" in line["text"]
    assert not {"cause", "failure-mode"} & line.keys()


def test_what_nobody_has_answered_yet_is_no_answer(made: Settings) -> None:
    """The same failure mode is looked for once it is known, by another draft."""
    store = open_store(made)
    alike = over(store, service="mail", kind=IncidentType.DRIFT, key="b")
    store.reviews.begin(alike, utc_now())
    store.reviews.answer(alike, "failure-mode", "integration", actor=ANN, seen=0)
    of = over(store)
    early = drafted(of, store)[1]
    store.reviews.answer(of, "failure-mode", "integration", actor=ANN, seen=0)
    store.reviews.ask_draft(of, actor=ANN)
    late = drafted(of, store)[1]

    assert [] == lines(early, "similar")
    assert any("nobody has answered yet how this one failed" in each for each in early.not_seen)
    [line] = lines(late, "similar")
    store.reviews.answer(alike, "failure-mode", "", actor=ANN, seen=1)
    unanswered = lines(
        drafted(over(store, "mail", key="c", kind=IncidentType.DRIFT), store)[1], "similar"
    )
    assert ["not answered yet"] == [each["failure-mode"] for each in unanswered]
    assert "the same failure mode, integration" in line["text"]
    assert not any("nobody has answered" in each for each in late.not_seen)


@pytest.mark.proves("IR-MONTHLY")
def test_the_monthly_review_counts_the_ai_tools_of_reviews(made: Settings) -> None:
    """By the tool alone: with model and reviewer, nearly each would be the only one of its kind."""
    store = open_store(made)
    of = over(store)
    drafted(of, store)
    drafted(over(store, key="b"), store)
    store.reviews.answer(of, "failure-mode", "hallucination", actor=ANN, seen=0)
    next_month = (utc_now().replace(day=28) + timedelta(days=7)).replace(day=2)
    review = draw_up(Kind.MONTHLY, made, next_month).review
    trends = {each.title: [line.text for line in each.lines] for each in review.sections}

    tools = trends["By AI tool, as the change's provenance says"]
    assert ["claude-opus-4: 2 (before: 0)"] == tools
    modes = trends["By failure mode, as reviews say"]
    assert ["hallucination: 1 (before: 0)", "not answered yet in its review: 1"] == modes


def test_what_cannot_be_seen_is_said(made: Settings) -> None:
    """A service that is nobody's, and a repository that is gone; the rest is drafted."""
    store = open_store(made)
    unknown = over(store, service="nobody-s", key="b")
    _, facts = drafted(unknown, store)
    assert any("'nobody-s' belongs to no configured target" in each for each in facts.not_seen)
    (made.target("demo").repository / ".git").rename(made.home / "gone")
    _, facts = drafted(over(store), store)

    assert any(each.startswith("the change of demo: ") for each in facts.not_seen)
    assert [] == facts.sections["gates"]
    assert lines(facts, "timeline")


def test_what_was_completed_before_it_was_drafted_is_drafted_once(made: Settings) -> None:
    """People were quicker than the flow, or Prefect was away; their texts stay sealed."""
    store = open_store(made)
    of = over(store)
    lifecycle, reviews = store.lifecycle, store.reviews
    lifecycle.reopen(of, actor=ANN, reason="no")
    lifecycle.resolve(of, Disposition.FALSE_ALARM, actor=ANN)
    reviews.begin(of, utc_now())
    for each in questions_of(Form.SHORT):
        reviews.answer(of, each.name, (each.choices or ("text",))[0], actor=ANN, seen=0)
    reviews.complete(of, actor=ANN)
    review, facts = drafted(of, store)

    assert State.COMPLETE is review.state
    assert lines(facts, "timeline")
    assert facts == drafted(of, store)[1]
    store.verify_audit()


def test_drafting_again_changes_nothing(made: Settings) -> None:
    """Nor does it touch what people completed; a P3 has a review only when it was asked for."""
    store = open_store(made)
    of = over(store)
    drafted(of, store)
    entries = len(store.timeline(of))
    draft_review.directly(str(of))
    small = over(store, service="mail", severity=Severity.P3, key="c")
    draft_review.directly(str(small))

    assert entries == len(store.timeline(of))
    assert store.reviews.of(small) is None

"""A review that was not drafted: people hear of it by day or night, once, and ask for it again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.cli import Aeef
from fixtures.intake import StartIntake
from fixtures.people import bearer, token_for
from fixtures.watching import open_one, taken_events
from schemas.errors import NotPossibleNow
from schemas.incident import REVIEW_BEGUN, Incident, Severity
from schemas.lifecycle import Disposition
from schemas.model import utc_now
from schemas.people import Actor, Method
from schemas.review import DRAFTED_WITHIN, Facts, questions_of
from schemas.settings import Settings, load_settings
from standins.slack import Slack
from standins.standin import settings_for
from tasks.people.acts import perform
from tasks.review.watch import watch_reviews
from tasks.store import Store, open_store

PEOPLE = {"ann": {"roles": ["responder"], "slack": "U0000ADA"}}
HTML = {"Accept": "text/html"}
LATE = DRAFTED_WITHIN + timedelta(minutes=1)


@pytest.fixture
def settings(slack: Slack, home: Path) -> Iterator[Settings]:
    """With Slack, in which Ann can be written to directly."""
    slack.channels["U0000ADA"] = "U0000ADA"
    slack.members.add("U0000ADA")
    made = settings_for(slack, home=home, people=PEOPLE)
    yield made
    open_store(made).close()


def begun(store: Store, severity: Severity = Severity.P1) -> Incident:
    """One that Ann leads and that is over, with its review."""
    incident = open_one(store, severity)
    of = incident.incident_id
    store.lifecycle.name_lead(of, "ann", actor="ann (token)")
    store.lifecycle.resolve(of, Disposition.FALSE_ALARM, cause="none", actor="ann (token)")
    store.reviews.begin(of, utc_now() + timedelta(days=3))
    return incident


def facts(store: Store, of: Incident) -> None:
    """Its flow drafts it."""
    store.reviews.draft(of.incident_id, Facts(drafted_at=utc_now(), sections={"times": ["x"]}))


def ask(of: Incident, settings: Settings) -> str:
    """Ann asks for the draft; what she reads."""
    actor = Actor("ann", Method.TOKEN, settings.people["ann"])
    return perform("review-draft", str(of.incident_id), {}, actor, settings).said


def heard(slack: Slack) -> list[str]:
    """What Ann was written."""
    return [each.text for each in slack.messages if each.channel == "U0000ADA"]


def test_who_leads_hears_once_that_it_was_not_drafted(settings: Settings, slack: Slack) -> None:
    """Not at once; never of one that was drafted; again when the next draft does not come."""
    store = open_store(settings)
    incident, other = begun(store), begun(store, Severity.P2)
    facts(store, other)
    watch_reviews(settings, store, utc_now())
    too_early = heard(slack)
    for _ in "12":
        watch_reviews(settings, store, utc_now() + LATE)
    once = heard(slack)
    ask(incident, settings)
    watch_reviews(settings, store, utc_now() + LATE)
    twice = heard(slack)
    facts(store, incident)
    watch_reviews(settings, store, utc_now() + 9 * LATE)
    entries = [e.action for e in store.timeline(incident.incident_id)]

    assert [] == too_early
    assert [True] == ["was not drafted from the record" in each for each in once]
    assert f"aeef review {incident.short_id} --draft" in once[0]
    assert 2 == len(twice) == len(heard(slack))
    assert 2 == sum(each.startswith("notice to ann in Slack: The review of") for each in entries)
    store.verify_audit()


def test_asked_for_it_is_drafted_again_and_what_people_wrote_stays(settings: Settings) -> None:
    """The flow hears of it once in minutes, however often somebody presses."""
    store = open_store(settings)
    incident = begun(store)
    facts(store, incident)
    of = incident.incident_id
    store.reviews.answer(of, "impact", "none", actor="ann (token)", seen=0)
    taken_events(store)
    said = [ask(incident, settings) for _ in "12"]
    events = taken_events(store)
    waits = store.reviews.of(of)
    facts(store, incident)
    drafted = store.reviews.of(of)

    assert "is asked for" in said[0]
    assert "was asked for minutes ago" in said[1]
    assert [(str(of), REVIEW_BEGUN)] == events
    assert waits
    assert drafted
    assert (True, False) == (waits.waits_for_draft, drafted.waits_for_draft)
    assert "none" == drafted.text("impact")
    store.verify_audit()


def test_what_people_completed_with_its_draft_stays_so(settings: Settings) -> None:
    """Its reader reads what whoever completed it saw; without any draft it may still come."""
    store = open_store(settings)
    incident = begun(store)
    of = incident.incident_id
    review = store.reviews.of(of)
    assert review
    for each in questions_of(review.form):
        text = (each.choices or ("text",))[0]
        store.reviews.answer(of, each.name, text, actor="ann (token)", seen=0)
    store.reviews.complete(of, actor="ann (token)")
    without = ask(incident, settings)
    facts(store, incident)

    assert "is asked for" in without
    with pytest.raises(NotPossibleNow, match="is complete with what was drafted"):
        ask(incident, settings)


def test_the_page_says_so_and_has_a_button(
    start_intake: StartIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a script, too; who may only read has none."""
    monkeypatch.setattr("schemas.review.review.DRAFTED_WITHIN", timedelta())
    intake = start_intake()
    incident = begun(intake.store)
    here = f"/incidents/{incident.incident_id}"
    before = intake.ask("GET", f"{here}/review", headers=HTML).text
    reader = bearer(token_for(intake.store, "rea"))
    read_only = intake.client.get(f"{here}/review", headers={**HTML, **reader}).text
    pressed = intake.ask("POST", f"{here}/review-draft", data={"back": "review"}, headers=HTML)
    facts(intake.store, incident)
    after = intake.ask("GET", f"{here}/review", headers=HTML).text

    assert "was not drafted from the record, though that was asked for" in before
    assert f'action="{here}/review-draft"' in before
    assert "was not drafted" in read_only
    assert "/review-draft" not in read_only
    assert 303 == pressed.status_code
    assert "was not drafted" not in after


def test_by_command(aeef: Aeef) -> None:
    """It says where nothing was drafted, and asks for it."""
    assert aeef("incidents", "list").code == 0
    incident = begun(open_store(load_settings()))
    shown, asked = (aeef("review", str(incident.number), *more) for more in ((), ("--draft",)))

    assert f"aeef review {incident.number} --draft" in shown.out
    assert "the draft of its review is asked for" in asked.out
    assert 2 == aeef("review", str(incident.number), "--draft", "--json").code

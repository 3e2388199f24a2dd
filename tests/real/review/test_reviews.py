"""Reviews on both databases: who wrote what, what completes them, and what a close needs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from fixtures.store import Clock
from schemas.corrective import Category, CorrectiveAction
from schemas.errors import AuditBroken, InvalidInput, NotPossibleNow
from schemas.incident import Alert, Incident, IncidentType, Severity, Status
from schemas.lifecycle import Disposition
from schemas.review import Facts, Form, State, questions_of
from schemas.validation import validate
from tasks.store import Store
from tasks.store.database.database import database_url
from tasks.store.reviews.writing import RUN_ENDS

ANN, BO, CY = "ann (token)", "bo (oidc)", "cy (token)"


def resolved(
    store: Store,
    severity: Severity = Severity.P1,
    disposition: Disposition = Disposition.FIXED,
    service: str = "shop",
    **more: Any,
) -> Incident:
    """An incident that is over."""
    alert = Alert(description="it answers 500", service=service, source="am", **more)
    incident = store.open_or_attach(alert, IncidentType.DEPLOYMENT_FAILURE, severity).incident
    return store.lifecycle.resolve(
        incident.incident_id, disposition, cause="a bug", actor=ANN
    ).incident


def begun(store: Store, clock: Clock, **more: Any) -> Incident:
    """One whose review was begun."""
    incident = resolved(store, **more)
    store.reviews.begin(incident.incident_id, clock() + timedelta(days=3))
    return incident


def fill(store: Store, incident: Incident, actor: str = ANN) -> None:
    """Write every text that is asked for."""
    review = store.reviews.of(incident.incident_id)
    assert review is not None
    for each in questions_of(review.form):
        words = each.choices[0] if each.choices else f"about {each.name}"
        answer = review.texts.get(each.name)
        store.reviews.answer(
            incident.incident_id,
            each.name,
            words,
            actor=actor,
            seen=answer.revision if answer else 0,
            goes_on=True,
        )


def act(store: Store, clock: Clock, incident: Incident, *categories: Category) -> None:
    """Corrective actions of these categories."""
    for each in categories:
        store.corrective.add(
            CorrectiveAction(
                incident_id=incident.incident_id,
                category=each,
                text=f"improve by {each}",
                owner="ann",
                verifier="bo",
                due_at=clock() + timedelta(days=14),
                created_at=clock(),
                created_by=ANN,
            )
        )


TWO = (Category.TEST, Category.REVIEW)


def said(store: Store, incident: Incident) -> list[str]:
    """What the audit log has of its review."""
    return [e.action for e in store.timeline(incident.incident_id) if "review" in e.action]


def change(url: str, statement: str) -> None:
    """What somebody with all rights does in the database."""
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount
    engine.dispose()


@pytest.mark.proves(
    "SPEC-RECORD-postmortem",
    "IR-POST-MORTEM",
    "IR-FIVE-LAYERS",
    "IR-CLASSIFY",
    "IR-ACTIONS-CATEGORIES",
)
def test_a_p1_closes_with_review_reader_and_actions_and_not_before(
    store: Store, clock: Clock
) -> None:
    """Each refusal names what is missing; the record has a valid post-mortem at the end."""
    incident = resolved(store)

    def refused() -> str:
        with pytest.raises(NotPossibleNow) as error:
            store.lifecycle.close(incident.incident_id, actor=ANN)
        return str(error.value)

    assert "was not begun" in refused()
    store.reviews.begin(incident.incident_id, clock())
    assert "Root cause" in refused()
    assert "2 categories (there are 0)" in refused()
    fill(store, incident)
    act(store, clock, incident, Category.TEST, Category.TEST)
    with pytest.raises(NotPossibleNow, match="there are 1"):
        store.reviews.complete(incident.incident_id, actor=ANN)
    act(store, clock, incident, Category.REVIEW)
    with pytest.raises(NotPossibleNow, match="not complete yet"):
        store.reviews.read(incident.incident_id, actor=BO)
    store.reviews.complete(incident.incident_id, actor=BO)
    assert "somebody else who reads" in refused()
    for writer in ("local user ann, not proven", BO):
        with pytest.raises(NotPossibleNow, match="somebody else has to read it"):
            store.reviews.read(incident.incident_id, actor=writer)
    store.reviews.read(incident.incident_id, actor=CY)
    closed = store.lifecycle.close(incident.incident_id, actor=ANN).incident
    learned = closed.post_mortem
    validate("incident", closed.to_json())

    assert closed.status is Status.CLOSED
    assert learned is not None
    assert "about root-cause" == closed.root_cause
    assert "1. The defect: about defect" in (learned.root_cause_analysis or "")
    assert 3 == len(learned.action_items or [])
    assert "resolved (fixed: a bug)" in (learned.timeline or "")
    assert "review" not in (learned.timeline or "")
    store.verify_audit()


def test_saving_while_somebody_writes_does_not_flood_the_record(store: Store, clock: Clock) -> None:
    """One entry for each run of a writer, and each run's text is kept with its writer."""
    incident = begun(store, clock)
    before = len(store.timeline(incident.incident_id))
    for number in range(20):
        store.reviews.answer(
            incident.incident_id, "defect", f"a{number}", actor=ANN, seen=number, goes_on=True
        )
    assert before == len(store.timeline(incident.incident_id))
    store.reviews.answer(incident.incident_id, "defect", "b", actor=BO, seen=20, goes_on=True)
    assert [] == store.reviews.end_runs(clock() - RUN_ENDS).found
    clock.advance(RUN_ENDS)
    assert [1] == store.reviews.end_runs(clock()).found
    assert [] == store.reviews.end_runs(clock()).found
    entries = store.timeline(incident.incident_id)[before:]
    kept = store.reviews.history(incident.incident_id, "defect")
    review = store.reviews.of(incident.incident_id)

    assert review is not None
    assert [ANN, BO] == [each.actor for each in entries]
    assert ["a19", "b"] == [each.text for each in kept]
    assert (ANN, BO) == review.authors


def test_who_did_not_see_the_newest_text_changes_nothing(store: Store, clock: Clock) -> None:
    """And hears whose it is."""
    incident = begun(store, clock)
    store.reviews.answer(incident.incident_id, "summary", "mine", actor=ANN, seen=0)
    with pytest.raises(NotPossibleNow, match=r"ann \(token\)"):
        store.reviews.answer(incident.incident_id, "summary", "yours", actor=BO, seen=0)
    review = store.reviews.of(incident.incident_id)

    assert review is not None
    assert "mine" == review.text("summary")


@pytest.mark.parametrize(("question", "words"), [("motive", "x"), ("gap", "a gap")])
def test_what_is_not_asked_is_not_taken(
    store: Store, clock: Clock, question: str, words: str
) -> None:
    """An unknown question, and what is none of the words to choose from."""
    incident = begun(store, clock)
    with pytest.raises(InvalidInput, match=question):
        store.reviews.answer(incident.incident_id, question, words, actor=ANN, seen=0)


def complete(store: Store, clock: Clock) -> Incident:
    """One whose review is complete and read."""
    incident = begun(store, clock)
    fill(store, incident)
    act(store, clock, incident, *TWO)
    store.reviews.complete(incident.incident_id, actor=ANN)
    store.reviews.read(incident.incident_id, actor=BO)
    return incident


def test_a_text_that_changes_takes_completing_and_reading_back(store: Store, clock: Clock) -> None:
    """Also of whoever saves while they write; the same text again changes nothing."""
    incident = complete(store, clock)
    revision = _revision(store, incident, "lessons")
    store.reviews.answer(
        incident.incident_id, "lessons", "about lessons", actor=CY, seen=revision, goes_on=True
    )
    assert State.READ is _state(store, incident)
    store.reviews.answer(
        incident.incident_id, "lessons", "more", actor=CY, seen=revision, goes_on=True
    )
    assert State.DRAFTED is _state(store, incident)
    assert store.incident(incident.incident_id).post_mortem is None
    assert any("'Lessons' changed" in each for each in said(store, incident))
    with pytest.raises(NotPossibleNow, match="somebody who calls it complete"):
        store.lifecycle.close(incident.incident_id, actor=ANN)
    store.reviews.complete(incident.incident_id, actor=ANN)
    store.reviews.read(incident.incident_id, actor=BO)
    store.lifecycle.close(incident.incident_id, actor=ANN)
    with pytest.raises(NotPossibleNow, match="reopen it first"):
        store.reviews.answer(incident.incident_id, "lessons", "z", actor=CY, seen=revision + 1)
    store.verify_audit()


@pytest.mark.parametrize("how", ["reopened", "relapsed"])
def test_opened_again_the_review_begins_anew_with_its_texts(
    store: Store, clock: Clock, how: str
) -> None:
    """It is drafted while the incident goes on, and nobody is asked for it meanwhile."""
    incident = complete(store, clock)
    of = incident.incident_id
    if how == "reopened":
        store.lifecycle.reopen(of, actor=CY, reason="it is back")
    else:
        store.relapse(of, "it is back", actor="test", resolved_too=True)
    clock.advance(timedelta(days=10))
    assert State.DRAFTED is _state(store, incident)
    assert [] == store.reviews.due(clock()).found
    assert [] == store.reviews.lacking(clock())
    _is_not_of_this_end(store, clock, incident, "begins anew, with these texts, once")
    store.lifecycle.resolve(of, Disposition.FIXED, actor=CY)
    _is_not_of_this_end(store, clock, incident, "review-begin")
    assert [of] == [each.incident_id for each in store.reviews.lacking(clock())]
    with pytest.raises(NotPossibleNow, match="not begun"):
        store.lifecycle.close(of, actor=ANN)
    anew = store.reviews.begin(of, clock() + timedelta(days=3))

    assert anew.changed
    assert "about defect" == anew.review.text("defect")
    assert not store.reviews.begin(of, clock()).changed
    store.verify_audit()


def _is_not_of_this_end(store: Store, clock: Clock, incident: Incident, why: str) -> None:
    """Nobody completes or reads it, nor drafts it late: it is about what was before."""
    of = incident.incident_id
    with pytest.raises(NotPossibleNow, match=why):
        store.reviews.complete(of, actor=ANN)
    with pytest.raises(NotPossibleNow, match=why):
        store.reviews.read(of, actor=CY)
    assert not store.reviews.draft(of, Facts(drafted_at=clock())).changed
    assert store.incident(of).post_mortem is None


def test_only_a_person_s_wish_starts_the_flow_once_more(store: Store, clock: Clock) -> None:
    """What ends a P1 starts it already; who asks for the review of a P3 waits for its draft."""
    grave, small = resolved(store), resolved(store, severity=Severity.P3, service="mail")
    before = store.pending_events()
    store.reviews.begin(grave.incident_id, clock())
    assert before == store.pending_events()
    for _ in "12":
        store.reviews.begin(small.incident_id, clock(), actor=ANN)
    assert before + 1 == store.pending_events()


def test_what_needs_no_full_review(store: Store, clock: Clock) -> None:
    """A false alarm has the short form; what is part of another one, and a drill, need none."""
    alarm = begun(store, clock, disposition=Disposition.FALSE_ALARM)
    review = store.reviews.of(alarm.incident_id)
    other = store.open_or_attach(
        Alert(description="other", service="cart", source="am"), IncidentType.DRIFT, Severity.P1
    ).incident
    part = store.open_or_attach(
        Alert(description="part", service="web", source="am"), IncidentType.DRIFT, Severity.P1
    ).incident
    store.lifecycle.merge(part.incident_id, other.incident_id, actor=ANN)
    small = resolved(store, severity=Severity.P3, service="mail")
    exercise = resolved(store, service="dns", labels={"drill": "true"})

    assert review is not None
    assert Form.SHORT is review.form
    with pytest.raises(NotPossibleNow, match="somebody who calls it complete"):
        store.lifecycle.close(alarm.incident_id, actor=ANN)
    assert [] == store.reviews.lacking(clock())
    for each in (part, small, exercise):
        closed = store.lifecycle.close(each.incident_id, actor=ANN).incident
        assert Status.CLOSED is closed.status


EDITS = {
    "a text": "UPDATE aeef_review_texts SET text = 'nobody' WHERE question = 'root-cause'",
    "its writer": "UPDATE aeef_review_texts SET actor = 'cy (token)' WHERE question = 'defect'",
    "a deleted text": "DELETE FROM aeef_review_texts WHERE question = 'defect'",
    "a newer text": "UPDATE aeef_review_texts SET revision = 9, text = 'x' WHERE question = 'gap'",
    "an earlier text": "UPDATE aeef_review_history SET text = 'x' WHERE question = 'impact'",
    "a deleted earlier text": "DELETE FROM aeef_review_history WHERE question = 'impact'",
    "who read it": "UPDATE aeef_reviews SET document = replace(document, 'bo (', 'cy (')",
    "its day": "UPDATE aeef_reviews SET due_at = '2030-01-01T00:00:00.000000+00:00'",
    "the review": "DELETE FROM aeef_reviews",
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_review_that_was_changed_outside_is_found(
    store: Store, clock: Clock, database: str, edit: str
) -> None:
    """And verifying names its incident."""
    incident = complete(store, clock)
    store.verify_audit()
    change(database, EDITS[edit])
    with pytest.raises(AuditBroken, match=str(incident.incident_id)):
        store.verify_audit()


def _state(store: Store, incident: Incident) -> State:
    review = store.reviews.of(incident.incident_id)
    assert review is not None
    return review.state


def _revision(store: Store, incident: Incident, question: str) -> int:
    review = store.reviews.of(incident.incident_id)
    assert review is not None
    return review.texts[question].revision

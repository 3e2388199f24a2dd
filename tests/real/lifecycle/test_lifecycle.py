"""What people do to incidents, on both databases: once, in order, and on record."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from fixtures.store import SENDER_DECIDES
from schemas.errors import NotPossibleNow
from schemas.incident import Alert, Grouping, Incident, IncidentType, Phase, Severity, Status
from schemas.incident.progress import Progress
from schemas.lifecycle import Disposition
from schemas.model import utc_now
from tasks.store import Store
from tasks.store.claim_keys import PROGRESS, page_key, runbook_key

ANN, BO = "ann (token)", "bo (slack)"
BY_SERVICE = Grouping(target="shop")


def opened(store: Store, key: str = "a", severity: Severity = Severity.P1, **more: Any) -> Incident:
    """An incident."""
    alert = Alert(description=f"alert {key}", service="shop", source="am", dedup_key=key)
    kind = more.pop("kind", IncidentType.DEPLOYMENT_FAILURE)
    return store.open_or_attach(alert, kind, severity, **more).incident


def actions(store: Store, incident: Incident) -> list[str]:
    """What is on record as done."""
    return [each.action for each in store.incident(incident.incident_id).actions_taken]


def over(store: Store, key: str, **more: Any) -> Any:
    """Its sender says that the alert is over."""
    alert = Alert(description="x", source="am", dedup_key=key)
    return store.end_alert(alert, IncidentType.DEPLOYMENT_FAILURE, **more)


def test_the_first_has_it_and_a_later_one_is_noted_once(store: Store) -> None:
    """Whichever way they came; nothing of the first one's changes."""
    incident = opened(store)
    outcomes = [
        store.lifecycle.take(incident.incident_id, actor=actor)
        for actor in (ANN, BO, BO, "ann (pagerduty)")
    ]
    notes = [e.action for e in store.timeline(incident.incident_id) if "too" in e.action]

    assert [True, False, False, False] == [each.changed for each in outcomes]
    assert {ANN} == {each.standing.owner for each in outcomes}
    assert 1 == len({each.standing.owner_since for each in outcomes})
    assert 1 == len(notes)
    assert notes[0].startswith(f"acknowledged, too; {ANN} has it since ")


def test_of_two_at_once_one_has_it(store: Store) -> None:
    """And everybody hears who."""
    incident = opened(store)
    people = [f"p{number} (token)" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(
            pool.map(lambda actor: store.lifecycle.take(incident.incident_id, actor=actor), people)
        )

    assert 1 == sum(each.changed for each in outcomes)
    assert 1 == len({each.standing.owner for each in outcomes})


def test_taking_never_undoes_mitigated(store: Store) -> None:
    """Nor does it open what is over."""
    incident = opened(store)
    store.set_status(incident.incident_id, Status.MITIGATED, actor="runbook")
    taken = store.lifecycle.take(incident.incident_id, actor=ANN)
    store.lifecycle.resolve(incident.incident_id, Disposition.FIXED, cause="a bug", actor=ANN)
    late = store.lifecycle.take(incident.incident_id, actor=BO)

    assert (Status.MITIGATED, ANN) == (taken.incident.status, taken.standing.owner)
    assert (Status.RESOLVED, False) == (late.incident.status, late.changed)


def test_given_back_it_is_nobody_s_and_calls_again(store: Store) -> None:
    """The escalation begins anew; once."""
    incident = opened(store)
    store.lifecycle.take(incident.incident_id, actor=ANN)
    first, again = (
        store.lifecycle.give_back(incident.incident_id, actor=BO, reason="asleep") for _ in "12"
    )
    state = store.escalations.state(incident.incident_id)

    assert (Status.OPEN, None, True) == (
        first.incident.status,
        first.standing.owner,
        first.changed,
    )
    assert not again.changed
    assert state is not None
    assert state.taken_at is None
    assert f"given back for {ANN}: nobody has it" in actions(store, incident)[-1]


def test_handed_over_it_is_somebody_else_s(store: Store) -> None:
    """Who is asked whether they are still on it is the new owner."""
    incident = opened(store)
    store.lifecycle.take(incident.incident_id, actor=ANN)
    done = [store.lifecycle.hand_over(incident.incident_id, "bo", actor=ANN) for _ in "12"]
    state = store.escalations.state(incident.incident_id)

    assert [True, False] == [each.changed for each in done]
    assert "bo" == done[0].standing.owner
    assert state is not None
    assert ("bo", Status.INVESTIGATING) == (state.taken_by, done[0].incident.status)


def test_a_relapse_and_a_higher_severity_are_to_be_taken_anew(store: Store) -> None:
    """Whoever had it had the lesser one, or the first one."""
    incident = opened(store, severity=Severity.P2)
    store.lifecycle.take(incident.incident_id, actor=ANN)
    opened(store, severity=Severity.P1)
    raised = store.lifecycle.standing(incident.incident_id).owner
    store.lifecycle.take(incident.incident_id, actor=BO)
    taken = store.lifecycle.standing(incident.incident_id).owner
    store.set_status(incident.incident_id, Status.MITIGATED, actor="runbook")
    store.relapse(incident.incident_id, "broken again", actor="aeef-runbooks")

    assert (None, BO, None) == (raised, taken, store.lifecycle.standing(incident.incident_id).owner)


def test_notes_and_decisions_are_on_record_once(store: Store) -> None:
    """The same by somebody else is another one; a secret of a person is masked elsewhere."""
    incident = opened(store)
    changed = [
        store.lifecycle.write_down(incident.incident_id, kind, "we wait", actor=actor).changed
        for kind, actor in (("note", ANN), ("note", ANN), ("note", BO), ("decision", ANN))
    ]

    assert [True, False, True, True] == changed
    assert ["note: we wait", "note: we wait", "decision: we wait"] == actions(store, incident)[1:]


def test_a_severity_that_rises_is_announced_and_one_that_falls_is_not(store: Store) -> None:
    """What was paged and done for the higher one counts for the lower one."""
    incident = opened(store, severity=Severity.P2)
    events = store.pending_events(incident.incident_id)
    up = store.lifecycle.set_severity(
        incident.incident_id, Severity.P1, actor=ANN, reason="all shops"
    )
    raised = store.pending_events(incident.incident_id) - events
    for key in (page_key(up.incident), runbook_key(up.incident)):
        store.finish_claim(incident.incident_id, key, "somebody", {"channel": None})
    store.lifecycle.take(incident.incident_id, actor=ANN)
    before = store.pending_events(incident.incident_id)
    down = store.lifecycle.set_severity(
        incident.incident_id, Severity.P3, actor=ANN, reason="only one"
    )
    claims = store.claims(incident.incident_id)

    assert (1, 0) == (raised, store.pending_events(incident.incident_id) - before)
    assert (None, ANN) == (up.standing.owner, down.standing.owner)
    assert {"done"} == {claims[k(down.incident)].state for k in (page_key, runbook_key)}
    assert "severity P1 → P3: only one" == actions(store, incident)[-1]


def test_a_type_that_somebody_corrects_runs_its_own_runbook(store: Store) -> None:
    """Also when a sender said the first one; the key of its runbook is a new one."""
    incident = opened(store)
    store.finish_claim(incident.incident_id, runbook_key(incident), "run", {})
    done = store.lifecycle.set_type(
        incident.incident_id, IncidentType.SECURITY, actor=ANN, reason="a key leaked"
    )
    again = store.lifecycle.set_type(
        incident.incident_id, IncidentType.SECURITY, actor=ANN, reason="a key leaked"
    )

    assert ("security", True, False) == (done.incident.type, done.changed, again.changed)
    assert runbook_key(done.incident) not in store.claims(incident.incident_id)
    assert done.incident.has_word


def test_it_ends_with_a_disposition_and_a_cause(store: Store) -> None:
    """Without a cause it is refused, with what to give; done twice it changes nothing."""
    incident = opened(store)
    with pytest.raises(NotPossibleNow, match="--root-cause"):
        store.lifecycle.resolve(incident.incident_id, Disposition.FIXED, actor=ANN)
    done, again = (
        store.lifecycle.resolve(incident.incident_id, Disposition.FIXED, cause="a bug", actor=ANN)
        for _ in "12"
    )

    assert (Status.RESOLVED, "a bug", Disposition.FIXED) == (
        done.incident.status,
        done.incident.root_cause,
        done.standing.disposition,
    )
    assert not again.changed


def test_reopened_it_is_in_the_hands_of_whoever_says_so(store: Store) -> None:
    """No new occurrence, no runbook; not while another one of the same trouble is open."""
    incident = opened(store)
    store.lifecycle.resolve(incident.incident_id, Disposition.FALSE_ALARM, cause="x", actor=ANN)
    before = store.incident(incident.incident_id)
    done = store.lifecycle.reopen(incident.incident_id, actor=BO, reason="it does go on")
    state = store.escalations.state(incident.incident_id)

    assert (Status.INVESTIGATING, None, 1) == (
        done.incident.status,
        done.incident.resolved_at,
        before.occurrence,
    )
    assert (BO, None) == (done.standing.owner, done.standing.disposition)
    assert state is not None
    assert state.taken_by == BO
    assert not store.lifecycle.reopen(incident.incident_id, actor=BO, reason="again").changed

    store.lifecycle.resolve(incident.incident_id, Disposition.FIXED, cause="x", actor=ANN)
    opened(store, may_relapse=False)
    with pytest.raises(NotPossibleNow, match="another incident of the same trouble"):
        store.lifecycle.reopen(incident.incident_id, actor=BO, reason="it does go on")


def test_merged_it_is_a_duplicate_and_its_alerts_are_the_other_s(store: Store) -> None:
    """By their keys and by its group; the other one gets its services and its severity."""
    first = opened(store, "a", Severity.P3)
    second = opened(store, "b", Severity.P2, grouping=BY_SERVICE)
    store.lifecycle.set_services(second.incident_id, add=["till"], actor=ANN)
    done, again = (
        store.lifecycle.merge(second.incident_id, first.incident_id, actor=ANN) for _ in "12"
    )
    same_key = opened(store, "b")
    same_group = opened(store, "c", grouping=BY_SERVICE)
    other = store.incident(first.incident_id)

    assert (Status.RESOLVED, Disposition.DUPLICATE, first.incident_id) == (
        done.incident.status,
        done.standing.disposition,
        done.standing.merged_into,
    )
    assert not again.changed
    assert {first.incident_id} == {same_key.incident_id, same_group.incident_id}
    assert (["shop", "till"], Severity.P1) == (other.affected_services, other.severity)
    with pytest.raises(NotPossibleNow, match=f"merged into #{first.number}"):
        store.lifecycle.reopen(second.incident_id, actor=BO, reason="no")


def test_linked_both_say_so(store: Store) -> None:
    """Once; and none with itself."""
    first, second = opened(store, "a"), opened(store, "b")
    done = [store.lifecycle.relate(first.incident_id, second.short_id, actor=ANN) for _ in "12"]

    assert [True, False] == [each.changed for each in done]
    assert (second.incident_id,) == store.lifecycle.standing(first.incident_id).related
    assert (first.incident_id,) == store.lifecycle.standing(second.incident_id).related
    with pytest.raises(NotPossibleNow, match="itself"):
        store.lifecycle.relate(first.incident_id, first.short_id, actor=ANN)


def failed(store: Store, incident_id: UUID, phase: Phase) -> None:
    """Its runbook says how it ended."""
    said = Progress(flow="security", mark=f"r{phase}", phase=phase, after=1, at=utc_now())
    key = f"{PROGRESS}security:{phase.name}"
    store.finish_claim(incident_id, key, "security", said.to_json())


def test_a_sender_does_not_end_what_failed_to_be_contained(store: Store) -> None:
    """Until a later attempt made it good."""
    incident = opened(store, severity=Severity.P4)
    failed(store, incident.incident_id, Phase.FAILED)
    refused = over(store, "a", routes=SENDER_DECIDES)
    opened(store, severity=Severity.P4)  # it goes on
    failed(store, incident.incident_id, Phase.DONE)
    ended = over(store, "a", routes=SENDER_DECIDES)

    assert (False, "its runbook failed, and nobody knows what is left") == (
        refused.is_over,
        refused.proposed,
    )
    assert ended.is_over


def test_a_sender_ends_a_lesser_one_once_somebody_has_it(store: Store) -> None:
    """Proposed once, while nobody has; a person's end takes the proposal away."""
    incident = opened(store, severity=Severity.P3)
    first, second = over(store, "a"), over(store, "a")
    proposed = store.lifecycle.standing(incident.incident_id)
    opened(store, severity=Severity.P3)
    void = store.lifecycle.standing(incident.incident_id)
    store.lifecycle.take(incident.incident_id, actor=ANN)
    ended = over(store, "a")

    assert ("nobody has taken it", "") == (first.proposed, second.proposed)
    assert ("am", None) == (proposed.proposed_by, void.proposed_by)
    assert ended.is_over


def test_what_is_proposed_goes_with_its_end(store: Store) -> None:
    """And a breach that failed stays open whatever its sender says."""
    incident = opened(store, kind=IncidentType.DATA_BREACH)
    alert = Alert(description="x", source="am", dedup_key="a")
    ended = store.end_alert(alert, IncidentType.DATA_BREACH, routes=SENDER_DECIDES)
    store.lifecycle.resolve(incident.incident_id, Disposition.ACCEPTED, cause="x", actor=ANN)

    assert ended is not None
    assert (False, "a data-breach is over when a person says so") == (ended.is_over, ended.proposed)
    assert store.lifecycle.standing(incident.incident_id).proposed_at is None

"""A claimed thing is done once, whichever process dies in between."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from fixtures.store import Clock
from processes.store_workers import claim_at_once, in_processes
from schemas.errors import IncidentNotFound
from schemas.incident import Alert, IncidentType, Severity, Status
from tasks.store import Claim, Store

MINUTE = timedelta(minutes=1)


@pytest.fixture
def incident(store: Store) -> UUID:
    """An open incident."""
    alert = Alert(description="shop answers 500")
    opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)
    return opened.incident.incident_id


def test_the_first_to_claim_holds_it(store: Store, incident: UUID) -> None:
    """One holds it; the other gets the holder's name and the end of the lease."""
    mine = store.claim(incident, "page", "a", MINUTE)
    theirs = store.claim(incident, "page", "b", MINUTE)

    assert (mine.state, mine.holder, mine.attempts) == ("held", "a", 1)
    assert theirs == Claim("busy", None, "a", mine.expires_at, 1)


def test_claims_of_different_keys_and_incidents_are_apart(store: Store, incident: UUID) -> None:
    """A claim is about one thing for one incident."""
    alert = Alert(description="another")
    other = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2).incident.incident_id

    assert store.claim(incident, "page", "a", MINUTE).state == "held"
    assert store.claim(incident, "ticket", "b", MINUTE).state == "held"
    assert store.claim(other, "page", "c", MINUTE).state == "held"


def test_only_one_of_many_holds_it(store: Store, incident: UUID, database: str, home: Path) -> None:
    """Forty threads in four processes claim at once: one gets it."""
    states = in_processes(4, claim_at_once, database, str(home), str(incident))

    assert Counter(state for result in states for state in result) == {"held": 1, "busy": 39}
    assert store.claims(incident)["page"].attempts == 1


def test_a_done_thing_is_not_done_again(store: Store, incident: UUID) -> None:
    """A later claim gets the result."""
    store.claim(incident, "page", "a", MINUTE)

    assert store.claim_result(incident, "page") is None
    assert store.finish_claim(incident, "page", "a", {"channel": "pagerduty"})
    assert store.claim(incident, "page", "b", MINUTE) == Claim(
        "done", {"channel": "pagerduty"}, "a", None, 1
    )
    assert store.claim_result(incident, "page") == {"channel": "pagerduty"}
    assert store.finish_claim(incident, "page", "a", {"channel": "other"})
    assert store.claim_result(incident, "page") == {"channel": "pagerduty"}


def test_a_lease_that_ran_out_is_taken_over(store: Store, incident: UUID, clock: Clock) -> None:
    """When the holder died, the next one takes over once the lease is over."""
    store.claim(incident, "page", "a", MINUTE)
    clock.advance(timedelta(seconds=59))
    before = store.claim(incident, "page", "b", MINUTE)
    clock.advance(timedelta(seconds=2))
    after = store.claim(incident, "page", "b", MINUTE)

    assert before.state == "busy"
    assert (after.state, after.holder, after.attempts) == ("held", "b", 2)


def test_the_same_holder_claims_again(store: Store, incident: UUID) -> None:
    """A retry of the same step goes on at once, and its attempts are counted."""
    store.claim(incident, "page", "a", MINUTE)
    again = store.claim(incident, "page", "a", 2 * MINUTE)

    assert (again.state, again.attempts) == ("held", 2)


def test_a_released_claim_is_free_at_once(store: Store, incident: UUID) -> None:
    """Giving up frees the claim for the next; only its holder can release it."""
    store.claim(incident, "page", "a", MINUTE)
    store.release_claim(incident, "page", "b")
    busy = store.claim(incident, "page", "b", MINUTE)
    store.release_claim(incident, "page", "a")
    standing = store.claims(incident)["page"]
    held = store.claim(incident, "page", "b", MINUTE)

    assert busy.state == "busy"
    assert standing == Claim("free", None, None, None, 1)
    assert (held.state, held.attempts) == ("held", 2)


def test_who_lost_the_lease_and_finishes_second_is_told(
    store: Store, incident: UUID, clock: Clock
) -> None:
    """The first to finish is the one whose result stands."""
    store.claim(incident, "page", "slow", MINUTE)
    clock.advance(2 * MINUTE)
    store.claim(incident, "page", "quick", MINUTE)

    assert store.finish_claim(incident, "page", "quick", {"by": "quick"})
    assert not store.finish_claim(incident, "page", "slow", {"by": "slow"})
    assert store.claim_result(incident, "page") == {"by": "quick"}


def test_who_lost_the_lease_but_finishes_first_has_done_it(
    store: Store, incident: UUID, clock: Clock
) -> None:
    """A result counts, even if the lease had ended."""
    store.claim(incident, "page", "slow", MINUTE)
    clock.advance(2 * MINUTE)
    store.claim(incident, "page", "quick", MINUTE)

    assert store.finish_claim(incident, "page", "slow", {"by": "slow"})
    assert not store.finish_claim(incident, "page", "quick", {"by": "quick"})


def test_releasing_a_done_thing_changes_nothing(store: Store, incident: UUID) -> None:
    """What is done stays done."""
    store.claim(incident, "page", "a", MINUTE)
    store.finish_claim(incident, "page", "a", {})
    store.release_claim(incident, "page", "a")

    assert store.claim(incident, "page", "b", MINUTE).state == "done"


def test_a_claim_needs_an_incident(store: Store) -> None:
    """Nothing can be claimed for an incident that is not there."""
    missing = uuid4()

    with pytest.raises(IncidentNotFound, match=str(missing)):
        store.claim(missing, "page", "a", MINUTE)


def test_the_sweep_finds_what_nobody_does(store: Store, clock: Clock) -> None:
    """Open incidents of some age whose step is neither done nor being done, oldest first."""
    ids = []
    for name in ("unclaimed", "done", "busy", "expired", "released", "resolved", "young"):
        if name == "young":
            clock.advance(10 * MINUTE)
        alert = Alert(description=name)
        opened = store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2)
        ids.append(opened.incident.incident_id)
    unclaimed, done, busy, expired, released, resolved, _ = ids
    for incident_id in (done, released):
        store.claim(incident_id, "page", "a", MINUTE)
    store.finish_claim(done, "page", "a", {})
    store.release_claim(released, "page", "a")
    store.claim(busy, "page", "a", 9 * MINUTE)
    store.claim(expired, "page", "a", MINUTE)
    store.set_status(resolved, Status.RESOLVED, actor="ann")
    clock.advance(2 * MINUTE)
    found = store.open_incidents_missing_claim("page", older_than=5 * MINUTE)
    two = store.open_incidents_missing_claim("page", older_than=5 * MINUTE, limit=2)

    assert [incident.incident_id for incident in found] == [unclaimed, expired, released]
    assert two == found[:2]


@pytest.mark.parametrize(("ahead", "is_late"), [(1, False), (4 * 60, False), (6 * 60, True)])
def test_what_another_clock_opened_is_not_late_at_once(
    store: Store, clock: Clock, ahead: int, is_late: bool
) -> None:
    """A clock may be ahead, or ours be read a moment before; only one that went far back counts.

    Else the on-call was paged for an incident of this moment that no runbook had started.
    """
    clock.advance(timedelta(seconds=ahead))
    alert = Alert(description="opened by another intake")
    store.open_or_attach(alert, IncidentType.SECURITY, Severity.P1)
    clock.advance(timedelta(seconds=-ahead))

    for found in (
        store.open_incidents_missing_claim("page", older_than=5 * MINUTE),
        store.open_incidents_missing_runbook(Severity.P1, older_than=5 * MINUTE),
    ):
        assert is_late == bool(found)


def test_every_incident_for_which_a_thing_is_done(store: Store, incident: UUID) -> None:
    """Also one that is over; not one for which it is only being done."""
    other = store.open_or_attach(
        Alert(description="another"), IncidentType.SECURITY, Severity.P1
    ).incident.incident_id
    store.claim(other, "clock", "a", MINUTE)
    store.finish_claim(incident, "clock", "a", {})
    store.set_status(incident, Status.RESOLVED, actor="test")

    assert [incident] == store.incidents_with_claim("clock")
    assert [] == store.incidents_with_claim("cloc")

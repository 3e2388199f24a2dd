"""How it stands in a sentence, from the sentences that the steps themselves write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from schemas.incident import Action, Incident, Phase, Progress, Severity, Status, TypeSource
from schemas.isolation import ContainerOutcome, Isolation
from schemas.release import DeployedRelease
from tasks.isolation import isolate_service, restore_service
from tasks.rollback import roll_back
from tasks.view.sentence import held_of, sentences_of
from tasks.view.steps import StepState, steps_of

BEGAN = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)
NOW = BEGAN + timedelta(hours=1)
GOOD, BAD = "98f4b33a01de" + "0" * 28, "8889264f3b1c" + "0" * 28
OUTCOME = ContainerOutcome(name="web-1", service="web", works=True, text="only in quarantine")
ISOLATION = Isolation(target="shop", services=["web"], containers=[OUTCOME])
RELEASE = DeployedRelease(
    target="shop", commit=GOOD, previous=BAD, healthy_after=3.21, changed=True
)
ROLLED_BACK = roll_back.deploy_rollback.says(RELEASE)
ISOLATED = isolate_service.isolate_service.says(ISOLATION)
RESTORED = restore_service.restore_service.says(ISOLATION)


def incident(*actions: str | None, **more: object) -> Incident:
    """An incident with these actions, a minute apart."""
    return Incident.model_validate(
        {
            "incidentId": uuid4(),
            "severity": Severity.P1,
            "type": "deployment-failure",
            "detectedAt": BEGAN,
            "affectedServices": ["shop"],
            "actionsTaken": [
                Action(timestamp=BEGAN + timedelta(minutes=number), action=str(action))
                for number, action in enumerate(actions, 1)
            ],
            **more,
        }
    )


def state(phase: Phase, minutes: float, said: str = "") -> Progress:
    """A state of a run."""
    return Progress(
        flow="deployment-failure",
        phase=phase,
        said=said,
        after=1,
        at=BEGAN + timedelta(minutes=minutes),
    )


def test_a_rollback_says_what_failed_and_what_runs() -> None:
    """With the release's name where it is known."""
    [plain] = sentences_of(incident(ROLLED_BACK), [], NOW)
    [named] = sentences_of(
        incident(ROLLED_BACK), [], NOW, named=lambda _t, _c: '("new checkout", 14:00)'
    )

    assert "Release 8889264 of shop failed; back on 98f4b33, healthy since 14:01:00 UTC" == plain
    assert 'Release 8889264 ("new checkout", 14:00) of shop failed' in named


def test_an_isolated_service_is_off_until_somebody_restores_it() -> None:
    """Also in a later occurrence; and no longer when it was restored."""
    off = sentences_of(incident(ISOLATED), [], NOW)
    later = incident(ISOLATED, relapsedAt=BEGAN + timedelta(minutes=30), occurrence=2)
    back = sentences_of(incident(ISOLATED, RESTORED), [], NOW)

    assert ["shop is OFF for its users since 14:01:00 UTC; nothing brings it back by itself"] == off
    assert off == sentences_of(later, [], NOW)
    assert "OFF" not in " ".join(back)


def test_what_is_only_in_part_restored_is_still_off() -> None:
    """Nothing is said to be well that is not."""
    notes = ["still isolated: web-2"]
    half = restore_service.restore_service.says(ISOLATION.model_copy(update={"notes": notes}))

    assert "shop is OFF" in sentences_of(incident(ISOLATED, half), [], NOW)[0]


def test_a_failure_comes_first_until_a_retry_has_repaired_it() -> None:
    """Named by its step; a run that completed after it takes it back."""
    failed = incident(ISOLATED, "FAILED: revoke credentials: exit code 3")
    said = sentences_of(failed, [state(Phase.FAILED, 3)], NOW)
    repaired = sentences_of(failed, [state(Phase.FAILED, 3), state(Phase.DONE, 9)], NOW)

    assert said[0].startswith("The automation failed at 'revoke credentials'")
    assert "exit code 3" in said[0]
    assert "OFF" in said[1]
    assert "failed" not in " ".join(repaired)
    shown = {each.said: each.state for each in steps_of(failed, [state(Phase.DONE, 9)])}
    assert StepState.REPAIRED is shown["revoke credentials: exit code 3"]


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([], "No runbook has begun yet"),
        ([state(Phase.WORKING, 1)], "The runbook is at it since 14:01:00 UTC"),
        ([state(Phase.WAITING, 1, "for an approval")], "The runbook waits: for an approval"),
        ([state(Phase.STOPPED, 1)], "The automation was STOPPED, a person must take over"),
    ],
)
def test_before_anything_is_done_it_says_how_far_it_is(states: list[Progress], said: str) -> None:
    """One sentence at least, always."""
    assert sentences_of(incident(), states, NOW)[0].startswith(said)


def test_a_guess_and_the_end_are_said() -> None:
    """What waits for a person; when it was over and why."""
    guess = incident(
        type="data-breach", typeSource=TypeSource.GUESS, guessedFrom="'pii' in the description"
    )
    over = incident(status=Status.RESOLVED, resolvedAt=NOW, rootCause="a migration")

    assert any(each.startswith("Only guessed") for each in sentences_of(guess, [], NOW))
    assert ["It is over at 15:00:00 UTC; cause: a migration"] == sentences_of(over, [], NOW)


def test_many_steps_are_few_and_the_failed_ones_stay() -> None:
    """The first, what failed, and the last."""
    many = ["paged", "FAILED: a: b", *(f"step {n}" for n in range(30))]
    shown = steps_of(incident(*many), [])

    assert "paged" == shown[0].said
    assert [StepState.FAILED] == [s.state for s in shown if s.state is not StepState.DONE]
    assert "step 29" == shown[-1].said
    assert len(shown) < 12


def test_what_is_frozen_stays_so_until_it_is_released() -> None:
    """Of several targets each for itself."""
    frozen = "froze deployments on {} until they are released"
    record = incident(
        frozen.format("shop"), frozen.format("db"), "released deployments on shop, approved by Ann"
    )

    assert ["db"] == list(held_of(record, []).frozen)

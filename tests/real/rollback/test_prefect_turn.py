"""A target's turn by Prefect's limit: its faults neither stop a rollback nor hold it up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from schemas.errors import TargetError
from schemas.settings import Settings, Target
from standins.prefect.api import Prefect
from standins.standin import settings_for
from support import free_port
from tasks.rollback import prefect_turn as turn
from tasks.rollback.prefect_turn import prefect_turn
from tasks.store import Store, open_store

INCREMENT, DECREMENT = "/increment-with-lease", "/decrement-with-lease"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same order of things, in less time."""
    monkeypatch.setattr(turn, "ASK_SECONDS", 0.02)
    monkeypatch.setattr(turn, "ORPHAN_AFTER_FAULT_SECONDS", 0.1)
    monkeypatch.setattr(turn, "ORPHAN_SECONDS", 0.3)


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A target whose rollback takes 2.4 s at most."""
    return Target.model_validate(
        {
            "name": "shop",
            "repository": tmp_path,
            "deploy_command": ["true"],
            "deploy_timeout": 0.1,
            "health": {"command": ["true"], "deadline": 1.0, "interval": 0.1},
            "required_gates": ["tests"],
        }
    )


@pytest.fixture
def settings(home: Path) -> Iterator[Settings]:
    """Settings with a store of their own."""
    made = settings_for(home=home)
    yield made
    open_store(made).close()


@pytest.fixture
def store(settings: Settings) -> Store:
    """The store."""
    return open_store(settings)


def remark_of(target: Target, settings: Settings) -> str | None:
    """Take the turn, and give it back; what is to be put on record."""
    with prefect_turn(target, settings) as remark:
        assert open_store(settings).changer_of(target.name) is not None
        return remark


def test_the_limit_is_held_and_given_back(
    prefect: Prefect, target: Target, settings: Settings, store: Store
) -> None:
    """Nothing is to be said; meanwhile the store says who has the target."""
    with prefect_turn(target, settings) as remark:
        assert (None, True) == (remark, prefect.slot_is_taken)

    assert not prefect.slot_is_taken
    assert store.changer_of(target.name) is None


def test_a_prefect_that_answers_500_holds_nobody_up(
    prefect: Prefect, target: Target, settings: Settings
) -> None:
    """Asked three times; then the lock in the repository decides, and that is said."""
    prefect.fail_with(500, times=None, path=INCREMENT)

    remark = remark_of(target, settings)

    assert remark is not None
    assert "did not give its limit aeef-rollback-shop (500)" in remark
    assert "went on under the lock in the repository of shop" in remark
    assert 3 == sum(each.path.endswith(INCREMENT) for each in prefect.requests)


def test_a_prefect_that_is_away_holds_nobody_up(target: Target, settings: Settings) -> None:
    """Nobody listens there."""
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{free_port()}/api"}):
        remark = remark_of(target, settings)

    assert remark is not None
    assert "(ConnectError)" in remark


def test_one_fault_is_got_over(prefect: Prefect, target: Target, settings: Settings) -> None:
    """It was before the slot was counted: the next question gets it."""
    prefect.fail_with(500, times=1, path=INCREMENT)

    assert remark_of(target, settings) is None


@pytest.mark.parametrize("faults", [0, 1])
def test_a_slot_without_a_lease_holds_nobody_up(
    prefect: Prefect, target: Target, settings: Settings, faults: int
) -> None:
    """Counted before the lease could be written, by us a moment ago or by somebody long ago."""
    prefect.slot_is_taken = True
    if faults:
        prefect.fail_with(500, times=faults, path=INCREMENT)

    remark = remark_of(target, settings)

    assert remark is not None
    assert "no run has had shop: went on under the lock in its repository" in remark
    assert prefect.slot_is_taken, "it is not ours to give back: the dispatcher does"


def test_waiting_for_another_run_has_an_end(
    prefect: Prefect, target: Target, settings: Settings, store: Store
) -> None:
    """However long it is that the other one has it; the error names it."""
    prefect.slot_is_taken = True
    store.begin_turn("shop", "run 42")

    with pytest.raises(TargetError, match=r"waited \d+ s for run 42, which has shop"):
        remark_of(target, settings)


def test_a_limit_that_is_not_taken_back_fails_nothing(
    prefect: Prefect, target: Target, settings: Settings, store: Store
) -> None:
    """The rollback is done by then; Prefect ends the lease by itself."""
    prefect.fail_with(500, times=None, path=DECREMENT)

    assert remark_of(target, settings) is None
    assert store.changer_of(target.name) is None

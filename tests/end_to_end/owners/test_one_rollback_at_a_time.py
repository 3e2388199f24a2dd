"""One rollback of a target at a time: on a Prefect server that other machines use, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate

import flows.parts.prefect_steps  # noqa: F401 - a lock finds out by it that a flow runs
from deployments.dispatcher.held_slots import HeldSlots
from fixtures.stack import Stack
from schemas.settings import Settings, Target
from tasks.rollback import prefect_turn
from tasks.rollback.one_at_a_time import one_rollback_at_a_time
from tasks.rollback.prefect_limit import limit_of
from tasks.store import open_store


class Shop:
    """A target of its own, and its limit in Prefect."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        [self.target] = settings.targets.values()
        self.store = open_store(settings)

    def slots(self) -> int:
        """How many slots of the limit are taken."""
        with get_client(sync_client=True) as client:
            name = limit_of(self.target.name)
            return client.read_global_concurrency_limit_by_name(name).active_slots

    def take_without_lease(self) -> None:
        """What Prefect leaves when it counted a slot and could not write its lease."""
        with get_client(sync_client=True) as client:
            name = limit_of(self.target.name)
            client.upsert_global_concurrency_limit_by_name(name, limit=1)
            change = GlobalConcurrencyLimitUpdate(active_slots=1)
            client.update_global_concurrency_limit(name, change)

    def roll_back(self) -> tuple[str | None, int]:
        """In a flow run: the remark for the record, and how many slots are taken meanwhile."""

        @flow(name=f"test-{uuid4()}")
        def a_rollback() -> tuple[str | None, int]:
            with one_rollback_at_a_time(self.target, self.settings) as remark:
                assert self.store.changer_of(self.target.name) is not None
                return remark, self.slots()

        done: tuple[str | None, int] = a_rollback()
        assert self.store.changer_of(self.target.name) is None
        return done


@pytest.fixture
def shop(stack: Stack, tmp_path: Path) -> Iterator[Shop]:
    """A target that nobody changes."""
    (tmp_path / ".git").mkdir()
    target = Target.model_validate(
        {
            "name": f"shop-{uuid4().hex[:8]}",
            "repository": tmp_path,
            "deploy_command": ["true"],
            "health": {"command": ["true"]},
            "required_gates": ["tests"],
        }
    )
    settings = Settings(home=tmp_path / "home", targets={target.name: target})
    assert not settings.prefect_embedded
    with stack.prefect_settings():
        yield Shop(settings)
    open_store(settings).close()


def test_a_run_holds_a_limit_on_the_server(shop: Shop) -> None:
    """It makes the limit when there is none, and gives it back; by hand nobody asks for it."""
    assert (None, 1) == shop.roll_back()
    with one_rollback_at_a_time(shop.target, shop.settings):
        assert 0 == shop.slots()


def test_a_slot_whose_lease_was_never_written_blocks_nobody(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rollback goes on under our own lock and says so; the dispatcher gives the slot back."""
    shop.take_without_lease()
    monkeypatch.setattr(prefect_turn, "ORPHAN_SECONDS", 0.5)

    remark, slots = shop.roll_back()

    assert 1 == slots
    assert remark is not None
    assert "went on under the lock in its repository" in remark
    watch = HeldSlots(shop.settings, shop.store, orphan_seconds=0)
    shop.store.begin_turn(shop.target.name, f"run {uuid4()}")  # it died, and Prefect forgot it
    watch.look()
    watch.close()
    assert (0, None) == (shop.slots(), shop.store.changer_of(shop.target.name))
    assert (None, 1) == shop.roll_back()


def test_a_slot_that_a_run_holds_is_not_given_back(shop: Shop) -> None:
    """However long it takes: the run that wrote that it has the target is not over."""
    watch = HeldSlots(shop.settings, shop.store, orphan_seconds=0)

    @flow(name=f"test-{uuid4()}")
    def a_rollback() -> int:
        with one_rollback_at_a_time(shop.target, shop.settings):
            watch.look()
            return shop.slots()

    assert 1 == a_rollback()
    watch.close()

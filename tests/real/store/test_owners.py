"""Take-overs are counted once for each death, and a target's turn has one holder."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from fixtures.store import Clock
from tasks.store import Store


def test_each_death_is_counted_once_and_one_caller_acts_on_it(store: Store, clock: Clock) -> None:
    """Two dispatchers see the same death; when the first one dies too, the other does it."""
    run, death = uuid4(), uuid4()

    first = store.take_over(run, death, 3)
    second = store.take_over(run, death, 3)
    clock.advance(timedelta(seconds=31))
    later = store.take_over(run, death, 3)

    assert [(1, True), (1, False), (1, True)] == [first, second, later]
    assert 1 == store.times_taken_over(run)


def test_a_run_is_taken_over_so_often_and_not_more(store: Store) -> None:
    """Each run has its own count."""
    run, deaths = uuid4(), [uuid4() for _ in range(4)]

    numbers = [store.take_over(run, death, 3) for death in deaths]

    assert [(1, True), (2, True), (3, True), None] == numbers
    assert (3, 0) == (store.times_taken_over(run), store.times_taken_over(uuid4()))
    assert store.take_over(run, uuid4(), 0) is None


def test_a_target_has_one_changer(store: Store) -> None:
    """The last to begin; the end of another's turn changes nothing."""
    assert store.changer_of("shop") is None
    store.begin_turn("shop", "run 1")
    store.begin_turn("shop", "run 2")
    store.end_turn("shop", "run 1")
    changer = store.changer_of("shop")

    assert changer is not None
    assert "run 2" == changer.holder
    store.end_turn("shop", "run 2")
    assert store.changer_of("shop") is None

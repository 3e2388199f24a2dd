"""Whose turn it is: nobody is left out, nobody overtakes what is more urgent, nobody starves."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from schemas.incident.fairness import Claimant, Turns

CLAIMANTS = st.lists(
    st.builds(
        Claimant,
        priority=st.integers(0, 3),
        target=st.sampled_from("abcd"),
        sender=st.sampled_from("xyz"),
    ),
    max_size=30,
)


@given(CLAIMANTS)
def test_everybody_has_a_turn_and_priority_decides_first(given_: list[Claimant]) -> None:
    """The order is one of the same claimants, and its priorities never fall."""
    order = Turns().order([(who, number) for number, who in enumerate(given_)])
    priorities = [given_[number].priority for number in order]

    assert sorted(order) == list(range(len(given_)))
    assert priorities == sorted(priorities)


@given(CLAIMANTS)
def test_one_target_s_claimants_keep_their_order(given_: list[Claimant]) -> None:
    """What came first for a target is served first, among equally urgent."""
    order = Turns().order([(who, number) for number, who in enumerate(given_)])
    for kind in {(who.priority, who.target) for who in given_}:
        own = [each for each in order if (given_[each].priority, given_[each].target) == kind]
        assert own == sorted(own)


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40))
def test_one_by_one_nobody_is_overtaken_by_the_same_one_twice(targets: list[str]) -> None:
    """While it waits, each other target is served at most once more than it."""
    turns, waiting = Turns(), [(Claimant(0, target), target) for target in targets]
    served: Counter[str] = Counter()
    while waiting:
        chosen = turns.order(waiting)[0]
        waiting.remove((Claimant(0, chosen), chosen))
        turns.served(Claimant(0, chosen))
        served[chosen] += 1
        still = {target for _, target in waiting}
        assert all(max(served.values()) - served[target] <= 1 for target in still)


@given(st.integers(1, 200))
def test_a_sender_with_a_service_for_each_alert_takes_turns(size: int) -> None:
    """A new name for each alert buys no further turn."""
    turns = Turns()
    flood = [(Claimant(1, f"made-up-{number}", "flood"), "flood") for number in range(size)]
    waiting = [*flood, (Claimant(1, "till", "good"), "good")]

    assert turns.order(waiting).index("good") <= 1
    turns.served(Claimant(1, "made-up-0", "flood"))
    assert "good" == turns.order(waiting[1:])[0]

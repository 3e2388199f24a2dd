"""Whose turn it is: by priority, then each target in turn, and among them each sender."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")
MOST_KEPT = 10_000
"""How many targets and senders are remembered; who was served longest ago is forgotten."""


class Claimant(NamedTuple):
    """Who wants a turn. priority: 0 is the most urgent. sender: who reported it."""

    priority: int
    target: Hashable
    sender: Hashable = ""


class Turns:
    """Remembers whom it served last. Not thread-safe."""

    def __init__(self) -> None:
        self._turn = 0
        self._targets: OrderedDict[Hashable, int] = OrderedDict()
        self._senders: OrderedDict[Hashable, int] = OrderedDict()

    def order(self, waiting: Sequence[tuple[Claimant, T]]) -> list[T]:
        """Everybody who waits, in the order of their turns; equal ones as they came."""
        of_target: Counter[tuple[int, Hashable]] = Counter()
        of_sender: Counter[tuple[int, int, int, Hashable]] = Counter()
        keys = []
        for number, (claimant, _) in enumerate(waiting):
            round_ = of_target[claimant.priority, claimant.target]
            of_target[claimant.priority, claimant.target] += 1
            target = self._targets.get(claimant.target, 0)
            sender = self._senders.get(claimant.sender, 0)
            before = of_sender[claimant.priority, round_, target, claimant.sender]
            of_sender[claimant.priority, round_, target, claimant.sender] += 1
            keys.append((claimant.priority, round_, target, before, sender, number))
        return [waiting[key[-1]][1] for key in sorted(keys)]

    def served(self, claimant: Claimant) -> None:
        """Note that it was this one's turn."""
        self._turn += 1
        for last, name in ((self._targets, claimant.target), (self._senders, claimant.sender)):
            last[name] = self._turn
            last.move_to_end(name)
            if len(last) > MOST_KEPT:
                last.popitem(last=False)

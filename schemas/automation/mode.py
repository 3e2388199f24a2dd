"""The automation's mode: on, observe or off, for everything or for one target, by a person's word.

A word may have an end; then what was said before holds again. Of a target's own word and the
general one the newer counts, except that a general `on` or `observe` does not loosen what was said
of the target: who stops everything stops everything, and who starts everything again does not
start what somebody else has stopped for a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from schemas.model import Model, UtcDatetime


class Mode(StrEnum):
    """What the automation does.

    on: runbooks act. observe: they do everything but change something, and record what they would
    have done. off: people are paged, and that is all.
    """

    ON = "on"
    OBSERVE = "observe"
    OFF = "off"

    def is_stricter_than(self, other: Mode) -> bool:
        """True when this allows less than the other."""
        order = list(Mode)
        return order.index(self) > order.index(other)

    @property
    def in_words(self) -> str:
        """For people: `automation only observes`."""
        return {
            Mode.ON: "automation is on",
            Mode.OBSERVE: "automation only observes",
            Mode.OFF: "automation is off",
        }[self]


class Word(Model):
    """What a person has said.

    number: counts all of them, a newer one is greater; 0: nobody has said anything.
    target: a target's name; empty: every target, and what belongs to none.
    """

    number: int = 0
    target: str = ""
    mode: Mode = Mode.ON
    why: str = ""
    actor: str = ""
    since: UtcDatetime | None = None
    until: UtcDatetime | None = None

    def holds_at(self, now: datetime) -> bool:
        """False when its time is over."""
        return self.until is None or self.until > now

    def __str__(self) -> str:
        """For people: `automation is off for shop since 2026-11-27 14:02:11 UTC by anna: why`."""
        said = self.mode.in_words + (f" for {self.target}" if self.target else "")
        if self.since is None:
            return said
        until = f", until {self.until:%Y-%m-%d %H:%M:%S} UTC" if self.until else ""
        return f"{said} since {self.since:%Y-%m-%d %H:%M:%S} UTC by {self.actor}{until}: {self.why}"


NOBODYS = Word()
"""As long as nobody has said anything: automation is on."""


class Automation:
    """The newest word for each target, and the general one, that hold at one moment."""

    def __init__(self, words: Iterable[Word], now: datetime) -> None:
        self._newest: dict[str, Word] = {}
        for word in sorted(words, key=lambda each: each.number):
            if word.holds_at(now):
                self._newest[word.target] = word

    def of(self, target: str | None = None) -> Word:
        """The word that counts for a target; None: for what belongs to none."""
        general = self._newest.get("", NOBODYS)
        own = self._newest.get(target) if target else None
        if own is None:
            return general
        if own.number > general.number or own.mode.is_stricter_than(general.mode):
            return own
        return general

    @property
    def targets(self) -> list[str]:
        """The targets of which somebody has said something that holds."""
        return sorted(target for target in self._newest if target)

    def not_on(self, targets: Iterable[str] = ()) -> list[Word]:
        """Every word of which people must know: the general one, and where a target differs."""
        general = self.of()
        words = {word.number: word for word in map(self.of, targets) if word != general}
        if general.mode is not Mode.ON:
            return [general, *words.values()]
        return [word for word in words.values() if word.mode is not Mode.ON]

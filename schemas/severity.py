"""P1 to P4, and the words that other systems use for them."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """Severity of an incident, as in the spec; AEEF's SEV-1…4 map one to one."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    def is_worse_than(self, other: Severity) -> bool:
        """True when this one is more severe: P1 is worse than P2."""
        return self.value < other.value


_WORDS = {
    Severity.P1: "p1 sev1 sev-1 sev 1 1 critical crit page fatal emergency",
    Severity.P2: "p2 sev2 sev-2 sev 2 2 error high major",
    Severity.P3: "p3 sev3 sev-3 sev 3 3 warning warn medium moderate minor",
    Severity.P4: "p4 sev4 sev-4 sev 4 4 info informational low none notice",
}
SEVERITY_WORDS: dict[str, Severity] = {
    word: severity for severity, words in _WORDS.items() for word in words.split()
}


def severity_from_word(word: str) -> Severity | None:
    """The severity that a monitoring system's word stands for, None when we do not know it."""
    return SEVERITY_WORDS.get(word.strip().lower())

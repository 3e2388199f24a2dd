"""P1 to P4, and other systems' words for them."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """Severity of an incident, as in the spec; AEEF's SEV-1…4 map one to one."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    @classmethod
    def _missing_(cls, value: object) -> Severity | None:
        """Accept lower case, as in the environment variable `AEEF_ROUTES__P1__PHONE`."""
        upper = value.upper() if isinstance(value, str) else None
        return next((severity for severity in cls if severity.value == upper), None)

    def is_worse_than(self, other: Severity) -> bool:
        """True when this one is more severe: P1 is worse than P2."""
        return self.value < other.value


_WORDS = {
    Severity.P1: "p1 sev1 1 critical crit page fatal emergency",
    Severity.P2: "p2 sev2 2 error high major",
    Severity.P3: "p3 sev3 3 warning warn medium moderate minor",
    Severity.P4: "p4 sev4 4 info informational low none notice",
}
SEVERITY_WORDS: dict[str, Severity] = {
    word: severity for severity, words in _WORDS.items() for word in words.split()
}


def severity_from_word(word: str) -> Severity | None:
    """The severity that a monitoring system's word means; None when it is unknown.

    `SEV-1`, `sev_1`, `Sev 1` and `sev1` are the same word.
    """
    return SEVERITY_WORDS.get("".join(c for c in word.lower() if c.isalnum()))

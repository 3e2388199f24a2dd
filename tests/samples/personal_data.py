"""An alert full of personal data, and a search for what leaked of it."""

from __future__ import annotations

from typing import Any

EMAIL, PHONE = "alice.liddell@example.com", "+49 171 5550199"
CARD, SSN, IBAN = "4111 1111 1111 1111", "123-45-6789", "DE89 3704 0044 0532 0130 00"
LEAK: dict[str, Any] = {
    "type": "data-breach",
    "severity": "P1",
    "service": f"crm of {EMAIL}",
    "description": f"leaked: {EMAIL}, {PHONE}, {CARD}, {SSN}, {IBAN}",
    "labels": {"user": EMAIL, EMAIL: "x"},
    "details": {"rows": [{"iban": IBAN, "card": 4111111111111111}]},
    "dedupKey": f"leak/{EMAIL}",
    "source": EMAIL,
}
PLAIN = (EMAIL, "alice.liddell", PHONE, "5550199", CARD, CARD.replace(" ", ""), SSN, IBAN)


def leaks(text: str | bytes) -> list[str]:
    """Which of the identifiers are in it."""
    data = text.encode() if isinstance(text, str) else text
    return [each for each in PLAIN if each.encode() in data]

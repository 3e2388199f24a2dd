"""Kinds of personal identifiers: their patterns and check digits.

Every pattern is bounded or begins at a boundary, so matching takes linear time. A number that
could as well be a measurement, a timestamp or an id is not masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

_START = r"(?<![^\W_])(?<!\d\.)"
_END = r"(?![^\W_])(?!\.\d)"
"""An identifier is not part of a word, a commit id or a decimal number."""


class Kind(NamedTuple):
    """One kind of identifier.

    pattern: finds candidates; its group `it`, or else the whole match, is the identifier.
    check: whether a candidate is one. same: the normalised form, for comparing.
    hint: a character that every such text contains; searched for first, because it is fast.
    """

    name: str
    pattern: re.Pattern[str]
    check: Callable[[str], bool] = lambda _found: True
    same: Callable[[str], str] = str.casefold
    hint: str | None = None


def digits_of(text: str) -> str:
    """The digits of a text."""
    return "".join(character for character in text if character in "0123456789")


def luhn(text: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1), over the digits of the text."""
    digits = [int(digit) for digit in reversed(digits_of(text))]
    if len(set(digits)) < 2:  # nothing, or only zeros, would pass
        return False
    doubled = (2 * digit - 9 * (digit > 4) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def mod97(text: str) -> bool:
    """The check digits of bank accounts (ISO 7064 MOD 97-10): letters count from A = 10."""
    plain = _letters_and_digits(text)
    moved = plain[4:] + plain[:4]
    if not moved or not moved.isascii():
        return False
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


CHECKS: dict[str, Callable[[str], bool]] = {"luhn": luhn, "mod97": mod97}
"""The check digits that a configured pattern may name."""


def _letters_and_digits(text: str) -> str:
    return "".join(character for character in text if character.isalnum()).upper()


_EMAIL = re.compile(
    # Only from the start of a run: a long run without an address is read once.
    r"(?<![\w.%+'-])[.'%-]*(?P<it>[\w+][\w.%+'-]*(?:@|%40)"
    r"(?!v?\d+\.\d)"  # lodash@4.17.21 is a version
    r"(?:[\w-]+\.)+[^\W\d_]{2,})"
)


def _address(text: str) -> str:
    return text.casefold().replace("%40", "@")


_GAP = r"[ .\u00a0/-]{0,3}"
_PHONES = (
    # E.164 with any separators, and the trunk prefix (0); 00 may replace the +.
    rf"(?<!\d)\+1{_GAP}(?:\d{{3}}|\(\d{{3}}\)){_GAP}\d{{3}}{_GAP}\d{{4}}",
    rf"(?:(?<!\d)\+[1-9]|{_START}00[1-9]\d)(?:{_GAP}(?:\d|\(\d{{1,4}}\))){{5,13}}",
    # North America: 212-555-0123, (212) 555-0123, 1.212.555.0123
    rf"{_START}(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{{4}}",
    # With a trunk 0: 020 7946 0958, 030/1234567, (030) 123456, 01 23 45 67 89, 07700900123.
    # Not after `17:`, where `02 ` are minutes.
    rf"{_START}(?:(?<!\d:)|(?!0\d[ .\u00a0]))"
    rf"(?:\(0[1-9]\d{{0,3}}\)(?:{_GAP}\d){{4,9}}|0[1-9](?:{_GAP}\d){{7,10}})",
    # In no known format, but labelled as a telephone number
    r"(?i:(?:tele)?phone|tel|mobile|fax|msisdn|whatsapp)(?:\.?:? ?|=)(?P<it>\d[\d ().-]{5,18}\d)",
)
_PHONE = re.compile(
    f"(?:{'|'.join(_PHONES)}){_END}"
    r"(?!(?<= \d\d):\d\d(?!\d))(?!(?<= \d):\d\d(?!\d))"  # the hour that follows is not part of it
)


def _is_phone(found: str) -> bool:
    """True for a valid length (ITU-T E.164); with only one dot it is a decimal number."""
    plain = found.count(".") != 1 or set(found) - set("0123456789.") != set()
    return plain and 7 <= len(digits_of(found)) <= 15


_CARD = re.compile(
    rf"{_START}(?:[2-9]\d{{12,18}}"
    r"|[2-9]\d{3}([ -])\d{4}\1\d{4}\1(?:\d{4}(?:\1\d{3})?|\d)"
    rf"|3\d{{3}}[ -]\d{{6}}[ -]\d{{4,5}}){_END}"
)
"""No card begins with 0 or 1, so no time in milliseconds before 2033 looks like one."""

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BI": 27, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27,
    "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27,
    "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HN": 28, "HR": 21, "HU": 28,
    "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28,
    "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
    "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24,
    "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28,
    "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip
"""Letters and digits of an account number. https://www.swift.com/standards/data-standards/iban"""


def _iban_pattern() -> re.Pattern[str]:
    """By length: without it, the word after an account number would be taken as part of it."""
    countries: dict[int, list[str]] = {}
    for country, length in _IBAN_LENGTHS.items():
        countries.setdefault(length, []).append(country)
    each = (
        rf"(?:{'|'.join(names)})\d\d(?:[ -]?[A-Z0-9]){{{length - 4}}}"
        for length, names in sorted(countries.items())
    )
    return re.compile(rf"(?i)(?<![^\W_])(?:{'|'.join(each)})(?!\w)")


_NINO = r"[A-CEGHJ-TW-Z][A-CEGHJ-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]"
_SSN = r"(?!000|666|9)\d{3}([ -])(?!00)\d\d\1(?!0000)\d{4}"

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("email", _EMAIL, same=_address, hint="@"),
        Kind("iban", _iban_pattern(), mod97, _letters_and_digits),
        Kind("card", _CARD, luhn, digits_of),
        Kind("us-ssn", re.compile(_START + _SSN + _END), same=digits_of),
        Kind("uk-nino", re.compile(_START + _NINO + _END), same=_letters_and_digits),
        Kind("phone", _PHONE, _is_phone, digits_of),
        Kind("ipv4", re.compile(rf"{_START}(?:\d{{1,3}}\.){{3}}\d{{1,3}}{_END}"), hint="."),
        Kind(
            "ipv6",
            re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}(?![\w:])"),
            hint=":",
        ),
    )
}
"""Every kind that `[masking] kinds` may name, in search order."""

DEFAULT_KINDS = tuple(name for name in KINDS if not name.startswith("ip"))
"""Not IP addresses, which an on-call needs: those are masked only when configured."""

NO_IDENTIFIER = re.compile(
    r"(?<![\w-])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![\w-])"  # a UUID
    r"|(?<!\d)\d{4}[/-]\d\d[/-]\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?"  # a moment
    r"|(?<!\d)\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d(?!\d)"  # a day
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"  # an address
)
"""Texts whose digits are never an identifier."""

SOME_DIGITS = re.compile(r"\d(?:[^\d\n]{0,3}\d){5}")
"""Every identifier except an e-mail address has six digits close together."""

NAMED = (
    ("phone", re.compile(r"(?i)phone|mobile|msisdn|(?<![a-z])(?:tel|fax)(?![a-z])"), 7, 15),
    ("us-ssn", re.compile(r"(?i)(?<![a-z])ssn|social.?security"), 9, 9),
)
"""Detail names that identify their value, which then needs no separators: kind, name, minimum
and maximum number of digits."""
UNDIVIDED = re.compile(r"\+?[\d ().\u00a0/-]{7,24}")

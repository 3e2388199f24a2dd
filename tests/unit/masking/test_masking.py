"""Masking: identifiers of people are gone, everything else is as it was."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.incident import Alert, IncidentType, dedup_key_for
from schemas.masking import MASK, Masker, MaskingSettings, digits_of, luhn, mod97

KEY = b"0123456789abcdef0123456789abcdef"
masker = Masker(MaskingSettings(), KEY)


def kinds_in(text: str) -> list[str]:
    """The kinds of the masks in a text, in order."""
    return [mask.strip("[]").split()[0] for mask in MASK.findall(text)]


FOUND = [
    ("email", "alice@example.com"),
    ("email", "o'brien.alice+x@sub.example.co.uk"),
    ("email", "müller@exämple.de"),
    ("email", "alice%40example.com"),
    ("phone", "+491711234567"),
    ("phone", "+44 (0)20 7946 0958"),
    ("phone", "+1 (212) 555-0123"),
    ("phone", "0049 30 1234567"),
    ("phone", "212-555-0123"),
    ("phone", "(212) 555-0123"),
    ("phone", "1.212.555.0123"),
    ("phone", "020 7946 0958"),
    ("phone", "030/1234567"),
    ("phone", "(030) 1234567"),
    ("phone", "01 23 45 67 89"),
    ("phone", "06-12345678"),
    ("phone", "07700900123"),
    ("card", "4111111111111111"),
    ("card", "4111 1111 1111 1111"),
    ("card", "5500-0055-5555-5559"),
    ("card", "3782 822463 10005"),
    ("card", "6304000000000000"),
    ("us-ssn", "123-45-6789"),
    ("us-ssn", "123 45 6789"),
    ("uk-nino", "AB123456C"),
    ("uk-nino", "QQ 12 34 56 C"),
    ("iban", "DE89370400440532013000"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "gb29nwbk60161331926819"),
]
AROUND = ["{}", "of {} now", "({})", '"{}",', "<{}>", "to:{}.", "[{}]", "a,{},b", "pan={}&x=1",
          "app.log:12:{}", "{} 17:10", "{}, 2026-11-24", "id_{}"]  # fmt: skip

NOT_TOLD_APART = {
    ("01 23 45 67 89", "app.log:12:{}"),  # for all that anyone can see, a time of day
    *((identifier, "id_{}") for kind, identifier in FOUND if kind == "email"),  # another address
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize(("kind", "identifier"), FOUND)
def test_an_identifier_is_masked_wherever_it_stands(
    kind: str, identifier: str, around: str
) -> None:
    """Its kind is said; nothing of it is left, and what stands around it is."""
    if (identifier, around) in NOT_TOLD_APART:
        return
    text = around.format(identifier)

    masked = masker.text(text)

    assert [kind] == kinds_in(masked)
    assert identifier not in masked
    assert around.replace("{}", "") == MASK.sub("", masked)


UNTOUCHED = [
    "502 since the 14:00 deploy",
    "2026-11-24T17:10:02.123456Z 2026-11-24 17:10:02,123456789 17:10:02.123456789",
    "01.02.2026 17 Uhr; 01/02/2026 10:00; 2026/11/24 20:15",
    "10.0.0.1:8080 192.168.100.200 fe80::1 2001:db8::ff00:42:8329",
    "version 1.2.3, lodash@4.17.21, actions/checkout@v4.1.2, python:3.11.7-slim",
    "epoch 1700000000, 1700000000000 ms, 1763999999123456789 ns",
    "latency 0.4523452345234523 s, p99=1234.567ms, 97% of 500 GB, 1,234,567.89 EUR",
    "commit 1234567890123456789012345678901234567890, 4111111111111111abcd",
    "sha256:4539578763621486453957876362148645395787636214864539578763621486aa",
    "12345678-0123-4123-8123-123456789012 and 00000000-0000-4000-8000-000000000001",
    "port 8080, pid 123456, offset +0000, exit code 137, 17:02 1234567 bytes",
    "4111111111111112 fails the check digit, 000-45-6789 is no SSN",
    "DE00370400440532013000 fails the check digits",
    "root@localhost git@github.com:org/repo.git user@host image@sha256:abc",
    "https://example.com/a/b?c=d&page=12345678 file:///var/log/app.log.2026-11-24.gz",
    "Zürich, 日本 \U0001f600 \ufffd",
]  # fmt: skip


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_is_no_identifier_stays(text: str) -> None:
    """Numbers, times, versions, commits, UUIDs, addresses of machines."""
    assert text == masker.text(text)


def test_the_same_identifier_has_the_same_mask_however_it_is_written() -> None:
    """An on-call sees that two messages are about one person; another key says nothing."""
    for group in (
        ("Alice@Example.com", "alice@example.com", "alice%40example.com"),
        ("4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111"),
        ("DE89370400440532013000", "de89 3704 0044 0532 0130 00"),
    ):
        assert 1 == len({masker.text(each) for each in group})
    assert masker.text("alice@example.com") != masker.text("bob@example.com")
    other = Masker(MaskingSettings(), b"another key, another key, another")
    assert masker.text("alice@example.com") != other.text("alice@example.com")


SOME = st.sampled_from([identifier for _, identifier in FOUND])
PIECES = st.one_of(
    SOME,
    st.sampled_from([" ", "-", ".", ":", "/", "(", ")", "+", "0", "00", "@", "tel ", "1", "_"]),
    st.text(max_size=6),
    st.from_regex(r"[0-9]{1,5}", fullmatch=True),
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    """The door masks, and the store masks again: the dedup key stays the same."""
    once = masker.text(text)

    assert once == masker.text(once)


@given(st.lists(st.tuples(SOME, st.sampled_from([", ", "; ", "\n", " | "])), max_size=6))
def test_none_of_several_is_left(identifiers: list[tuple[str, str]]) -> None:
    """In a list, every one is masked."""
    text = "".join(identifier + separator for identifier, separator in identifiers)

    masked = masker.text(text)

    assert len(identifiers) == len(MASK.findall(masked))
    assert "".join(separator for _, separator in identifiers) == MASK.sub("", masked)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz ,.!?[]", max_size=200))
def test_words_are_never_touched(text: str) -> None:
    """A text without digits and @ holds no identifier."""
    assert text == masker.text(text)


@given(st.integers(min_value=10**11, max_value=10**17))
def test_a_number_with_its_check_digit_passes_and_no_other(number: int) -> None:
    """Luhn: exactly one of the ten last digits is right."""
    right = [digit for digit in range(10) if luhn(f"{number}{digit}")]

    assert 1 == len(right)


def test_check_digits_by_the_standards_examples() -> None:
    """ISO/IEC 7812-1 and ISO 13616."""
    assert luhn("4539 5787 6362 1486")
    assert not luhn("4539 5787 6362 1487")
    assert not luhn("0000000000000000")
    assert mod97("GB82 WEST 1234 5698 7654 32")
    assert not mod97("GB82 WEST 1234 5698 7654 23")


HOSTILE = ["1", "1 ", "a@", "+1", "a.", "0", "(0", "01 ", "01.", "a@a.", "4111 ", "%40a", "GB2",
           "1-", "tel ", "[email bcdfghjk]", "1.1.1.1 ", "2026-01-01 ", "alice@example.com ",
           "+49 171 1234567 ", "12345678-0123-4123-8123-123456789012 "]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_ten_times_the_text_takes_ten_times_as_long(piece: str) -> None:
    """Linear: a sender cannot make the intake wait. The bound is far above what was measured."""
    small, large = (piece * (size // len(piece)) for size in (30_000, 300_000))

    def seconds(text: str) -> float:
        began = time.process_time()
        masker.text(text)
        return time.process_time() - began

    assert seconds(large) < 40 * min(seconds(small) for _ in range(3)) + 0.2


def test_an_alert_is_masked_as_a_whole() -> None:
    """Description, service, source, key, labels and details, names too, however deep."""
    alert = Alert(
        type=None,
        description="leak: alice@example.com",
        service="mail of bob@example.com",
        source="carol@example.com",
        dedup_key="leak:dave@example.com",
        labels={"user": "erin@example.com", "frank@example.com": "x"},
        details={
            "rows": [{"grace@example.com": {"deep": "heidi@example.com"}}],
            "card": 4111111111111111,
            "phone": "5551234567",
            "mobile_no": 5551234567,
            "ssn": "123456789",
            "count": 5551234567,
            "ok": True,
            "share": 0.25,
            "none": None,
        },
    )

    masked = masker.alert(alert)

    text = masked.model_dump_json()
    assert "example.com" not in text
    assert "4111111111111111" not in text
    assert "123456789" not in text
    rest = (masked.details["count"], masked.details["ok"], masked.details["share"])
    assert (5551234567, True, 0.25) == rest
    assert kinds_in(str(masked.details["phone"])) == ["phone"]
    assert masked.details["phone"] == masked.details["mobile_no"]
    assert alert.detected_at == masked.detected_at
    assert masked == masker.alert(masked)
    Alert.model_validate(masked.to_json())


def test_an_alert_without_identifiers_is_the_same_object() -> None:
    """Nothing is copied on the usual way."""
    alert = Alert(description="502", labels={"alertname": "X"}, details={"n": [1, {"a": "b"}]})

    assert alert is masker.alert(alert)


def test_a_mask_longer_than_its_identifier_never_loses_an_alert() -> None:
    """What no longer fits is cut; a key becomes its hash, so that two keys stay two."""
    short = "a@b.co "
    alert = Alert(
        description=short * 2_857, service=short * 28, dedup_key=short * 142, source=short * 28
    )
    other = alert.model_copy(update={"dedup_key": short * 141 + "c@d.co "})

    masked = masker.alert(alert)

    Alert.model_validate(masked.to_json())
    assert masked == masker.alert(masked)
    keys = {dedup_key_for(each, IncidentType.UNKNOWN) for each in (masked, masker.alert(other))}
    assert 2 == len(keys)


def test_what_the_settings_say() -> None:
    """Off, fewer kinds, more kinds, own patterns with check digits, and what is allowed."""
    text = "alice@example.com 4111111111111111 10.0.0.1 fe80::1 P-1234 79927398713"

    def masked(**settings: object) -> list[str]:
        own = Masker(MaskingSettings.model_validate(settings), KEY)
        result = own.text(text)
        assert result == own.text(result)
        return kinds_in(result)

    assert [] == masked(enabled=False)
    assert ["card"] == masked(kinds=["card"])
    assert ["ipv4", "ipv6"] == masked(kinds=["ipv4", "ipv6"])
    assert ["patient"] == masked(kinds=[], patterns={"patient": r"P-\d{4}"})
    luhn_only = {"member": {"regex": r"\b\d{11}\b", "check": "luhn"}}
    assert ["member"] == masked(kinds=[], patterns=luhn_only)
    assert ["letters"] * 2 == masked(kinds=[], patterns={"letters": "[a-z]{4,}"})
    assert ["card"] == masked(allow=["ALICE@example.com"])
    assert ["card"] == masked(allow=["@example.com"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": ["shoe-size"]},
        {"patterns": {"x": "("}},
        {"patterns": {"x": "a*"}},
        {"patterns": {"Not A Name": "a"}},
        {"patterns": {"email": "a"}},
        {"patterns": {"x": {"regex": "a", "check": "crc"}}},
        {"key": "short"},
    ],
)
def test_a_wrong_setting_stops_the_start(wrong: dict[str, object]) -> None:
    """Otherwise nobody would know that nothing is masked."""
    with pytest.raises(ValidationError):
        MaskingSettings.model_validate(wrong)


def test_digits_are_ascii_digits() -> None:
    """Other scripts' digits have no check digit."""
    assert "12" == digits_of("1٣2")

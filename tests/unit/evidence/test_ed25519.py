"""The small verification of Ed25519 in the script says what the library says."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.evidence.script.ed25519 import ORDER, is_signed


def library_says(public: bytes, signature: bytes, message: bytes) -> bool:
    """What `cryptography`, and so OpenSSL, says."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 1023))
def test_it_says_what_the_library_says(seed: bytes, message: bytes, bit: int) -> None:
    """Of a signature, and of one in which a bit of signature, key or message is another."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert is_signed(public, signature, message)

    all_of = bytearray(signature + public + message)
    place = bit % (len(all_of) * 8)
    all_of[place // 8] ^= 1 << place % 8
    parts = bytes(all_of[64:96]), bytes(all_of[:64]), bytes(all_of[96:])
    assert is_signed(*parts) == library_says(*parts) is False


def test_odd_ones_are_refused() -> None:
    """A scalar that is too large (the same signature in another writing), and wrong lengths."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, signature = key.public_key().public_bytes_raw(), key.sign(b"")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    other = signature[:32] + scalar.to_bytes(32, "little")

    assert not library_says(public, other, b"")
    assert not is_signed(public, other, b"")
    assert not is_signed(public, b"", b"")
    assert not is_signed(b"", signature, b"")

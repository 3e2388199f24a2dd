"""Verifies an Ed25519 signature, as RFC 8032 section 5.1.7 and its appendix A have it."""

from __future__ import annotations

import hashlib

Point = tuple[int, int, int, int]

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def point_of(packed: bytes) -> Point | None:
    """The point in 32 bytes; None when they are none."""
    number = int.from_bytes(packed, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def added(one: Point, other: Point) -> Point:
    """The sum of two points."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    """The point, so many times."""
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = added(total, point)
        point, number = added(point, point), number >> 1
    return total


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """True when the signature (64 bytes) of the message is by this public key (32 bytes)."""
    base = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    point = point_of(public) if len(public) == 32 and len(signature) == 64 else None
    scalar = int.from_bytes(signature[32:], "little")
    if base is None or point is None or scalar >= ORDER:
        return False
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(hashed, "little") % ORDER
    minus = (P - point[0], point[1], 1, P - point[3])
    x, y, z, _ = added(times(scalar, base), times(challenge, minus))
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return signature[:32] == (y | (x & 1) << 255).to_bytes(32, "little")

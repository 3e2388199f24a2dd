"""Cookies of people who signed in: only ours count, for a while, until the token changes."""

from __future__ import annotations

import pytest

from deployments.web.sessions import COOKIE, Session, Sessions

HERE = Sessions("credential", "token")
SIGNED_IN = Session("the intake's token")


def test_a_session_is_read_from_its_cookie() -> None:
    """No script gets it, no other site sends it; by TLS only where there is TLS."""
    cookie = HERE.cookie(SIGNED_IN, secure=False).decode()

    assert HERE.read(_sent(cookie)) == SIGNED_IN
    assert HERE.read(b"other=1; " + _sent(cookie) + b"; another=2") == SIGNED_IN
    assert "; HttpOnly; SameSite=Strict" in cookie
    assert "Secure" not in cookie
    assert HERE.cookie(SIGNED_IN, secure=True).endswith(b"; Secure")


@pytest.mark.parametrize("other", [Sessions("another", "token"), Sessions("credential", "another")])
def test_a_changed_token_or_credential_ends_every_session(other: Sessions) -> None:
    """So whoever changes it after a theft has nobody left inside."""
    assert other.read(_sent(HERE.cookie(SIGNED_IN, secure=False).decode())) is None


def test_a_session_ends_by_itself() -> None:
    """It is not that old in a test: a second session has no time at all."""
    short = Sessions("credential", "token", seconds=-1)

    assert short.read(_sent(short.cookie(SIGNED_IN, secure=False).decode())) is None


@pytest.mark.parametrize(
    "cookies",
    [None, b"", b"other=1", f"{COOKIE}=".encode(), f"{COOKIE}=e30.x.y".encode(), b"\xff=\x00;;="],
)
def test_anything_else_is_no_session(cookies: bytes | None) -> None:
    """Whatever a client sends."""
    assert HERE.read(cookies) is None


def test_a_changed_cookie_is_no_session() -> None:
    """One character is enough."""
    sent = _sent(HERE.cookie(SIGNED_IN, secure=False).decode())
    at = len(COOKIE) + 3

    assert (
        HERE.read(sent[:at] + (b"A" if sent[at : at + 1] != b"A" else b"B") + sent[at + 1 :])
        is None
    )


def _sent(set_cookie: str) -> bytes:
    return set_cookie.partition(";")[0].encode()

"""Cookies of people who signed in: only ours count, for a while, until the key changes."""

from __future__ import annotations

import pytest

from deployments.web.sessions import COOKIE, Cookies

KEY = b"the-key-of-this-installation"
HERE = Cookies(KEY)
HOUR = 3600
SIGNED_IN = "a-session"


def test_a_session_is_read_from_its_cookie() -> None:
    """No script gets it, no form of another site sends it; by TLS only where there is TLS."""
    cookie = HERE.cookie(SIGNED_IN, HOUR, secure=False).decode()

    assert HERE.read(_sent(cookie), HOUR) == SIGNED_IN
    assert HERE.read(b"other=1; " + _sent(cookie) + b"; another=2", HOUR) == SIGNED_IN
    assert f"; Max-Age={HOUR}; HttpOnly; SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert HERE.cookie(SIGNED_IN, HOUR, secure=True).endswith(b"; Secure")


@pytest.mark.parametrize("other", [Cookies(b"another-key"), Cookies(KEY, "another_name")])
def test_a_changed_key_ends_every_session(other: Cookies) -> None:
    """So whoever changes it after a theft has nobody left inside. Nor does another cookie count."""
    sent = _sent(HERE.cookie(SIGNED_IN, HOUR, secure=False).decode())

    assert other.read(sent, HOUR) is None
    assert other.read(sent.replace(COOKIE.encode(), b"another_name"), HOUR) is None


def test_a_session_ends_by_itself() -> None:
    """It is not that old in a test: with no time at all it is over."""
    assert HERE.read(_sent(HERE.cookie(SIGNED_IN, HOUR, secure=False).decode()), -1) is None


@pytest.mark.parametrize(
    "cookies",
    [None, b"", b"other=1", f"{COOKIE}=".encode(), f"{COOKIE}=e30.x.y".encode(), b"\xff=\x00;;="],
)
def test_anything_else_is_no_session(cookies: bytes | None) -> None:
    """Whatever a client sends."""
    assert HERE.read(cookies, HOUR) is None


def test_a_changed_cookie_is_no_session() -> None:
    """One character is enough."""
    sent = _sent(HERE.cookie(SIGNED_IN, HOUR, secure=False).decode())
    at = len(COOKIE) + 3
    changed = sent[:at] + (b"A" if sent[at : at + 1] != b"A" else b"B") + sent[at + 1 :]

    assert HERE.read(changed, HOUR) is None


def test_what_a_page_sends_back_fits_one_session() -> None:
    """Neither another session's nor another installation's."""
    own = HERE.csrf(SIGNED_IN)

    assert own == HERE.csrf(SIGNED_IN)
    assert own not in (HERE.csrf("another-session"), Cookies(b"another-key").csrf(SIGNED_IN))


def _sent(set_cookie: str) -> bytes:
    return set_cookie.partition(";")[0].encode()

"""Sessions of people who have signed in: a signed cookie that no script can read."""

from __future__ import annotations

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple

from itsdangerous import BadSignature, URLSafeTimedSerializer

COOKIE = "aeef_prefect"
"""Cookies know no ports: the intake on the same machine would get one of the same name."""
SESSION_SECONDS = 12 * 60 * 60


class Session(NamedTuple):
    """Somebody who has signed in. method: how, in words."""

    method: str


class Sessions:
    """Makes and reads the cookies. Whoever changes the token or the credential ends them all."""

    def __init__(self, credential: str, token: str, seconds: int = SESSION_SECONDS) -> None:
        key = hmac.digest(credential.encode(), token.encode(), "sha256")
        self._signer = URLSafeTimedSerializer(
            key, salt="aeef.session", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._seconds = seconds

    def cookie(self, session: Session, *, secure: bool) -> bytes:
        """The value of `Set-Cookie` for a new session."""
        return _set_cookie(self._signer.dumps(session._asdict()), self._seconds, secure=secure)

    def end(self, *, secure: bool) -> bytes:
        """The value of `Set-Cookie` that ends a session."""
        return _set_cookie("", 0, secure=secure)

    def read(self, cookies: bytes | None) -> Session | None:
        """The session in a `Cookie` header; None when there is none, or one that is over."""
        if cookies is None:
            return None
        try:
            found = SimpleCookie(cookies.decode("latin-1")).get(COOKIE)
            if found is None:
                return None
            return Session(**self._signer.loads(found.value, max_age=self._seconds))
        except (BadSignature, CookieError, TypeError):
            return None


def _set_cookie(value: str, seconds: int, *, secure: bool) -> bytes:
    ends = "; Secure" if secure else ""
    text = f"{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{ends}"
    return text.encode("ascii")

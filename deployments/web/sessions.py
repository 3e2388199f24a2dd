"""The cookie of people who have signed in: signed, and no script can read it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from http.cookies import CookieError, SimpleCookie

from itsdangerous import BadSignature, URLSafeTimedSerializer

from schemas.errors import ConfigurationError
from schemas.settings import Settings
from tasks.base.home import make_home, secret_in

COOKIE = "aeef_session"
"""Cookies know no ports: this one serves the intake and Prefect's UI on the same machine alike."""
KEY_FILE = "session.key"
KEY_BYTES = 32


def session_key(settings: Settings) -> bytes:
    """What cookies are signed with; generated on first use. Whoever changes it ends all sessions.

    Raises ConfigurationError when the file cannot be read.
    """
    if settings.sign_in.key is not None:
        return settings.sign_in.key.get_secret_value().encode()
    path = settings.home / KEY_FILE
    try:
        make_home(settings.home)
        return secret_in(path, lambda: secrets.token_urlsafe(KEY_BYTES))
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({type(error).__name__}): it belongs to the user that runs"
            " `aeef up`; elsewhere use a personal token, see docs/people.md"
        ) from None


class Cookies:
    """Makes and reads signed values: the session's cookie, and the token that pages send back."""

    def __init__(self, key: bytes, name: str = COOKIE) -> None:
        self._key = key
        self._name = name
        self._signer = URLSafeTimedSerializer(
            key, salt=f"aeef.{name}", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def cookie(self, value: str, seconds: int, *, secure: bool) -> bytes:
        """The value of `Set-Cookie`."""
        return self._set_cookie(self._signer.dumps(value), seconds, secure=secure)

    def end(self, *, secure: bool) -> bytes:
        """The value of `Set-Cookie` that takes it away."""
        return self._set_cookie("", 0, secure=secure)

    def read(self, cookies: bytes | None, seconds: int) -> str | None:
        """The value in a `Cookie` header; None when there is none, or one that is too old."""
        if cookies is None:
            return None
        try:
            found = SimpleCookie(cookies.decode("latin-1")).get(self._name)
            value = found and self._signer.loads(found.value, max_age=seconds)
        except (BadSignature, CookieError):
            return None
        return value if isinstance(value, str) else None

    def csrf(self, session: str) -> str:
        """What a page of ours knows, and a page of somebody else does not."""
        return hmac.new(self._key, f"csrf {session}".encode(), hashlib.sha256).hexdigest()

    def _set_cookie(self, value: str, seconds: int, *, secure: bool) -> bytes:
        # Lax: a link in a message leads to the page, and no other site can send a form with it.
        ends = "; Secure" if secure else ""
        text = f"{self._name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{ends}"
        return text.encode("ascii")

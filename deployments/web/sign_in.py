"""The page where people sign in with the intake's token, and out."""

from __future__ import annotations

import hmac
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deployments.web.asgi import Raw, Receive, Scope, Send
from deployments.web.headers import NO_FRAME, POLICY, answer, refuse
from deployments.web.origins import READS, Headers, Origins, says_which_page
from deployments.web.sessions import Session, Sessions

SIGN_IN, SIGN_OUT = "/signin", "/signout"
BY_TOKEN = "the intake's token"  # noqa: S105 - how somebody signed in
MOST_BYTES = 4096
MOST_FAILURES, IN_SECONDS = 10, 60.0
"""So many wrong tokens, and then nobody signs in until some of them are that old."""
STRICT = f"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; {NO_FRAME}"

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
)


class SignIn:
    """Serves `/signin` and `/signout`."""

    def __init__(
        self,
        token: str,
        sessions: Sessions,
        origins: Origins,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token = token.encode()
        self._sessions = sessions
        self._origins = origins
        self._clock = clock
        self._failures: deque[float] = deque(maxlen=MOST_FAILURES)

    async def serve(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        """Answer one request for either path."""
        secure = self._origins.is_secure(headers)
        if scope["method"] in READS:
            wanted = parse_qs(scope.get("query_string", b"").decode("latin-1"))
            signed_in = self._sessions.read(headers.get(b"cookie")) is not None
            page = _page(next=_inside(wanted.get("next", ["/"])[0]), signed_in=signed_in)
            await _show(send, 200, page)
        elif scope["method"] != "POST":
            await refuse(send, 405, "only GET and POST")
        elif not says_which_page(headers):
            await refuse(send, 403, "a browser says which page asks: this request does not")
        elif scope["path"] == SIGN_OUT:
            await _go(send, SIGN_IN, self._sessions.end(secure=secure))
        else:
            await self._sign_in(await _form(receive), send, secure=secure)

    async def _sign_in(
        self, form: dict[str, list[str]] | None, send: Send, *, secure: bool
    ) -> None:
        if form is None:
            await refuse(send, 413, "the form is too large")
            return
        goal = _inside(form.get("next", ["/"])[0])
        now = self._clock()
        if len(self._failures) == MOST_FAILURES and now - self._failures[0] < IN_SECONDS:
            wait = max(1, round(IN_SECONDS - (now - self._failures[0])))
            page = _page(next=goal, problem=f"Too many wrong tokens: try it again in {wait} s.")
            await _show(send, 429, page, (b"retry-after", str(wait).encode()))
            return
        given = form.get("token", [""])[0].strip().encode()
        if not hmac.compare_digest(given, self._token) or not self._token:
            self._failures.append(now)
            await _show(send, 401, _page(next=goal, problem="That is not the token."))
            return
        await _go(send, goal, self._sessions.cookie(Session(BY_TOKEN), secure=secure))


async def ask_to_sign_in(scope: Scope, send: Send) -> None:
    """Lead a browser that opens a page to the sign-in, and afterwards back to the page."""
    wanted = scope["path"]
    if query := scope.get("query_string", b""):
        wanted += f"?{query.decode('latin-1')}"
    await _go(send, f"{SIGN_IN}?{urlencode({'next': wanted})}")


async def load_again(send: Send) -> None:
    """Let the browser load the page again, from here: it keeps the cookie from links elsewhere."""
    await _show(send, 200, _page(again=True))


def _inside(path: str) -> str:
    """The path to go to; `/` for anything that could lead elsewhere."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else "/"


def _page(**values: Any) -> bytes:
    given = {"again": False, "signed_in": False, "problem": "", "next": "/"} | values
    return _templates.get_template("signin.html").render(given).encode()


async def _show(send: Send, status: int, page: bytes, *headers: Raw) -> None:
    await answer(
        send, status, page, "text/html; charset=utf-8", [(POLICY, STRICT.encode()), *headers]
    )


async def _go(send: Send, path: str, cookie: bytes | None = None) -> None:
    headers = [(b"location", quote(path, safe="/?&=%+:,;@!$'()*~#").encode())]
    if cookie is not None:
        headers.append((b"set-cookie", cookie))
    await answer(send, 303, b"", "text/plain", headers)


async def _form(receive: Receive) -> dict[str, list[str]] | None:
    """The fields of a form; None when it is too large."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return parse_qs(body.decode("latin-1"))

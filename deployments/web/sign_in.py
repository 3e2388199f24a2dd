"""The page where people sign in and out: one for the intake and for Prefect's UI."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deployments.web import by_oidc
from deployments.web.asgi import BODY_SECONDS, Raw, Receive, Scope, Send
from deployments.web.attempts import Attempts
from deployments.web.headers import NO_FRAME, POLICY, answer, refuse
from deployments.web.origins import READS, Headers, Origins, says_which_page
from deployments.web.visitors import SignedIn, Visitors
from schemas.errors import AeefError, NotAllowed, OutsideServiceError

SIGN_IN, SIGN_OUT = "/signin", "/signout"
PATHS = frozenset({SIGN_IN, SIGN_OUT, by_oidc.BEGIN, by_oidc.BACK})
MOST_BYTES = 4096
STRICT = f"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; {NO_FRAME}"
UNKNOWN = (
    "That is no personal token, or it is over. A sender's token, as the intake's, signs nobody in:"
    " `aeef people token NAME` makes a person's."
)
USED_LINK = "That link was used before, or is too old: `aeef people link` makes another."

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
)


class SignIn:
    """Serves `/signin` and `/signout`. home: where a person goes who came for no page."""

    def __init__(
        self, visitors: Visitors, origins: Origins, home: str, attempts: Attempts | None = None
    ) -> None:
        self._visitors = visitors
        self._origins = origins
        self._home = home
        self._attempts = attempts or Attempts()
        self._by_oidc = by_oidc.ByOidc(visitors, origins)

    async def serve(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        """Answer one request for one of `PATHS`."""
        try:
            if scope["path"] in (by_oidc.BEGIN, by_oidc.BACK):
                await self._oidc(scope, send, headers)
            elif scope["method"] in READS:
                await self._show(scope, send, headers)
            elif scope["method"] != "POST":
                await refuse(send, 405, "only GET and POST")
            elif not says_which_page(headers):
                await refuse(send, 403, "a browser says which page asks: this request does not")
            elif scope["path"] == SIGN_OUT:
                await self._sign_out(send, headers)
            else:
                await self._sign_in(scope, await _form(receive), send, headers)
        except AeefError:
            await refuse(send, 503, "who is there cannot be looked up now: try it again")

    async def _show(self, scope: Scope, send: Send, headers: Headers) -> None:
        wanted = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        found = await self._visitors.signed_in(headers)
        await _show(send, 200, self._page(wanted, signed_in=found))

    async def _sign_in(
        self, scope: Scope, form: Mapping[str, list[str]] | None, send: Send, headers: Headers
    ) -> None:
        if form is None:
            await refuse(send, 413, "the form is too large")
            return
        client = _client(scope)
        if wait := self._attempts.wait(client):
            await self._too_many(send, wait, form)
            return
        link, token = _first(form, "link"), _first(form, "token")
        look = (self._visitors.use_link, link) if link else (self._visitors.by_token, token)
        found = await self._visitors.threads.run(*look)
        if found is None:
            self._attempts.failed(client)
            form = {"next": [_first(form, "next")]}
            await _show(send, 401, self._page(form, problem=USED_LINK if link else UNKNOWN))
            return
        cookie = await self._begin(found, client, headers)
        await _go(send, _inside(_first(form, "next"), self._home), cookie)

    async def _oidc(self, scope: Scope, send: Send, headers: Headers) -> None:
        client = _client(scope)
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        if scope["method"] != "GET":
            await refuse(send, 405, "only GET")
            return
        if wait := self._attempts.wait(client):
            await self._too_many(send, wait, {})
            return
        try:
            if scope["path"] == by_oidc.BEGIN:
                goal = _inside(_first(query, "next"), self._home)
                step = await self._by_oidc.begin(scope, headers, goal)
            else:
                step = await self._by_oidc.finish(scope, headers)
        except (NotAllowed, OutsideServiceError) as error:
            # Any page may lead a browser here, and a provider that is away is nobody's failure.
            if isinstance(error, NotAllowed) and self._by_oidc.has_begun(headers):
                self._attempts.failed(client)
            status = 403 if isinstance(error, NotAllowed) else 502
            await _show(send, status, self._page({}, problem=f"{error}."))
            return
        cookies = [step.cookie]
        if step.found is not None:
            cookies.append(await self._begin(step.found, client, headers))
        await _go(send, step.address, *cookies)

    async def _begin(self, found: SignedIn, client: str, headers: Headers) -> bytes:
        """The cookie of a new session."""
        session = await self._visitors.threads.run(self._visitors.begin, found, client)
        secure = self._origins.is_secure(headers)
        return self._visitors.cookies.cookie(session, self._visitors.seconds, secure=secure)

    async def _too_many(self, send: Send, wait: int, given: Mapping[str, list[str]]) -> None:
        page = self._page(given, problem=f"Too many failures: try it again in {wait} s.")
        await _show(send, 429, page, (b"retry-after", str(wait).encode()))

    async def _sign_out(self, send: Send, headers: Headers) -> None:
        if found := await self._visitors.signed_in(headers):
            await self._visitors.threads.run(self._visitors.end, found)
        secure = self._origins.is_secure(headers)
        await _go(send, SIGN_IN, self._visitors.cookies.end(secure=secure))

    def _page(
        self,
        given: Mapping[str, list[str]],
        *,
        problem: str = "",
        signed_in: SignedIn | None = None,
    ) -> bytes:
        goal, oidc = _inside(_first(given, "next"), self._home), self._visitors.now().oidc
        values = {
            "next": goal,
            "oidc": by_oidc.address(goal) if oidc else "",
            "issuer": urlsplit(oidc.issuer).hostname if oidc else "",
            "link": _first(given, "link"),
            "home": self._home,
            "problem": problem,
            "called": signed_in.actor.called if signed_in else "",
        }
        return _templates.get_template("signin.html").render(values).encode()


async def ask_to_sign_in(scope: Scope, send: Send) -> None:
    """Lead a browser that opens a page to the sign-in, and afterwards back to the page."""
    wanted = scope["path"]
    if query := scope.get("query_string", b""):
        wanted += f"?{query.decode('latin-1')}"
    await _go(send, f"{SIGN_IN}?{urlencode({'next': wanted})}")


def _inside(path: str, home: str) -> str:
    """The path to go to; home for anything that could lead elsewhere."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else home


def _first(fields: Mapping[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[0].strip()


def _client(scope: Scope) -> str:
    return str((scope.get("client") or ("an unknown address",))[0])


async def _show(send: Send, status: int, page: bytes, *headers: Raw) -> None:
    await answer(
        send, status, page, "text/html; charset=utf-8", [(POLICY, STRICT.encode()), *headers]
    )


async def _go(send: Send, path: str, *cookies: bytes) -> None:
    headers = [(b"location", quote(path, safe="/?&=%+:,;@!$'()*~#").encode())]
    headers += [(b"set-cookie", cookie) for cookie in cookies]
    await answer(send, 303, b"", "text/plain", headers)


async def _form(receive: Receive) -> dict[str, list[str]] | None:
    """The fields of a form; None when it is too large."""
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > MOST_BYTES:
                    return None
                if not message.get("more_body"):
                    return parse_qs(body.decode("latin-1"))
    except TimeoutError:
        return {}  # what is missing counts as wrong

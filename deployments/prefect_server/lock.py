"""Around Prefect's application: nobody comes in without a credential, or after signing in.

Our processes have the credential, people sign in. What is refused here never reaches Prefect.
This is no patch that can be turned off: it stands outside of Prefect, whatever its version.
"""

from __future__ import annotations

import base64
from hmac import compare_digest

from deployments.prefect_server.acts import is_reading
from deployments.prefect_server.by_people import People
from deployments.prefect_server.sockets import logged_in
from deployments.web.asgi import Application, Receive, Scope, Send
from deployments.web.headers import asked_for_again, protected, refuse
from deployments.web.origins import (
    READS,
    Headers,
    Origins,
    is_navigation,
    named_headers,
    says_which_page,
)
from deployments.web.sign_in import PATHS, SignIn, ask_to_sign_in
from deployments.web.visitors import Visitors
from schemas.errors import AeefError
from schemas.people import Actor, Right, roles_with

SHUT = {
    f"{prefix}/{page}"
    for prefix in ("", "/api")
    for page in ("docs", "redoc", "openapi.json", "docs/oauth2-redirect")
}
"""They run scripts of other sites, with all that the person may do here."""
READ_ONLY_SOCKET = "/out"
HOLDS_SECRETS = "block_documents"
"""In the path: a request may ask for the secrets of blocks (`include_secrets`)."""
NOBODY = (
    "this Prefect server asks who is there: give PREFECT_API_AUTH_STRING what is in"
    " AEEF_HOME/prefect.credential, or sign in at /signin"
)


class Lock:
    """An ASGI application that lets requests through to Prefect's."""

    def __init__(
        self,
        prefect: Application,
        *,
        credential: str,
        visitors: Visitors,
        origins: Origins,
        people: People,
    ) -> None:
        self._prefect = prefect
        self._credential = credential
        self._basic = b"Basic " + base64.b64encode(credential.encode())
        self._origins = origins
        self._visitors = visitors
        self._sign_in = SignIn(visitors, origins, "/")
        self._people = people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or answer it."""
        if scope["type"] == "lifespan":
            await self._prefect(scope, receive, send)
            return
        headers = named_headers(scope)
        is_socket = scope["type"] == "websocket"
        why = self._origins.refused_host(headers) or self._origins.refused_page(
            "GET" if is_socket else scope["method"], headers
        )
        if why:
            await (_close(receive, send) if is_socket else refuse(send, 403, why))
        elif scope["path"].rstrip("/") in SHUT:
            await (_close(receive, send) if is_socket else refuse(send, 404, "there is none"))
        elif compare_digest(headers.get(b"authorization", b""), self._basic):
            await self._prefect(scope, receive, send)
        elif is_socket:
            await self._socket(scope, receive, send, headers)
        else:
            await self._person(scope, receive, send, headers)

    async def _person(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        if scope["path"] in PATHS:
            await self._sign_in.serve(scope, receive, send, headers)
            return
        try:
            found = await self._visitors.signed_in(headers)
        except AeefError:
            await refuse(send, 503, "who is there cannot be looked up now: try it again")
            return
        if found is None or not found.actor.may(Right.READ):
            if scope["method"] in READS and is_navigation(headers):
                await ask_to_sign_in(scope, send)
            else:
                await refuse(send, 401, NOBODY)
        elif HOLDS_SECRETS in scope["path"] and not found.actor.may(Right.ADMIN):
            may = ", ".join(roles_with(Right.ADMIN))
            await refuse(send, 403, f"Prefect's blocks may hold secrets: that may {may}")
        elif scope["method"] in READS:
            await self._prefect(scope, receive, asked_for_again(protected(send)))
        elif not says_which_page(headers):
            await refuse(send, 403, "a browser says which page asks: this request does not")
        else:
            await self._change(scope, receive, send, found.actor)

    async def _change(self, scope: Scope, receive: Receive, send: Send, actor: Actor) -> None:
        """Prefect's UI reads by POST, too; that is for everybody."""
        if is_reading(scope["method"], scope["path"]):
            await self._prefect(scope, receive, protected(send))
        elif not actor.may(Right.RESPOND):
            may = ", ".join(roles_with(Right.RESPOND))
            await refuse(
                send, 403, f"{actor.called} may look here, and change nothing: that may {may}"
            )
        else:
            await self._people.on_record(self._prefect, scope, receive, protected(send), actor)

    async def _socket(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        """A browser may listen; Prefect's clients log in by their first message."""
        may_listen = b"origin" in headers and scope["path"].endswith(READ_ONLY_SOCKET)
        if may_listen and await self._has_session(headers):
            await self._prefect(scope, receive, send)
        elif "prefect" in scope.get("subprotocols", ()):
            await logged_in(self._prefect, scope, receive, send, self._credential)
        else:
            await _close(receive, send)

    async def _has_session(self, headers: Headers) -> bool:
        try:
            return await self._visitors.signed_in(headers) is not None
        except AeefError:
            return False


async def _close(receive: Receive, send: Send) -> None:
    """Refuse a socket: before it is accepted that is an answer 403."""
    await receive()
    await send({"type": "websocket.close", "code": 1008})

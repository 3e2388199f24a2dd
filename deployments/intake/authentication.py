"""Who may come in at the intake: senders by their token, people by theirs or by their session.

A sender may send alerts and nothing else; what a person may, their roles say.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode

from fastapi import HTTPException, Request

from deployments.web.asgi import BODY_SECONDS
from deployments.web.origins import READS, is_navigation, named_headers, says_which_page
from deployments.web.sign_in import SIGN_IN
from deployments.web.token import senders_of
from deployments.web.visitors import (
    BASIC_USER,
    HOST_PREFIX,
    TOKEN_PREFIX,
    SignedIn,
    Visitors,
    given_in,
)
from schemas.people import Actor, Right, roles_with
from schemas.settings import Settings
from tasks.store import Store

MOST_FORM_BYTES = 1 << 18
"""The longest text of a review is 20,000 characters, of up to 12 bytes each in a form."""
MOST_FIELDS = 200
FORM = "application/x-www-form-urlencoded"
CSRF_FIELD, CSRF_HEADER = "csrf", "X-CSRF-Token"

PersonGuard = Callable[[Request], Awaitable[Actor]]


class Guards:
    """The dependencies of routes: `Depends(guards.sender)`, `Depends(guards.person(Right.READ))`.

    current: the settings as they are now; default: those that are given.
    """

    def __init__(
        self, settings: Settings, store: Store, current: Callable[[], Settings] | None = None
    ) -> None:
        self.visitors = Visitors(current or (lambda: settings), lambda: store)
        self._senders = {_digest(token): name for name, token in senders_of(settings).items()}

    async def sender(self, request: Request) -> str:
        """The name of the sender; a person who may respond is one, too. Else 401 that says how."""
        header = request.headers.get("authorization", "")
        user, given = given_in(header)
        # Found by its hash: the time that it takes reveals nothing of the token.
        name = self._senders.get(_digest(given)) if user in (None, BASIC_USER) else None
        if name is not None:
            return name
        if given.startswith((TOKEN_PREFIX, HOST_PREFIX)):
            found = await self.visitors.threads.run(self.visitors.by_authorization, header)
            if found is not None:
                return self._with(Right.RESPOND, found).on_record
        raise HTTPException(
            401,
            "authenticate with a sender's token: 'Authorization: Bearer …', or basic auth"
            f" as user '{BASIC_USER}'",
            headers={"WWW-Authenticate": 'Basic realm="AEEF Runbooks", charset="UTF-8"'},
        )

    def person(self, right: Right) -> PersonGuard:
        """A dependency that returns who asks, if they have the right.

        Else 401, for a browser that opens a page the way to the sign-in, or 403 with who may.
        What a browser sends with its session must come from a page of ours.
        """

        async def guard(request: Request) -> Actor:
            found = await self._found(request)
            if found is None:
                raise _sign_in_first(request)
            request.state.signed_in = found
            request.state.csrf = self.visitors.cookies.csrf(found.session) if found.session else ""
            if found.session and request.method not in READS:
                await _require_our_page(request)
            return self._with(right, found)

        return guard

    async def _found(self, request: Request) -> SignedIn | None:
        if header := request.headers.get("authorization"):
            return await self.visitors.threads.run(self.visitors.by_authorization, header)
        return await self.visitors.signed_in(named_headers(request.scope))

    @staticmethod
    def _with(right: Right, found: SignedIn) -> Actor:
        if not found.actor.may(right):
            may = ", ".join(roles_with(right))
            raise HTTPException(
                403, f"{found.actor.called} may not do this: it needs one of the roles {may}"
            )
        return found.actor


def csrf_of(request: Request) -> str:
    """What a page's forms send back in the field `csrf`, or a script in `X-CSRF-Token`.

    Empty when whoever asks has no session, and so sends no form.
    """
    return str(getattr(request.state, "csrf", ""))


def signed_in_of(request: Request) -> SignedIn | None:
    """Who asks, for a page that shows it."""
    found: SignedIn | None = getattr(request.state, "signed_in", None)
    return found


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form, the last one of each name; nothing for a body that is no form."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return {}
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > MOST_FORM_BYTES:
        raise HTTPException(413, f"a form may have {MOST_FORM_BYTES} bytes, and says how many")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = (await request.body()).decode("utf-8", "replace")
    except TimeoutError:
        raise HTTPException(408, f"the form did not come within {BODY_SECONDS:g} s") from None
    try:
        fields = parse_qs(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(413, f"a form may have {MOST_FIELDS} fields") from None
    return {name: values[-1] for name, values in fields.items()}


async def _require_our_page(request: Request) -> None:
    """Raise 403 unless it is a page of ours that asks. `Protection` has looked at its origin."""
    if not says_which_page(named_headers(request.scope)):
        raise HTTPException(403, "a browser says which page asks: this request does not")
    given: Any = request.headers.get(CSRF_HEADER) or (await form_of(request)).get(CSRF_FIELD, "")
    if not hmac.compare_digest(given.encode(), csrf_of(request).encode()):
        raise HTTPException(
            403, f"this page is too old: load it again (its field '{CSRF_FIELD}' does not fit)"
        )


def _sign_in_first(request: Request) -> HTTPException:
    headers = named_headers(request.scope)
    asks_by_browser = request.method in READS and is_navigation(headers)
    if asks_by_browser and "authorization" not in request.headers:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return HTTPException(
            303, "sign in", headers={"Location": f"{SIGN_IN}?{urlencode({'next': wanted})}"}
        )
    return HTTPException(
        401,
        "authenticate with a personal token, which `aeef people token NAME` makes:"
        " 'Authorization: Bearer …', or sign in at /signin",
        headers={"WWW-Authenticate": 'Bearer realm="AEEF Runbooks"'},
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

"""The two addresses of a sign-in by OpenID Connect: where it begins, and where it comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from deployments.web.asgi import Scope
from deployments.web.origins import Headers, Origins
from deployments.web.own_threads import OwnThreads
from deployments.web.sessions import Cookies
from deployments.web.visitors import SignedIn, Visitors
from schemas.errors import NotAllowed

if TYPE_CHECKING:
    from deployments.web.oidc import Provider

BEGIN, BACK = "/signin/oidc", "/signin/oidc/back"
COOKIE = "aeef_signin"
SECONDS = 600
"""How long somebody may take at the provider."""
AT_ONCE, WAIT_SECONDS = 4, 20.0


class Step(NamedTuple):
    """Where the browser goes next, and what it keeps."""

    address: str
    cookie: bytes
    found: SignedIn | None = None


class ByOidc:
    """Signs people in by the provider that is configured."""

    def __init__(self, visitors: Visitors, origins: Origins) -> None:
        self._visitors = visitors
        self._origins = origins
        self._cookies = Cookies(visitors.key, COOKIE)
        self._provider: Provider | None = None
        # A provider that hangs must not hold up those who have signed in already.
        self._threads = OwnThreads("the OpenID provider", AT_ONCE, WAIT_SECONDS)

    async def begin(self, scope: Scope, headers: Headers, goal: str) -> Step:
        """Send the browser to the provider."""
        provider = self._now()
        here = f"{self._base(headers)}{scope['path']}/back"
        begun = await self._threads.run(provider.begin, here, goal)
        secure = self._origins.is_secure(headers)
        return Step(begun.address, self._cookies.cookie(begun.kept, SECONDS, secure=secure))

    def has_begun(self, headers: Headers) -> bool:
        """True when this browser began a sign-in here."""
        return self._cookies.read(headers.get(b"cookie"), SECONDS) is not None

    async def finish(self, scope: Scope, headers: Headers) -> Step:
        """Take what the provider says of the person. Raises NotAllowed."""
        provider = self._now()
        kept = self._cookies.read(headers.get(b"cookie"), SECONDS)
        if kept is None:
            raise NotAllowed("this sign-in did not begin here, or long ago: sign in anew")
        here = f"{self._base(headers)}{scope['path']}"
        came_to = f"{here}?{scope.get('query_string', b'').decode('latin-1')}"
        begun = json.loads(kept)
        identity = await self._threads.run(provider.finish, begun, came_to, here)
        actor = self._visitors.actor_of(identity._asdict())
        if actor is None:
            whom = identity.email or "that your provider did not vouch for"
            raise NotAllowed(
                f"nobody in [people] has the e-mail {whom}, and none of your groups has a role in"
                " [oidc.groups]"
            )
        end = self._cookies.end(secure=self._origins.is_secure(headers))
        return Step(begun["next"], end, SignedIn(actor, about=identity._asdict()))

    def _now(self) -> Provider:
        """The provider as it is configured now."""
        settings = self._visitors.now().oidc
        if settings is None:
            raise NotAllowed("no OpenID provider is configured: [oidc]")
        # Imported by the first one who signs in so: few installations have a provider.
        from deployments.web.oidc import Provider

        if self._provider is None or self._provider.settings != settings:
            self._provider = Provider(settings)
        return self._provider

    def _base(self, headers: Headers) -> str:
        scheme = "https" if self._origins.is_secure(headers) else "http"
        return f"{scheme}://{headers.get(b'host', b'').decode('latin-1')}"


def address(goal: str) -> str:
    """Where a sign-in for this page begins."""
    return f"{BEGIN}?{urlencode({'next': goal})}"

"""Around the intake: which page may ask for a change, and the headers that each answer has."""

from __future__ import annotations

from collections.abc import Callable

from deployments.web.asgi import Application, Message, Receive, Scope, Send
from deployments.web.headers import NO_FRAME, protected, refuse
from deployments.web.origins import READS, Origins, named_headers, says_which_page
from deployments.web.sign_in import PATHS, SignIn
from deployments.web.visitors import Visitors
from schemas.settings import Settings

HOME = "/incidents"
REMEDY = "; for another address of this intake set AEEF_PUBLIC_URL"


class Protection:
    """An ASGI application that lets requests through to the intake's, and lets people sign in.

    Senders of alerts are no browsers, and may use any name of this machine. A browser says which
    page asks: whatever changes something must come from a page of ours.
    """

    def __init__(
        self,
        intake: Application,
        settings: Settings,
        visitors: Visitors,
        answered: Callable[[int], None],
    ) -> None:
        """answered: gets the status of each answer, to count those that refuse somebody."""
        self._intake = intake
        self._answered = answered
        self._origins = Origins(settings.base_url, any_ip=True)
        self._sign_in = SignIn(visitors, self._origins, HOME)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or refuse it."""
        if scope["type"] != "http":
            await self._intake(scope, receive, send)
            return
        headers, send = named_headers(scope), self._counted(send)
        if scope["method"] not in READS and says_which_page(headers):
            why = self._origins.refused_host(headers)
            if why := why or self._origins.refused_page(scope["method"], headers):
                await refuse(send, 403, why + REMEDY)
                return
        if scope["path"] in PATHS:
            await self._sign_in.serve(scope, receive, send, headers)
            return
        await self._intake(scope, receive, protected(send, NO_FRAME))

    def _counted(self, send: Send) -> Send:
        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answered(message["status"])
            await send(message)

        return counting

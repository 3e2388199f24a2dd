"""The lock around Prefect's application: who gets in, and what never gets to it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from deployments.prefect_server.by_people import People
from deployments.prefect_server.lock import Lock
from deployments.prefect_server.sockets import logged_in
from deployments.prefect_server.spool import Kept, Spool
from deployments.web.asgi import Message, Receive, Scope, Send
from deployments.web.attempts import MOST_FAILURES
from deployments.web.origins import Origins
from deployments.web.sessions import COOKIE
from deployments.web.visitors import Visitors
from fixtures.people import ANN, PEOPLE, token_for
from schemas.settings import Settings
from tasks.store import open_store
from tasks.store.people.keys import KeyKind

CREDENTIAL, TOKEN = "aeef:the-credential", "aeef_0123456789ab_made-up"
BASE = "http://127.0.0.1:4200"
BASIC = {"authorization": "Basic " + base64.b64encode(CREDENTIAL.encode()).decode()}
OURS = {"origin": BASE}
RUN = "0b6f2f7e-8a4e-4c1b-9d57-6a8f6b1c0d11"
INCIDENT = "11111111-2222-4333-8444-555555555555"


class Prefect:
    """An application that knows one run, and counts what comes to it."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self.bodies: list[bytes] = []
        self.answer: tuple[int, Any] = (200, {"status": "ACCEPT"})
        self.media_type = "application/json"
        self.messages: list[Message] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if dict(scope["headers"]).get(b"host") == b"prefect":  # the lock itself looks a run up
            status, said = 200, {"name": "shop", "parameters": {"alert": {"incidentId": INCIDENT}}}
        else:
            self.came.append(f"{scope['method']} {scope['path']}")
            self.bodies.append(body)
            status, said = self.answer
            if isinstance(said, Exception):
                raise said
        headers = [(b"content-type", self.media_type.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.came.append(f"socket {scope['path']}")
        assert "websocket.connect" == (await receive())["type"]
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            self.messages.append(message)
        self.messages.append(message)


class Browser:
    """Speaks to the lock; keeps cookies when it has signed in."""

    def __init__(self, prefect: Prefect, home: Path) -> None:
        self.prefect = prefect
        self.settings = Settings.model_validate({"home": home, "people": PEOPLE})
        self.spool = Spool(self.settings)
        self.store = open_store(self.settings)
        self.lock = Lock(
            prefect,
            credential=CREDENTIAL,
            visitors=Visitors(lambda: self.settings, lambda: self.store),
            origins=Origins(None),
            people=People(self.spool, prefect),
        )
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        """One request."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.lock)
            async with httpx.AsyncClient(
                transport=transport, base_url=BASE, cookies=self.cookies
            ) as client:
                return await client.request(method, path, **content)

        return anyio.run(asked)

    def sign_in(self, token: str = "", **headers: str) -> httpx.Response:
        """Send the form; without a token Ann's."""
        token = token or token_for(self.store)
        form = {"token": token, "next": "/runs"}
        return self.ask("POST", "/signin", data=form, headers={**OURS, **headers})

    def signed_in(self, name: str = ANN) -> Browser:
        """With the cookie of this person."""
        self.cookies = dict(self.sign_in(token_for(self.store, name)).cookies)
        return self

    @property
    def kept(self) -> list[Kept]:
        """What waits to be put on record."""
        return [kept for _, kept in self.spool.waiting()]


@pytest.fixture
def browser(home: Path) -> Iterator[Browser]:
    """It has not signed in."""
    home.mkdir(mode=0o700)
    browser = Browser(Prefect(), home)
    yield browser
    browser.store.close()


@pytest.mark.parametrize("path", ["/api/health", "/api/flow_runs/filter", "/", "/assets/x.js"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Basic eDp5"},
        {"authorization": f"Bearer {TOKEN}"},
        {"cookie": f"{COOKIE}=made-up"},
        {"cookie": f"{COOKIE}="},
    ],
)
def test_nobody_gets_in_without_a_credential(
    browser: Browser, path: str, headers: dict[str, str]
) -> None:
    """Nothing comes to Prefect, and the answer says how to get in."""
    for method in ("GET", "POST", "DELETE"):
        answer = browser.ask(method, path, headers=headers)
        assert 401 == answer.status_code
        assert "PREFECT_API_AUTH_STRING" in answer.json()["exception_message"]
    assert [] == browser.prefect.came


def test_our_processes_get_in_and_are_not_put_on_record(browser: Browser) -> None:
    """They have the credential."""
    assert 200 == browser.ask("POST", "/api/flow_runs/x/set_state", headers=BASIC).status_code
    assert ["POST /api/flow_runs/x/set_state"] == browser.prefect.came
    assert [] == browser.kept


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:4200"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"},
    ],
)
def test_a_page_of_somebody_else_gets_nothing_even_with_a_login(
    browser: Browser, headers: dict[str, str]
) -> None:
    """A browser may have either login, and add it by itself."""
    browser.signed_in()
    for login in (BASIC, {}):
        for method in ("GET", "POST", "OPTIONS"):
            answer = browser.ask(method, "/api/flow_runs/filter", headers={**login, **headers})
            assert 403 == answer.status_code
            assert "access-control-allow-origin" not in answer.headers
    assert [] == browser.prefect.came


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/api/docs/", "/api/openapi.json"])
def test_pages_with_scripts_of_others_are_shut_for_everybody(browser: Browser, path: str) -> None:
    """They would run with all that the person may do."""
    browser.signed_in()

    assert 404 == browser.ask("GET", path).status_code
    assert 404 == browser.ask("GET", path, headers=BASIC).status_code
    assert [] == browser.prefect.came


@pytest.mark.parametrize("opens", [{"sec-fetch-mode": "navigate"}, {"accept": "text/html,*/*"}])
def test_a_browser_is_led_to_the_sign_in_and_back(browser: Browser, opens: dict[str, str]) -> None:
    """With the token; the cookie opens everything then, and says nothing to scripts."""
    opened = browser.ask("GET", "/runs?x=1", headers=opens)
    assert (303, "/signin?next=%2Fruns%3Fx%3D1") == (opened.status_code, opened.headers["location"])
    page = browser.ask("GET", opened.headers["location"])
    assert 'value="/runs?x=1"' in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]

    signed_in = browser.sign_in()
    assert (303, "/runs") == (signed_in.status_code, signed_in.headers["location"])
    assert "HttpOnly" in signed_in.headers["set-cookie"]

    browser.signed_in()
    answer = browser.ask("GET", "/api/flow_runs/x")
    assert 200 == answer.status_code
    assert "DENY" == answer.headers["x-frame-options"]
    assert "nosniff" == answer.headers["x-content-type-options"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("goal", ["//evil.example", "/\\evil.example", "http://evil.example", ""])
def test_the_sign_in_leads_nowhere_else(browser: Browser, goal: str) -> None:
    """Whatever a link to it says."""
    form = {"token": token_for(browser.store), "next": goal}

    assert "/" == browser.ask("POST", "/signin", data=form, headers=OURS).headers["location"]


def test_another_page_cannot_sign_anybody_in_or_out(browser: Browser) -> None:
    """Neither by a form nor by a request that does not say which page asks."""
    for path in ("/signin", "/signout"):
        for headers in ({}, {"origin": "http://evil.example"}):
            answer = browser.ask("POST", path, data={"token": TOKEN}, headers=headers)
            assert 403 == answer.status_code
            assert "set-cookie" not in answer.headers


def test_wrong_tokens_are_slowed_down_and_the_right_one_too(browser: Browser) -> None:
    """Nobody can try all of them."""
    for _ in range(MOST_FAILURES):
        assert 401 == browser.sign_in("wrong").status_code

    refused = browser.sign_in()

    assert 429 == refused.status_code
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert "set-cookie" not in refused.headers


def test_an_enormous_form_is_refused(browser: Browser) -> None:
    """Before it is read to its end."""
    answer = browser.sign_in("x" * 5000)

    assert 413 == answer.status_code


def test_signing_out_ends_it(browser: Browser) -> None:
    """The browser drops the cookie, and a copy of it is worth nothing."""
    browser.signed_in()

    answer = browser.ask("POST", "/signout", headers=OURS)

    assert 303 == answer.status_code
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert 401 == browser.ask("GET", "/api/flow_runs/x").status_code


@pytest.mark.parametrize(
    ("media_type", "said"),
    [
        ("text/html; charset=utf-8", "no-store"),
        ("application/json", "no-store"),
        ("text/javascript; charset=utf-8", None),
        ("font/woff2", None),
    ],
)
def test_a_browser_keeps_no_page_and_no_data(
    browser: Browser, media_type: str, said: str | None
) -> None:
    """Else it would show them when the session is over, and never ask for the sign-in."""
    browser.signed_in()
    browser.prefect.media_type = media_type

    answer = browser.ask("GET", "/deployments")

    assert (200, said) == (answer.status_code, answer.headers.get("cache-control"))


@pytest.mark.parametrize("name", ["rea", "aud"])
def test_who_may_only_read_changes_nothing(browser: Browser, name: str) -> None:
    """Prefect's UI reads by POST as well. What is refused says who may."""
    browser.signed_in(name)

    assert 200 == browser.ask("GET", f"/api/flow_runs/{RUN}").status_code
    assert 200 == browser.ask("POST", "/api/flow_runs/filter", json={}, headers=OURS).status_code
    for method, path in (
        ("POST", f"/api/flow_runs/{RUN}/set_state"),
        ("POST", f"/api/flow_runs/{RUN}/resume"),
        ("PATCH", "/api/automations/x"),
        ("DELETE", f"/api/flow_runs/{RUN}"),
    ):
        answer = browser.ask(method, path, json={}, headers=OURS)
        assert 403 == answer.status_code
        assert "responder" in answer.json()["exception_message"]
    assert 2 == len(browser.prefect.came)
    assert [] == browser.kept


def test_who_may_respond_changes_what_they_want(browser: Browser) -> None:
    """By name, as the sign-in knows it."""
    browser.signed_in("rob").ask("DELETE", f"/api/flow_runs/{RUN}", headers=OURS)

    assert ["rob (token)"] == [kept.actor for kept in browser.kept]


def test_who_is_taken_out_of_the_configuration_is_out(browser: Browser) -> None:
    """And roles that were taken away are gone at the next request."""
    browser.signed_in("rob")
    less = {**PEOPLE, "rob": {"roles": ["reader"]}}
    for people, expected in ((less, 403), ({"ann": PEOPLE["ann"]}, 401), (PEOPLE, 200)):
        given = {"home": browser.settings.home, "people": people}
        browser.settings = Settings.model_validate(given)
        answer = browser.ask("DELETE", f"/api/flow_runs/{RUN}", headers=OURS)
        assert expected == answer.status_code


def test_a_token_that_is_revoked_ends_the_sessions_that_began_by_it(browser: Browser) -> None:
    """Of that person, and of nobody else."""
    browser.signed_in("rob")
    [key] = [each for each in browser.store.people_keys.all() if each.kind == "token"]

    browser.store.people_keys.end([key.key_id], by="ann (token)", said="Revoked")

    assert 401 == browser.ask("GET", f"/api/flow_runs/{RUN}").status_code


def test_a_link_signs_in_once(browser: Browser) -> None:
    """And opening it does not use it up: previews of messages open every link."""
    link = browser.store.people_keys.make(
        KeyKind.LINK, ANN, timedelta(minutes=15), by="a test", said="A link"
    )
    for _ in range(2):
        assert link in browser.ask("GET", "/signin", params={"link": link}).text
    form = {"link": link}

    first = browser.ask("POST", "/signin", data=form, headers=OURS)
    second = browser.ask("POST", "/signin", data=form, headers=OURS)

    assert (303, 401) == (first.status_code, second.status_code)
    browser.cookies = dict(first.cookies)
    browser.ask("DELETE", f"/api/flow_runs/{RUN}", headers=OURS)
    assert ["ann (link)"] == [kept.actor for kept in browser.kept]


def test_what_a_person_does_is_kept_before_the_answer(browser: Browser) -> None:
    """Which run and incident, what became of it, how the person came in, from where."""
    browser.signed_in()
    state = {"state": {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "secret"}}

    answer = browser.ask("POST", f"/api/flow_runs/{RUN}/set_state", json=state, headers=OURS)

    assert 200 == answer.status_code
    assert state == json.loads(browser.prefect.bodies[0])
    [kept] = browser.kept
    assert "In Prefect: Retry, run 'shop': accepted" == kept.action
    assert ("ann (token)", "127.0.0.1") == (kept.actor, kept.details["from"])
    assert INCIDENT == kept.incident
    assert "secret" not in kept.model_dump_json()
    [path] = browser.spool.folder.iterdir()
    assert 0o600 == path.stat().st_mode & 0o777


def test_what_prefect_did_not_accept_is_kept_as_that(browser: Browser) -> None:
    """It answers 200 for a state that it rejects."""
    browser.signed_in()
    path = f"/api/flow_runs/{RUN}/set_state"
    for said in [
        (200, {"status": "REJECT", "details": {"reason": "already running"}}),
        (404, {"detail": "gone"}),
    ]:
        browser.prefect.answer = said
        browser.ask("POST", path, json={"state": {"type": "CANCELLING"}}, headers=OURS)

    assert [
        "In Prefect: Cancel, run 'shop': not accepted by Prefect (already running)",
        "In Prefect: Cancel, run 'shop': Prefect refused it (404)",
    ] == [kept.action for kept in browser.kept]


def test_what_prefect_broke_on_is_kept_too(browser: Browser) -> None:
    """It may have been done before that."""
    browser.signed_in()
    browser.prefect.answer = (200, RuntimeError("broken"))

    with pytest.raises(RuntimeError):
        browser.ask("DELETE", f"/api/flow_runs/{RUN}", headers=OURS)

    [kept] = browser.kept
    assert "In Prefect: Delete, run 'shop': Prefect failed (500)" == kept.action


def test_reading_is_not_kept(browser: Browser) -> None:
    """Prefect's UI reads by POST."""
    browser.signed_in()

    for path in ("/api/flow_runs/filter", "/api/ui/flow_runs/history", "/api/events/count-by/day"):
        assert 200 == browser.ask("POST", path, json={}, headers=OURS).status_code

    assert 3 == len(browser.prefect.came)
    assert [] == browser.kept


def test_a_session_without_a_page_changes_nothing(browser: Browser) -> None:
    """Every browser says which page asks when something may change."""
    browser.signed_in()

    assert 403 == browser.ask("DELETE", f"/api/flow_runs/{RUN}").status_code
    assert [] == browser.prefect.came


def test_what_cannot_be_written_does_not_hold_the_person_up(browser: Browser) -> None:
    """A full disk, or a folder that is no folder: it is done, and the log says so."""
    browser.signed_in()
    browser.spool.folder.write_text("in the way")

    answer = browser.ask("DELETE", f"/api/flow_runs/{RUN}", headers=OURS)

    assert 200 == answer.status_code


def _socket(
    browser: Browser, *messages: str, path: str = "/api/events/in", **headers: str
) -> list[Message]:
    """What a client of a socket is sent, when it sends these messages and goes."""
    sent: list[Message] = []
    waiting: list[Message] = [{"type": "websocket.connect"}]
    waiting += [{"type": "websocket.receive", "text": text} for text in messages]
    waiting.append({"type": "websocket.disconnect", "code": 1000})

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    given = {"host": "127.0.0.1:4200", **headers}
    protocols = [p for p in (given.pop("protocol", "prefect"),) if p]
    scope = {
        "type": "websocket",
        "path": path,
        "subprotocols": protocols,
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }
    anyio.run(browser.lock, scope, receive, send)
    return sent


AUTH = json.dumps({"type": "auth", "token": CREDENTIAL})


def test_a_socket_whose_first_message_has_the_credential_is_prefects(browser: Browser) -> None:
    """It is Prefect's own protocol: Prefect answers."""
    assert ["websocket.accept"] == [m["type"] for m in _socket(browser, AUTH, "an event")]
    texts = [message.get("text") for message in browser.prefect.messages]
    assert [AUTH, "an event", None] == texts


def test_a_socket_with_the_credential_in_its_header_is_prefects(browser: Browser) -> None:
    """As Prefect 3.9 sends it too."""
    _socket(browser, "an event", **BASIC)

    assert "an event" == browser.prefect.messages[0]["text"]


@pytest.mark.parametrize(
    "first",
    [
        "an event",
        "{}",
        "[]",
        '{"type": "auth"}',
        '{"type": "auth", "token": null}',
        '{"type": "auth", "token": "wrong"}',
        '{"type": "auth", "token": "\\ud800"}',
        json.dumps({"type": "other", "token": CREDENTIAL}),
        " " * 5000 + AUTH,
    ],
)
def test_a_socket_that_does_not_log_in_is_closed(browser: Browser, first: str) -> None:
    """Prefect gets none of its messages."""
    sent = _socket(browser, first, "an event")

    assert {"type": "websocket.close", "code": 1008, "reason": "not logged in"} == sent[-1]
    assert ["websocket.disconnect"] == [each["type"] for each in browser.prefect.messages]


def test_a_silent_client_is_sent_away() -> None:
    """It would hold its connection, and show nothing."""
    sent: list[Message] = []
    came: list[str] = []
    waiting: list[Message] = [{"type": "websocket.connect"}]

    async def prefect(_scope: Scope, receive: Receive, _send: Send) -> None:
        came.append((await receive())["type"])
        came.append((await receive())["type"])

    async def receive() -> Message:
        if not waiting:
            await anyio.sleep_forever()
        return waiting.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    anyio.run(logged_in, prefect, {"type": "websocket"}, receive, send, CREDENTIAL, 0.001)

    assert ["websocket.connect", "websocket.disconnect"] == came
    assert ["websocket.close"] == [message["type"] for message in sent]


def test_an_old_client_without_a_protocol_is_refused_at_once(browser: Browser) -> None:
    """Prefect would take it without a login."""
    assert [{"type": "websocket.close", "code": 1008}] == _socket(browser, AUTH, protocol="")
    assert [] == browser.prefect.came


def test_a_browser_that_signed_in_may_listen_and_not_send(browser: Browser) -> None:
    """And only for a page of ours: cookies go with sockets of any page of the site."""
    browser.signed_in()
    cookie = {"cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}

    _socket(browser, "filter", path="/api/events/out", protocol="", **cookie, **OURS)
    assert "filter" == browser.prefect.messages[0]["text"]

    browser.prefect.came.clear()
    for path, headers in [
        ("/api/events/in", {**cookie, **OURS}),
        ("/api/events/out", cookie),
        ("/api/events/out", {**cookie, "origin": "http://127.0.0.1:9999"}),
        ("/api/events/out", {**cookie, **OURS, "host": "evil.example"}),
    ]:
        _socket(browser, "x", path=path, protocol="", **headers)
    assert [] == browser.prefect.came

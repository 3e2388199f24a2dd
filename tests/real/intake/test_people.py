"""People at the intake: who comes in, by what, what they may, and what a browser is asked for."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import anyio
import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from deployments.intake.app import create_app
from deployments.intake.authentication import Guards, csrf_of, form_of
from deployments.web.sessions import COOKIE
from deployments.web.visitors import host_pass
from fixtures.intake import TOKEN, Intake, StartIntake
from fixtures.people import PEOPLE, bearer, token_for
from schemas.people import Actor, Right
from schemas.settings import Settings
from tasks.store import open_store
from tasks.store.people.keys import KeyKind

OPENS = {"accept": "text/html", "sec-fetch-mode": "navigate", "sec-fetch-site": "none"}


class Browser:
    """A person's: it keeps cookies, says which page asks, and follows no redirect by itself."""

    def __init__(self, intake: Intake) -> None:
        self.base = str(intake.client.base_url)
        self.client = httpx.Client(base_url=self.base, trust_env=False, timeout=60)

    def open(self, path: str) -> httpx.Response:
        """Open a page."""
        return self.client.get(path, headers=OPENS)

    def send(self, path: str, form: dict[str, str], origin: str | None = None) -> httpx.Response:
        """Send a form of a page of ours."""
        return self.client.post(path, data=form, headers={"origin": origin or self.base})

    def sign_in(self, token: str) -> Browser:
        """With a personal token."""
        answer = self.send("/signin", {"token": token})
        assert 303 == answer.status_code, answer.text
        return self


@pytest.fixture
def browser(intake: Intake) -> Any:
    """Nobody has signed in."""
    browser = Browser(intake)
    yield browser
    browser.client.close()


@pytest.mark.parametrize("name", list(PEOPLE))
def test_everybody_who_is_configured_reads_incidents(intake: Intake, name: str) -> None:
    """By their token as bearer, or as the password of user aeef or of their own name."""
    token = token_for(intake.store, name)

    for login in (bearer(token), None):
        for user in ("aeef", name) if login is None else ("",):
            auth = httpx.BasicAuth(user, token) if login is None else None
            answer = intake.client.get("/incidents", headers=login, auth=auth)
            assert 200 == answer.status_code
    stranger = httpx.BasicAuth("somebody", token)
    assert 401 == intake.client.get("/incidents", auth=stranger).status_code


@pytest.mark.proves("RET-ACCESS")
def test_a_sender_reads_nothing_and_a_reader_sends_nothing(intake: Intake) -> None:
    """Each is refused with what they need."""
    read = intake.client.get("/incidents", headers=bearer(TOKEN))
    sent = intake.client.post("/v1/alerts", headers=bearer(token_for(intake.store, "rea")), json={})

    assert (401, 403) == (read.status_code, sent.status_code)
    assert "aeef people token" in read.json()["detail"]
    assert "responder" in sent.json()["detail"]


def test_who_responds_may_report(intake: Intake) -> None:
    """So `aeef report` works with a personal token, from any machine."""
    headers = bearer(token_for(intake.store, "rob"))
    alert = {"type": "security", "severity": "P4", "service": "shop"}

    assert 202 == intake.client.post("/v1/alerts", headers=headers, json=alert).status_code


def test_each_sender_has_a_token_and_loses_it_alone(start_intake: StartIntake) -> None:
    """Given or generated; taken out of the configuration it is nobody's."""
    senders = {"prometheus": {"token": "prometheus-token-0123"}, "ci": {}}
    intake = start_intake(senders=senders)
    made = (intake.settings.home / "senders" / "ci.token").read_text().strip()
    tokens = ("prometheus-token-0123", made, TOKEN)

    def answers(at: httpx.Client | Any) -> list[int]:
        return [
            at.post("/v1/alertmanager", headers=bearer(each), json={}).status_code
            for each in tokens
        ]

    assert [422, 422, 422] == answers(intake.client)
    fewer = intake.settings.model_copy(update={"senders": {}})
    transport = httpx.ASGITransport(create_app(fewer))
    assert [401, 401, 422] == _asked(transport, tokens)


def _asked(transport: httpx.ASGITransport, tokens: tuple[str, ...]) -> list[int]:
    async def ask() -> list[int]:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return [
                (await client.post("/v1/alertmanager", headers=bearer(t), json={})).status_code
                for t in tokens
            ]

    return anyio.run(ask)


@pytest.mark.parametrize("over", ["expired", "revoked", "removed", "changed"])
def test_a_token_that_does_not_hold_opens_nothing(start_intake: StartIntake, over: str) -> None:
    """Whatever ended it."""
    people = {"ann": PEOPLE["ann"]} if over == "removed" else PEOPLE
    intake = start_intake(people=people)
    lasts = timedelta(seconds=-1) if over == "expired" else timedelta(days=1)
    token = token_for(intake.store, "rob", lasts)
    if over == "revoked":
        [key] = intake.store.people_keys.all()
        intake.store.people_keys.end([key.key_id], by="ann", said="Revoked")
    if over == "changed":
        token = token[:-1] + ("A" if token[-1] != "A" else "B")

    assert 401 == intake.client.get("/incidents", headers=bearer(token)).status_code


def test_a_browser_is_led_to_the_sign_in_and_back(intake: Intake, browser: Browser) -> None:
    """A program gets 401 instead. The page that was asked for comes after it."""
    opened = browser.open("/incidents?limit=5")
    assert (303, "/signin?next=%2Fincidents%3Flimit%3D5") == (
        opened.status_code,
        opened.headers["location"],
    )
    page = browser.open(opened.headers["location"])
    assert 'value="/incidents?limit=5"' in page.text
    form = {"token": token_for(intake.store, "rea"), "next": "/incidents?limit=5"}

    signed_in = browser.send("/signin", form)

    assert (303, "/incidents?limit=5") == (signed_in.status_code, signed_in.headers["location"])
    assert "HttpOnly; SameSite=Lax" in signed_in.headers["set-cookie"]
    assert 200 == browser.open("/incidents?limit=5").status_code
    assert "As rea" in browser.open("/signin").text
    assert 401 == intake.client.get("/incidents").status_code


def test_signing_in_and_out_is_on_record_by_name(intake: Intake, browser: Browser) -> None:
    """With the method; the cookie is worth nothing afterwards, not even a copy of it."""
    browser.sign_in(token_for(intake.store, "rob"))
    kept = {"cookie": f"{COOKIE}={browser.client.cookies[COOKIE]}"}

    browser.send("/signout", {})

    assert 303 == browser.open("/incidents").status_code
    assert 401 == intake.client.get("/incidents", headers=kept).status_code
    said = [(each.action, each.actor) for each in intake.store.general_entries(2)]
    assert [("Signed out", "rob (token)"), ("Signed in from 127.0.0.1", "rob (token)")] == said


def test_the_first_administrator_signs_in_by_a_link_while_nobody_is_configured(
    start_intake: StartIntake,
) -> None:
    """And is nobody any longer once there are people."""
    intake = start_intake(people={})
    link = intake.store.people_keys.make(
        KeyKind.LINK, "admin", timedelta(minutes=1), by="aeef up", said="A link"
    )
    browser = Browser(intake)

    assert link in browser.open(f"/signin?link={link}").text
    assert 303 == browser.send("/signin", {"link": link}).status_code
    assert 200 == browser.open("/incidents").status_code
    assert 401 == browser.send("/signin", {"link": link}).status_code
    object.__setattr__(intake.settings, "people", Settings(people=PEOPLE).people)
    assert 303 == browser.open("/incidents").status_code
    browser.client.close()


def test_a_command_on_the_host_shows_that_it_is_there(intake: Intake) -> None:
    """It is nobody proven. Another key does not fit, nor a pass with another name in it."""
    good = host_pass(intake.settings, "root")
    elsewhere = Settings.model_validate(
        {"home": intake.settings.home, "sign_in": {"key": "another-key-of-another-machine-01"}}
    )

    assert 200 == intake.client.get("/incidents", headers=bearer(good)).status_code
    for wrong in (host_pass(elsewhere, "root"), good.replace("host_", "host_x"), "host_"):
        assert 401 == intake.client.get("/incidents", headers=bearer(wrong)).status_code


@pytest.mark.proves("RET-ACCESS", "IR-AUDIT")
def test_an_export_is_on_record_with_who_took_it(intake: Intake) -> None:
    """By HTTP; a reader may not, and that is said."""
    incident_id = intake.report(severity="P4", service="shop")
    path = f"/incidents/{incident_id}/export"

    taken = intake.client.get(path, headers=bearer(token_for(intake.store, "aud")))
    refused = intake.client.get(path, headers=bearer(token_for(intake.store, "rea")))

    assert (200, 403) == (taken.status_code, refused.status_code)
    assert incident_id == taken.json()["incidentId"]
    last = intake.store.timeline(incident_id)[-1]
    assert ("Read: the record", "aud (token)") == (last.action, last.actor)
    assert "Read: the record" not in intake.actions(incident_id)


@pytest.fixture
def asked(intake: Intake) -> Any:
    """A small application behind the guards: what it answers to one request."""
    app = FastAPI()
    guards = Guards(intake.settings, open_store(intake.settings))
    may = Depends(guards.person(Right.RESPOND))

    @app.get("/page")
    async def page(request: Request, actor: Actor = may) -> dict[str, str]:
        return {"by": actor.on_record, "csrf": csrf_of(request)}

    @app.post("/act")
    async def act(request: Request, actor: Actor = may) -> dict[str, Any]:
        return {"by": actor.on_record, "form": dict(await form_of(request))}

    ann = guards.visitors.by_token(token_for(intake.store))
    assert ann
    session = guards.visitors.begin(ann, "here")
    cookie = guards.visitors.cookies.cookie(session, 60, secure=False).decode()
    found = re.match(rf"{COOKIE}=([^;]+)", cookie)
    assert found

    def ask(method: str, path: str, **content: Any) -> httpx.Response:
        async def one() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://127.0.0.1",
                cookies={COOKIE: found[1]},
            ) as client:
                return await client.request(method, path, **content)

        return anyio.run(one)

    return ask


def test_a_form_needs_what_only_our_page_knows(asked: Any) -> None:
    """In the field or in the header; a page that does not say where it is gets nothing."""
    csrf = asked("GET", "/page").json()["csrf"]
    ours = {"origin": "http://127.0.0.1"}
    assert csrf

    by_field = asked("POST", "/act", data={"note": "ä b", "csrf": csrf}, headers=ours)
    by_header = asked("POST", "/act", json={}, headers={**ours, "x-csrf-token": csrf})
    refused = [
        asked("POST", "/act", data={"note": "x"}, headers=ours),
        asked("POST", "/act", data={"csrf": "0" * 64}, headers=ours),
        asked("POST", "/act", json={"csrf": csrf}, headers=ours),
        asked("POST", "/act", data={"csrf": csrf}),
    ]

    assert {"by": "ann (token)", "form": {"note": "ä b", "csrf": csrf}} == by_field.json()
    assert 200 == by_header.status_code
    assert [403] * 4 == [each.status_code for each in refused]


def test_a_program_needs_no_such_thing(intake: Intake, asked: Any) -> None:
    """No browser adds its token by itself."""
    headers = bearer(token_for(intake.store, "rob"))

    assert {"by": "rob (token)", "form": {}} == asked("POST", "/act", headers=headers).json()

"""Prefect's UI in a real browser: people sign in and work; pages of others get nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from fixtures.browser import chromium
from fixtures.stack import Stack
from standins.server import Server
from support import TESTS

PATIENCE = 120_000
"""Milliseconds: the UI is large, and other tests run beside."""
ELSEWHERE = "prefect.evil.example"
saw = logging.getLogger("browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """It takes one name of somebody else for this machine."""
    with chromium(f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1") as started:
        yield started


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody's browser, which keeps what it once loaded: the UI has megabytes of scripts."""
    with browser.new_context() as context:
        context.set_default_timeout(PATIENCE)
        yield context


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    """An empty page of nobody yet. pytest shows what it met when a test fails."""
    visitor.clear_cookies()
    with visitor.new_page() as page:
        page.on("console", lambda said: saw.warning("console: %s", said.text[:300]))
        page.on("pageerror", lambda error: saw.warning("error: %s", str(error)[:300]))
        page.on("requestfailed", lambda asked: saw.warning("%s: %s", asked.url, asked.failure))
        page.on("response", lambda got: saw.warning("%s: %d", got.url, got.status))
        yield page
        saw.warning("at the end %s: %s", page.url, page.inner_text("body")[:1_000])


@pytest.fixture
def foreign_port() -> Iterator[int]:
    """Another server on this machine, which has one page, and lets every page speak to it."""

    class Handler(BaseHTTPRequestHandler):
        """Sends it."""

        timeout = 2  # seconds, for a connection which the browser opens in advance and does not use

        def do_GET(self) -> None:
            """The same page for every path."""
            content = (TESTS / "samples" / "foreign_page.html").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
            self.send_header("Access-Control-Allow-Credentials", "true")
            self.send_header("Access-Control-Allow-Headers", "content-type")
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_OPTIONS = do_GET  # noqa: N815 - the names of the library

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _ui(stack: Stack, host: str = "127.0.0.1") -> str:
    return stack.prefect_api.removesuffix("/api").replace("127.0.0.1", host)


def _sign_in(page: Page, stack: Stack, path: str = "/deployments", host: str = "127.0.0.1") -> None:
    page.goto(f"{_ui(stack, host)}{path}")
    page.fill("input[name=token]", stack.token_of("rob"))
    page.click("button")


def _see_runbooks(page: Page) -> None:
    """Wait for the list of deployments: its first page, whichever are on it, each in our pool."""
    page.get_by_text("aeef", exact=True).first.wait_for()


def test_people_sign_in_and_see_what_they_came_for(stack: Stack, page: Page) -> None:
    """By either name of this machine, as behind a tunnel: the UI asks where it came from."""
    _sign_in(page, stack, host="localhost")

    _see_runbooks(page)
    assert f"{_ui(stack, 'localhost')}/deployments" == page.url
    assert [] == page.evaluate("document.cookie.split(';').filter(each => each.includes('aeef'))")


def test_a_wrong_token_opens_nothing(stack: Stack, page: Page) -> None:
    """It is said."""
    page.goto(f"{_ui(stack)}/dashboard")
    page.fill("input[name=token]", "wrong")
    page.click("button")

    assert "That is no personal token" in page.inner_text("[role=alert]")


def test_one_sign_in_is_for_the_pages_and_for_prefect(stack: Stack, page: Page) -> None:
    """And so is one sign-out, also for a browser that has seen it all. The page comes after it."""
    page.goto(f"{stack.url}/incidents?limit=3")
    page.fill("input[name=token]", stack.token_of("rob"))
    page.click("button")
    assert f"{stack.url}/incidents?limit=3" == page.url

    page.goto(f"{_ui(stack)}/deployments")
    _see_runbooks(page)
    assert 200 == page.request.get(f"{stack.prefect_api}/health").status

    page.goto(f"{stack.url}/signin")
    page.get_by_role("button", name="Sign out").click()
    page.locator("input[name=token]").wait_for()
    assert 401 == page.request.get(f"{stack.prefect_api}/health").status
    page.goto(f"{_ui(stack)}/deployments")
    assert page.locator("input[name=token]").is_visible()


def test_the_link_of_aeef_up_signs_the_administrator_in_once(stack: Stack, page: Page) -> None:
    """With the button; opening it alone does nothing."""
    made = stack.command("people", "link", "rea").stdout.strip()

    page.goto(made)
    page.goto(made)
    page.get_by_role("button", name="Sign in").click()

    page.goto(f"{stack.url}/signin")
    assert "As rea" in page.inner_text("main")
    page.context.clear_cookies()
    page.goto(made)
    page.get_by_role("button", name="Sign in").click()
    assert "used before" in page.inner_text("[role=alert]")


def test_a_reader_changes_nothing_in_prefect(stack: Stack, page: Page) -> None:
    """What the UI's buttons send is refused, and the answer says who may."""
    page.goto(f"{_ui(stack)}/deployments")
    page.fill("input[name=token]", stack.token_of("rea"))
    page.click("button")
    _see_runbooks(page)
    deployment = stack.prefect("GET", "/deployments/name/rollback/respond")["id"]

    refused = page.evaluate(
        """path => fetch(path, {method: "POST", body: "{}",
            headers: {"Content-Type": "application/json"}})
            .then(async answer => [answer.status, await answer.text()])""",
        f"/api/deployments/{deployment}/create_flow_run",
    )

    assert 403 == refused[0]
    assert "responder" in refused[1]


def test_a_link_from_elsewhere_finds_the_person_signed_in(
    stack: Stack, page: Page, foreign_port: int
) -> None:
    """As a link in Slack does."""
    _sign_in(page, stack)
    _see_runbooks(page)
    page.goto(f"http://localhost:{foreign_port}/")

    page.evaluate("address => { location = address }", f"{_ui(stack)}/deployments")

    _see_runbooks(page)


def test_an_automation_that_a_person_switches_off_is_on_record(stack: Stack, page: Page) -> None:
    """With the switch of the UI; when, and which person by which method."""
    _sign_in(page, stack, "/automations")
    page.get_by_text("AEEF dead runs").wait_for()
    switch = page.locator("input[type=checkbox], [role=switch]").first
    try:
        switch.click()
        [(action, actor)] = stack.wait_for(lambda: _general(stack, "Switch off"))
    finally:
        switch.click()
        stack.wait_for(lambda: _general(stack, "Switch on"))

    assert action.startswith("In Prefect: Switch off, automation 'AEEF ")
    assert action.endswith(": accepted")
    assert "rob (token)" == actor


def test_a_retry_is_on_the_record_of_its_incident(stack: Stack, page: Page) -> None:
    """What the UI's Retry button sends, sent from a page of the UI."""
    incident_id = stack.report("no-target-has-this", description="a retry of a person")
    stack.wait_until_over(incident_id)
    run_id = stack.run_id(incident_id)
    _sign_in(page, stack)
    _see_runbooks(page)

    page.evaluate(
        """path => fetch(path, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: '{"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}}',
        })""",
        f"/api/flow_runs/{run_id}/set_state",
    )

    def recorded() -> list[str]:
        return [each for each in stack.actions(incident_id) if each.startswith("In Prefect: Retry")]

    [action] = stack.wait_for(recorded)
    assert stack.run(run_id)["name"] in action
    stack.wait_until_over(incident_id)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_a_page_of_another_origin_starts_reads_and_shows_nothing(
    stack: Stack,
    page: Page,
    foreign_port: int,
    host: str,
    is_signed_in: bool,
) -> None:
    """Of another site, or of another port of the same one, to which the cookie is sent along."""
    if is_signed_in:
        _sign_in(page, stack)
        _see_runbooks(page)
    deployment = stack.prefect("GET", "/deployments/name/rollback/by hand")["id"]
    wanted = {"deployments": {"id": {"any_": [deployment]}}}
    before = stack.prefect("POST", "/flow_runs/count", json=wanted)

    page.goto(f"http://{host}:{foreign_port}/#{_ui(stack)} /deployments/{deployment}")
    page.wait_for_function("document.title == 'tried'")

    assert before == stack.prefect("POST", "/flow_runs/count", json=wanted)
    tried = page.evaluate("window.tried")
    assert {"refused"} == {*tried.values()}
    assert [] == [f.url for f in page.frames[1:] if f.url.startswith(f"{_ui(stack)}/dash")]


def test_the_page_would_get_in_where_nothing_is_locked(page: Page, foreign_port: int) -> None:
    """So the browser does not stop it by itself: else the test above would say nothing."""
    page.goto(f"http://localhost:{foreign_port}/#http://127.0.0.1:{foreign_port} /x")
    page.wait_for_function("document.title == 'tried'")

    tried = page.evaluate("window.tried")
    assert ("got cors", "got cors", "got opaque") == (tried["read"], tried["start"], tried["blind"])
    assert any(each.url.endswith("/dashboard") for each in page.frames[1:])


def test_a_name_of_somebody_else_that_leads_here_gets_nothing(stack: Stack, page: Page) -> None:
    """For the browser that page is of the same origin as Prefect."""
    opened = page.goto(f"{_ui(stack, ELSEWHERE)}/")
    assert opened is not None
    assert 403 == opened.status

    status = page.evaluate(
        "fetch('/api/flow_runs/filter', { method: 'POST' }).then(answer => answer.status)"
    )
    assert 403 == status


def _general(stack: Stack, words: str) -> list[tuple[str, str]]:
    """What belongs to no incident, as the command lists it, with these words."""
    listed = json.loads(stack.command("audit", "list", "--json").stdout)
    return [(each["action"], each["actor"]) for each in listed if words in each["action"]]

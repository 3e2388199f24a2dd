"""Server-sent events: what changes is heard, alerts are taken meanwhile, and nobody is held up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from deployments.intake.main import STOP_SECONDS
from deployments.intake.pages import live
from fixtures.intake import TOKEN, Intake, StartIntake
from fixtures.people import PEOPLE_AS_VARIABLE, bearer, token_for
from schemas.settings import Settings
from support import free_port, wait_until
from tasks.store import open_store


@pytest.fixture
def served(start_intake: StartIntake) -> Intake:
    """An intake without any channel."""
    return start_intake()


def listening(intake: Intake, running: ExitStack, path: str) -> Iterator[str]:
    """The lines of a stream of events, once its answer has begun."""
    headers = bearer(token_for(intake.store))
    answer = running.enter_context(intake.client.stream("GET", path, headers=headers))
    assert 200 == answer.status_code
    assert "text/event-stream" in answer.headers["content-type"]
    lines = answer.iter_lines()
    assert next(lines).startswith("retry: ")
    return lines


def test_who_listens_hears_of_their_incident_and_of_no_other(served: Intake) -> None:
    """Within two seconds; the list hears of all."""
    mine, other = served.report(severity="P4", service="a"), served.report(severity="P4")
    with ExitStack() as running:
        one = listening(served, running, f"/incidents/{mine}/live")
        every = listening(served, running, "/incidents/live")
        served.store.record_action(other, "nobody of mine")
        assert "event: changed" in [next(every), next(every)]
        began = time.monotonic()
        served.store.record_action(mine, "something was done")

        assert "event: changed" in [next(one), next(one)]
        assert 2.0 > time.monotonic() - began


def test_the_one_too_many_is_refused_and_alerts_are_taken(
    served: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many listen: they take no thread of an alert."""
    monkeypatch.setattr(live, "MOST_LISTENING", 60)
    with ExitStack() as running:
        client = running.enter_context(
            httpx.Client(
                base_url=served.settings.intake_url,
                limits=httpx.Limits(max_connections=100),
                headers=bearer(token_for(served.store)),
                trust_env=False,
            )
        )
        for _ in range(60):
            running.enter_context(client.stream("GET", "/incidents/live"))
        refused = client.get("/incidents/live")

        assert 503 == refused.status_code
        assert 200 == client.get("/health").status_code
        assert served.report(severity="P4")


def test_many_who_ask_for_the_list_at_once_all_see_what_is_there(served: Intake) -> None:
    """It is rendered for all of them together; who may not read gets none of it."""
    served.report(severity="P4", service="a-shop")
    may, other = bearer(token_for(served.store)), bearer(token_for(served.store, "rea"))
    everybody = [*[may, other] * 10, {}]
    with ThreadPoolExecutor(len(everybody)) as many:
        answers = list(
            many.map(
                lambda headers: served.client.get(
                    "/incidents", headers={"Accept": "text/html", **headers}
                ),
                everybody,
            )
        )

    assert [200] * 20 == [each.status_code for each in answers[:-1]]
    assert all("a-shop" in each.text for each in answers[:-1])
    assert 303 == answers[-1].status_code
    assert "a-shop" not in answers[-1].text


def test_nobody_listens_without_signing_in(served: Intake) -> None:
    """Neither to one incident nor to all."""
    for path in ("/incidents/live", f"/incidents/{served.report(severity='P4')}/live"):
        assert 401 == served.client.get(path).status_code


def test_an_open_page_does_not_hold_up_a_stop(tmp_path: Path) -> None:
    """The intake ends at once, not when its patience does."""
    port = free_port()
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("AEEF_", "PREFECT_"))}
    env = ours | PEOPLE_AS_VARIABLE | {
        "AEEF_HOME": str(tmp_path), "AEEF_INTAKE__PORT": str(port), "AEEF_INTAKE__TOKEN": TOKEN,
    }  # fmt: skip
    command = [sys.executable, "-P", "-m", "deployments.intake.main"]
    url = f"http://127.0.0.1:{port}"
    with (
        subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as process,
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):
        wait_until(lambda: _answers(client))
        store = open_store(Settings.model_validate({"home": tmp_path}))
        try:
            token = token_for(store)
        finally:
            store.close()
        with client.stream("GET", "/incidents/live", headers=bearer(token)) as stream:
            lines = stream.iter_lines()
            next(lines)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)

    assert STOP_SECONDS / 2 > time.monotonic() - began


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").is_success
    except httpx.HTTPError:
        return False

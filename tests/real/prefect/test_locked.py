"""The real server of `aeef up`, asked by strangers, by other users, and by our own processes."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prefect.events.clients import get_events_client, get_events_subscriber
from prefect.events.schemas.events import Event, Resource
from prefect.logging.clients import get_logs_subscriber
from prefect.settings import PREFECT_API_AUTH_STRING, temporary_settings

from fixtures.stack import Stack
from processes import flow as sample_flow
from processes.deployment import deployment_of
from support import not_available

NOBODY = 65534
"""A user of every Linux, who owns nothing."""
SPIES = """
import json, sys, urllib.request
files, pids, url = json.loads(sys.argv[1])
got = []
for path in [*files, *(f"/proc/{pid}/environ" for pid in pids)]:
    try:
        got.append([path, len(open(path, "rb").read())])
    except OSError:
        pass
request = urllib.request.Request(url, b"{}", {"Content-Type": "application/json"})
try:
    got.append([url, urllib.request.urlopen(request).status])
except urllib.error.HTTPError as error:
    assert error.code == 401, error.code
print(json.dumps(got))
"""


def test_another_user_of_the_machine_reads_no_credential_and_starts_nothing(stack: Stack) -> None:
    """Neither in our files, nor in the environment of our processes, nor by Prefect's port."""
    if os.geteuid() != 0:
        not_available("only root can become another user")
    deployment = stack.prefect("GET", "/deployments/name/rollback/by hand")["id"]
    before = stack.prefect("POST", "/flow_runs/count", json={})
    files = [stack.home / name for name in ("prefect.credential", "intake.token", "aeef.db")]
    files.append(stack.home / "prefect" / "prefect.db")
    processes = [stack.process, *stack.process.children(recursive=True)]
    asked = [
        [str(path) for path in files],
        [process.pid for process in processes],
        f"{stack.prefect_api}/deployments/{deployment}/create_flow_run",
    ]

    spied = subprocess.run(
        [
            shutil.which("python3", path="/usr/bin:/bin") or "python3",
            "-c",
            SPIES,
            json.dumps(asked),
        ],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ("[]\n", "") == (spied.stdout, spied.stderr)
    assert before == stack.prefect("POST", "/flow_runs/count", json={})
    assert stack.prefect_credential not in str([process.cmdline() for process in processes])
    for path in files[:2]:
        assert 0o600 == path.stat().st_mode & 0o777


@pytest.mark.parametrize(
    "path", ["/api/health", "/api/admin/version", "/", "/ui-settings", "/docs"]
)
def test_a_stranger_gets_nothing_from_the_real_server(stack: Stack, path: str) -> None:
    """Not even that it is well."""
    answer = httpx.get(stack.prefect_api.removesuffix("/api") + path)

    assert answer.status_code in (401, 404)
    assert "Server" not in answer.headers


def test_every_socket_needs_the_login_and_gets_by_with_it(stack: Stack) -> None:
    """Events in, events out, logs out: as our worker and Prefect's command line use them."""
    event = Event(
        id=uuid4(),
        event="test.locked",
        resource=Resource({"prefect.resource.id": f"test.{uuid4()}"}),
    )

    async def event_in_and_out() -> list[Any]:
        async with get_events_subscriber() as events:
            async with get_events_client() as client:
                await client.emit(event)
            async for each in events:
                if each.id == event.id:
                    break
        async with get_logs_subscriber():
            return [each.event]

    with stack.prefect_settings():
        assert ["test.locked"] == asyncio.run(asyncio.wait_for(event_in_and_out(), 120))


@pytest.mark.parametrize("client", [get_events_subscriber, get_logs_subscriber])
def test_a_socket_without_the_login_is_closed(stack: Stack, client: Any) -> None:
    """Prefect's own client says why."""

    async def listen() -> None:
        async with client(reconnection_attempts=0):
            pass

    with (
        stack.prefect_settings(),
        temporary_settings({PREFECT_API_AUTH_STRING: "aeef:wrong"}),
        pytest.raises(Exception, match=r"authenticate|not logged in|1008"),
    ):
        asyncio.run(asyncio.wait_for(listen(), 120))


def test_a_run_gets_no_variable_of_whoever_starts_it(stack: Stack, tmp_path: Path) -> None:
    """But for those of the list; its log, which people read in the UI, names the others."""
    told = tmp_path / "told"
    with deployment_of(stack, sample_flow.leaves_traces) as deployment:
        body = {
            "parameters": {"told": str(told)},
            "job_variables": {
                "env": {"GIVEN": "allowed", "AEEF_LEFT_BEHIND": "evil", "AEEF_HOME": "/evil"},
                "command": "touch /tmp/evil",
            },
        }
        run = stack.prefect("POST", f"{deployment}/create_flow_run", json=body)
        stack.wait_for(lambda: stack.run(run["id"])["state"]["type"] == "COMPLETED")
        found = json.loads(told.read_text())
        assert ("allowed", None) == (found["given"], found["variable"])

        def logged() -> list[str]:
            wanted = {"logs": {"flow_run_id": {"any_": [run["id"]]}}}
            lines = stack.prefect("POST", "/logs/filter", json=wanted)
            return [each["message"] for each in lines if "not taken" in each["message"]]

        [line] = stack.wait_for(logged)
    assert "'AEEF_LEFT_BEHIND', 'AEEF_HOME', 'command'" in line
    assert "evil" not in line


def test_doctor_finds_it_locked(stack: Stack) -> None:
    """As a stranger would."""
    [found] = [
        each
        for each in json.loads(stack.command("doctor", "--json").stdout)
        if each["check"] == "Prefect's lock"
    ]

    assert "ok" == found["outcome"], found
    assert "nobody without a login" in found["detail"]

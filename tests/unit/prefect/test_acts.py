"""What a request to Prefect's API does, in the words of its UI."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deployments.prefect_server.acts import act_of, is_reading
from deployments.prefect_server.by_people import incident_in

ID = "0b6f2f7e-8a4e-4c1b-9d57-6a8f6b1c0d11"
CANCELLING = {"state": {"type": "CANCELLING"}}


@pytest.mark.parametrize(
    ("method", "path", "sent", "does", "noun"),
    [
        ("POST", f"/flow_runs/{ID}/set_state", CANCELLING, "Cancel", "run"),
        ("POST", f"/task_runs/{ID}/set_state", CANCELLING, "Cancel", "step"),
        ("POST", "/flow_runs/bulk_set_state", CANCELLING, "Cancel", "run"),
        (
            "POST",
            f"/flow_runs/{ID}/set_state",
            {"state": {"type": "scheduled", "name": "AwaitingRetry"}},
            "Retry",
            "run",
        ),
        ("POST", f"/flow_runs/{ID}/set_state", {"state": {"type": "PAUSED"}}, "Suspend", "run"),
        (
            "POST",
            f"/flow_runs/{ID}/set_state",
            {"state": {"type": "COMPLETED"}},
            "Set the state COMPLETED",
            "run",
        ),
        ("POST", f"/flow_runs/{ID}/set_state", {"state": 7}, "Set the state ", "run"),
        ("POST", f"/flow_runs/{ID}/resume", {}, "Resume", "run"),
        ("DELETE", f"/flow_runs/{ID}", {}, "Delete", "run"),
        ("POST", "/flow_runs/bulk_delete", {}, "Delete", "run"),
        ("POST", f"/deployments/{ID}/create_flow_run", {}, "Start a run", "deployment"),
        ("POST", f"/deployments/{ID}/pause_deployment", {}, "Pause the schedules", "deployment"),
        ("PATCH", f"/deployments/{ID}", {"paused": True}, "Switch off", "deployment"),
        ("PATCH", f"/deployments/{ID}", {"paused": True, "tags": []}, "Change", "deployment"),
        (
            "PATCH",
            f"/deployments/{ID}/schedules/{ID}",
            {"active": False},
            "Switch off a schedule",
            "deployment",
        ),
        ("PATCH", f"/automations/{ID}", {"enabled": False}, "Switch off", "automation"),
        ("PATCH", f"/automations/{ID}", {"enabled": True}, "Switch on", "automation"),
        ("DELETE", f"/automations/{ID}", {}, "Delete", "automation"),
        ("POST", "/v2/concurrency_limits/", {"name": "x"}, "Create", "concurrency limit"),
        ("PATCH", "/work_pools/aeef", {"is_paused": True}, "Change", "work pool"),
        ("POST", "/events", {}, "Create", "event"),
        ("POST", f"/something/{ID}/new_verb", {}, "new_verb", "something"),
        ("POST", "/", {}, "Create", "/"),
    ],
)
def test_it_is_said_as_the_ui_says_it(
    method: str, path: str, sent: dict[str, Any], does: str, noun: str
) -> None:
    """Or at least by its path: nothing is left out."""
    act = act_of(method, f"/api{path}", json.dumps(sent).encode())

    assert (does, noun) == (act.does, act.noun)
    assert not is_reading(method, f"/api{path}")


def test_the_names_of_what_was_sent_are_kept_and_no_value() -> None:
    """A block may hold a password."""
    act = act_of("PATCH", f"/api/block_documents/{ID}", b'{"data": {"password": "hunter2"}}')

    assert ("data",) == act.fields
    assert "hunter2" not in repr(act)


@pytest.mark.parametrize("body", [b"", b"\xff", b"[1]", b"[" * 100_000, b'"x"'])
def test_a_body_that_is_no_object_is_nothing(body: bytes) -> None:
    """Prefect refuses it."""
    assert () == act_of("POST", f"/api/flow_runs/{ID}/set_state", body).fields


@pytest.mark.parametrize(
    ("method", "path", "reads"),
    [
        ("POST", "/api/flow_runs/filter", True),
        ("POST", "/api/ui/schemas/validate", True),
        ("POST", "/api/events/count-by/day", True),
        ("POST", "/api/work_pools/aeef/queues/filter", True),
        # Names that a person chose.
        ("POST", "/api/concurrency_limits/tag/filter/reset", False),
        ("DELETE", "/api/variables/name/filter", False),
        ("POST", "/api/work_pools/count/queues", False),
    ],
)
def test_prefect_reads_by_post(method: str, path: str, reads: bool) -> None:
    """Only paths that end so, and nothing that a name could feign."""
    assert reads is is_reading(method, path)


@pytest.mark.parametrize(
    ("parameters", "incident"),
    [
        ({"alert": {"incidentId": ID}}, ID),
        ({"incident_id": ID}, ID),
        ({"incident": "ab12"}, "ab12"),
        ({"alert": {"description": "x"}}, None),
        ({"alert": "x"}, None),
        ({"incident": 7}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_incident_is_what_the_parameters_name(parameters: Any, incident: str | None) -> None:
    """As our flows take it."""
    assert incident == incident_in({"parameters": parameters})

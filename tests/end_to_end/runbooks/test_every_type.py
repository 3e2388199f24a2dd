"""Every type at every severity, started in every way: who is notified, and what is done.

All are started first, on one running system, and then looked at one by one. How deep each
runbook goes, on containers, is in the end-to-end test of its type.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fixtures.stack import SharedStack, Stack
from samples.matrix_cells import CELLS, COMMON, PERSON, TYPES, Cell, Prepared, prepare, start
from schemas.settings import Settings
from schemas.validation import validate
from standins.control_plane import ControlPlane
from tasks.incident.keep_original import originals_of

CHANNELS = {
    "P1": "aeef-incidents",
    "P2": "aeef-incidents",
    "P3": "aeef-warnings",
    "P4": "aeef-info",
}
"""The spec's "Alert Routing Configuration"; P1 and P2 page as well."""
PAGED = ("P1", "P2")
HOSTILE = "; rm -rf / $(id) `id` <!channel> [x](http://evil) <script>alert(1)</script> ../../x"
TICKETED = ("agent-violation", "quality-degradation")
"""Whose review or investigation is assigned in a ticket, whatever the severity; P3 has one."""
ROLLED_BACK = ("drift", "agent-violation", "quality-degradation")
"""For P1. A service that is isolated is not: its containers are evidence."""
AUTO_RESPONSE = {
    "drift": ("{0}: 1 difference from the last known good ",),
    "security": ("no emergency patch was started: the alert brings neither findings nor a patch",),
    "agent-violation": ("kept ", "suspended agent ", "extracted ", "the violation by "),
    "data-breach": (
        "isolated {0}, verified",
        "froze deployments on {0}",
        "every command that revokes credentials of {0} worked",
        "clock gdpr-33/notification: due ",
        "drafted 1 notifications",
    ),
    "quality-degradation": ("measured {0} at ", "assigned the investigation to @shop/cart"),
}
"""What the record says of the spec's "Incident Type Classification", at every severity."""


@pytest.fixture(scope="module")
def prepared(
    shared_stack: SharedStack,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[dict[Cell, Prepared]]:
    """Every cell, started."""
    stack = shared_stack.get()
    chosen = {item.name.partition("[")[2].rstrip("]") for item in request.session.items}
    cells = [each for each in CELLS if str(each) in chosen] or CELLS
    directory = tmp_path_factory.mktemp("matrix")
    with ControlPlane() as plane, ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda cell: prepare(cell, directory / str(cell), plane), cells)
        found = dict(zip(cells, made, strict=True))
        stack.configure(more=COMMON + "".join(each.config for each in found.values()))
        for cell, sample in found.items():
            start(stack, cell, sample)
        yield found
        assert [] == plane.violations
    stack.configure()


@pytest.mark.proves("SPEC-TRIAGE-route", "SPEC-TRIAGE-actions", "REQ-010-14")
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_cell_of_the_matrix(stack: Stack, prepared: dict[Cell, Prepared], cell: Cell) -> None:
    """Page, channel and ticket as its row says; its response on record, and really done."""
    sample = prepared[cell]
    incident_id = stack.wait_for(lambda: stack.incident_of(sample.service))
    assert "done" == stack.wait_until_over(incident_id), (cell, stack.actions(incident_id))

    record = stack.incident(incident_id)
    validate("incident", record)
    assert (cell.type, cell.severity) == (record["type"], record["severity"])
    the_right_people_heard_of_it(stack, cell, incident_id)
    the_response_is_on_record(cell, sample, record)
    the_response_was_real(cell, sample)
    nobody_is_named(stack, incident_id, record)


def the_right_people_heard_of_it(stack: Stack, cell: Cell, incident_id: str) -> None:
    """As in the table; security and privacy are paged for every breach; nobody had to take over."""
    pages = {incident_id} if cell.severity in PAGED else set()
    if cell.type == "data-breach":
        pages |= {f"{incident_id}:security", f"{incident_id}:privacy"}
    assert pages == {key for key in stack.pagerduty.alerts if key.startswith(incident_id)}
    posts = {
        name: sum(incident_id in str(post.blocks) for post in stack.slack.in_channel(name))
        for name in set(CHANNELS.values())
    }
    assert posts == {name: int(name == CHANNELS[cell.severity]) for name in posts}
    tickets = sum(f"aeef-{incident_id}" in each.fields["labels"] for each in stack.jira.issues)
    assert (cell.severity == "P3" or cell.type in TICKETED) == (tickets == 1)
    assert tickets <= 1


def the_response_is_on_record(cell: Cell, sample: Prepared, record: dict[str, Any]) -> None:
    """Every step of the type once; what only some severities do, at those only."""
    actions = [each["action"] for each in record["actionsTaken"]]

    def count(begins: str) -> int:
        return sum(action.startswith(begins.format(sample.service)) for action in actions)

    assert [1] * len(AUTO_RESPONSE[cell.type]) == [count(each) for each in AUTO_RESPONSE[cell.type]]
    assert 0 == count("FAILED")
    rolled_back = cell.severity == "P1" and cell.type in ROLLED_BACK
    assert int(rolled_back) == count("rolled {0} back")
    if cell.type == "security":
        assert int(cell.severity in PAGED) == count("isolated {0}, verified")
        assert int(cell.severity not in PAGED) == count("{0} was not isolated")
    contained = cell.type in ("agent-violation", "data-breach")
    contained |= cell.type == "security" and cell.severity in PAGED
    assert ("mitigated" if contained or rolled_back else "open") == record["status"]


def the_response_was_real(cell: Cell, sample: Prepared) -> None:
    """Checks the real effects: the running release, the isolation, the credentials, the agent."""
    rolled_back = cell.severity == "P1" and cell.type in ROLLED_BACK
    assert ("status=ok" if rolled_back else "status=broken") == sample.serves
    isolated = cell.type == "data-breach" or (cell.type == "security" and cell.severity in PAGED)
    assert isolated == sample.is_isolated
    assert (cell.type == "data-breach") == (sample.repository / "run/revoked").exists()
    assert (cell.type == "data-breach") == (sample.repository / ".git/aeef/FROZEN").exists()
    if sample.agent_id:
        assert "suspended" == sample.agent_status()


def nobody_is_named(stack: Stack, incident_id: str, record: dict[str, Any]) -> None:
    """Whichever way it came in: the person is in the evidence, and not in record or Prefect."""
    run = stack.run(stack.run_id(incident_id))
    assert {"alert": {"incidentId": incident_id}} == run["parameters"]
    wanted = {"flow_run_id": {"any_": [run["id"]]}}
    logs = stack.prefect("POST", "/logs/filter", json={"logs": wanted})
    assert PERSON not in json.dumps([record, run, logs])
    settings = Settings.model_validate({"home": stack.home})
    assert any(PERSON in each.decode() for each in originals_of(incident_id, settings))


def test_no_person_and_no_command_left_the_house(
    stack: Stack, prepared: dict[Cell, Prepared]
) -> None:
    """Of all the cells together: nothing personal went out, no audit entry is missing."""
    assert prepared
    told = [each.body for s in (stack.pagerduty, stack.slack, stack.jira) for each in s.requests]
    assert [] == [body for body in told if PERSON.encode() in body]
    assert PERSON not in stack.logs()
    assert 0 == stack.command("audit", "verify").returncode


def test_a_hostile_service_is_a_text_and_nothing_else(stack: Stack) -> None:
    """Each type with an unknown service: that is recorded; nobody is mentioned, nothing is run."""
    ids = {kind: stack.report(HOSTILE, "P4", type=kind, description=HOSTILE) for kind in TYPES}

    for kind, incident_id in ids.items():
        told = "names no agent" if kind == "agent-violation" else "no configured target has"
        over = stack.wait_until_over(incident_id)
        actions = stack.actions(incident_id)
        assert ("failed" if kind == "agent-violation" else "done") == over, (kind, actions)
        assert any(told in action for action in actions), (kind, actions)
        posts = [p for p in stack.slack.in_channel("aeef-info") if incident_id in str(p.blocks)]
        assert 1 == len(posts)
        assert "<!channel>" not in posts[0].text + str(posts[0].blocks)
        validate("incident", stack.incident(incident_id))

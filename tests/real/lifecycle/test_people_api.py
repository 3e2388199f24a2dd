"""People's API: every act by HTTP, by whoever may, on record with their name and how they came."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from fixtures.intake import TOKEN, Intake
from fixtures.people import bearer, token_for
from standins.pagerduty import PagerDuty
from support import wait_until
from tasks.people.acts import PERSON_ACTS

PAGED = "paged on-call by PagerDuty"


def act(intake: Intake, name: str, incident_id: str, who: str = "rob", **given: Any) -> Any:
    """Do it as this person; the answer."""
    headers = bearer(token_for(intake.store, who))
    path = f"/v1/incidents/{incident_id}/{name}"
    return intake.client.post(path, headers=headers, json=given)


def test_taking_it_is_on_record_with_name_and_method(intake: Intake, pagerduty: PagerDuty) -> None:
    """The pager hears of it; who comes second reads who has it."""
    incident_id = intake.report()
    wait_until(lambda: PAGED in intake.actions(incident_id))
    first, second = (act(intake, "ack", incident_id, who).json() for who in ("rob", "ann"))
    entry = intake.store.incident(incident_id).actions_taken[-1]

    assert ("investigating", True, None) == (
        first["incident"]["status"],
        first["changed"],
        first["problem"],
    )
    assert ("rob (token)", False) == (entry.actor, entry.automated)
    assert "acknowledged" == pagerduty.alerts[incident_id].state
    assert not second["changed"]
    assert "Rob Example has it since " in second["said"]
    assert "noted that Ann Example pressed Take it, too" in second["said"]


def test_two_at_once_are_one_owner_and_one_note(intake: Intake) -> None:
    """However close."""
    incident_id = intake.report(severity="P4")
    people = ["rob", "ann"] * 4
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda who: act(intake, "ack", incident_id, who).json(), people))

    assert 1 == sum(each["changed"] for each in done)
    assert 1 == len({each["standing"]["owner"] for each in done})


@pytest.mark.parametrize("name", PERSON_ACTS)
def test_a_reader_is_refused_whatever_the_act(empty_intake: Intake, name: str) -> None:
    """403, before anything else is looked at; a sender's token is no person's: 401."""
    refused = act(empty_intake, name, "1", "rea")
    path = f"/v1/incidents/1/{name}"
    sender = empty_intake.client.post(path, headers=bearer(TOKEN), json={})

    assert (403, 401) == (refused.status_code, sender.status_code)
    assert "may not" in refused.json()["detail"]


def test_what_cannot_be_done_says_why(intake: Intake) -> None:
    """404 for what is not there, 409 for the state, 422 for the fields."""
    incident_id = intake.report(severity="P4")
    answers = {
        404: [act(intake, "ack", "4711"), act(intake, "fly", incident_id)],
        409: [
            act(intake, "merge", incident_id, into=incident_id),
            act(intake, "close", incident_id),
            act(intake, "resolve", incident_id, disposition="fixed"),
        ],
        422: [
            act(intake, "resolve", incident_id),
            act(intake, "note", incident_id, text=" "),
            act(intake, "severity", incident_id, severity="P9", reason="x"),
            act(intake, "hand-over", incident_id, to="nobody"),
            act(intake, "hand-over", incident_id, to="rea"),
            act(intake, "services", incident_id),
            act(intake, "ack", incident_id, more="x"),
        ],
    }

    for status, given in answers.items():
        assert [status] * len(given) == [each.status_code for each in given]
        assert all(each.json()["detail"] for each in given)
    assert "--root-cause" in answers[409][2].json()["detail"]
    assert "there are: ann, rob" in answers[422][3].json()["detail"]


def test_an_incident_s_whole_life_by_http(intake: Intake, pagerduty: PagerDuty) -> None:
    """Each act answers with one sentence, and the record has them all."""
    incident_id = intake.report(severity="P2", type="unknown", service="shop")
    other = intake.report(severity="P4", type="quality-degradation", service="till")
    steps: list[tuple[str, dict[str, Any]]] = [
        ("ack", {}),
        ("hand-over", {"to": "rob", "reason": "shift ends"}),
        ("lead", {"person": "Rob Example"}),
        ("note", {"text": "looking"}),
        ("decide", {"text": "we wait"}),
        ("services", {"add": ["till"]}),
        ("severity", {"severity": "P1", "reason": "all shops"}),
        ("type", {"type": "deployment-failure", "reason": "the release"}),
        ("link", {"to": other}),
        ("mitigated", {"reason": "flag off"}),
        ("resolve", {"disposition": "fixed", "rootCause": "a bad flag"}),
        ("reopen", {"reason": "again"}),
        ("dismiss", {"reason": "a test"}),
    ]
    said = [act(intake, name, incident_id, "ann", **given) for name, given in steps]
    wait_until(lambda: pagerduty.alerts)
    record = intake.store.incident(incident_id)
    mine = [each for each in record.actions_taken if each.actor == "ann (token)"]

    assert [200] * len(steps) == [each.status_code for each in said]
    assert all(each.json()["changed"] for each in said)
    assert len(steps) - 1 <= len(mine)
    assert ("resolved", "false-alarm") == (
        said[-1].json()["incident"]["status"],
        said[-1].json()["standing"]["disposition"],
    )
    assert 409 == act(intake, "close", incident_id, "ann").status_code  # there is no review
    assert 200 == act(intake, "dismiss", other, "ann", reason="fine").status_code
    assert 200 == act(intake, "close", other, "ann").status_code


def test_a_higher_severity_rings_anew(intake: Intake, pagerduty: PagerDuty) -> None:
    """P2 taken, then P1: nobody has it, and the pager rings for that."""
    incident_id = intake.report(severity="P2", type="drift")
    wait_until(lambda: PAGED in intake.actions(incident_id))
    act(intake, "ack", incident_id)
    raised = act(intake, "severity", incident_id, severity="P1", reason="all shops").json()
    wait_until(lambda: len(pagerduty.alerts) == 2)

    assert "owner" not in raised["standing"]
    assert {"acknowledged", "triggered"} == {each.state for each in pagerduty.alerts.values()}


def test_a_dead_pager_does_not_undo_the_act(intake: Intake, pagerduty: PagerDuty) -> None:
    """It is on record, and the answer says what was not done beside it."""
    incident_id = intake.report()
    wait_until(lambda: PAGED in intake.actions(incident_id))
    pagerduty.echo(400, times=None)
    done = act(intake, "ack", incident_id)

    assert (200, "investigating") == (done.status_code, done.json()["incident"]["status"])
    assert "PagerDuty" in done.json()["problem"]


def read(intake: Intake, path: str, who: str = "rea") -> httpx.Response:
    """Read as this person."""
    return intake.client.get(path, headers=bearer(token_for(intake.store, who)))


def test_the_list_is_filtered_and_paged(intake: Intake) -> None:
    """By everything that the address names."""
    first = intake.report(severity="P4", type="drift", service="shop", description="settings")
    second = intake.report(severity="P4", type="quality-degradation", service="till")
    act(intake, "dismiss", second, reason="a test")

    def found(query: str) -> list[str]:
        listed = read(intake, f"/v1/incidents?{query}").json()
        return [each["incident"]["incidentId"] for each in listed]

    assert [second, first] == found("")
    for query in ("status=open", "status=going-on", "type=drift", "service=shop", "q=SETTINGS"):
        assert [first] == found(query)
    assert [second] == found("severity=P4,P3&status=resolved") == found("limit=1")
    assert [first] == found(f"before={second}")
    assert [] == found("since=2999-01-01T00:00:00Z")
    assert 422 == read(intake, "/v1/incidents?severity=P9").status_code


def test_one_incident_is_read_in_full_and_an_export_is_logged(intake: Intake) -> None:
    """Who may read evidence gets the record; who read it is in the log."""
    incident_id = intake.report(severity="P4")
    shown = read(intake, f"/v1/incidents/{incident_id}").json()
    refused = read(intake, f"/v1/incidents/{incident_id}/export")
    exported = read(intake, f"/v1/incidents/{incident_id}/export", "aud")
    last = intake.store.timeline(incident_id)[-1]

    assert {"incident", "standing", "alerts", "timeline", "lacksLead"} <= set(shown)
    assert (403, 200) == (refused.status_code, exported.status_code)
    assert incident_id == exported.json()["incidentId"]
    assert ("Read: the record", "aud (token)") == (last.action, last.actor)


def test_every_act_describes_its_form(empty_intake: Intake) -> None:
    """A page or a program makes its form of it."""
    acts = {each["name"]: each for each in read(empty_intake, "/v1/acts").json()}

    assert set(PERSON_ACTS) == set(acts)
    assert ["disposition"] == acts["resolve"]["fields"]["required"]
    assert all(each["title"] and each["does"] for each in acts.values())

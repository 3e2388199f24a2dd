"""The tickets of corrective actions: one each, with their label; closed there is asked for here."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from real.corrective.actions import Actions, actions_with
from schemas.corrective import Stage
from schemas.incident import Alert, IncidentType, Severity
from standins.jira import Jira
from standins.slack import Slack
from tasks.corrective.tickets import watch_action_tickets
from tasks.store.claim_keys import corrective_key

AT_ONCE = timedelta(0)


def stage_of(actions: Actions, number: int = 1) -> Stage:
    """How the action stands."""
    return actions.store.corrective.one(number).stage


@pytest.mark.proves("IR-ACTIONS-LABEL")
def test_an_action_has_one_ticket(jira: Jira, home: Path) -> None:
    """With the label by which all are found, its owner, verifier and day."""
    actions = actions_with(home, jira)
    ca = actions.add(due="20d", text="a test\nfor the defect")
    watch_action_tickets(actions.settings, AT_ONCE)
    action = actions.store.corrective.one(1)
    fields = jira.issues[0].fields

    assert ["AEEF-1"] == [each.key for each in jira.issues]
    assert "AEEF-1" == action.ticket
    assert {"aeef", "ai-incident-ca", f"aeef-ca-{action.incident_id}-1"} == set(fields["labels"])
    assert f"{action.due_at:%Y-%m-%d}" == fields["duedate"]
    assert fields["summary"].startswith(f"{ca} (test-improvement) of P2 security shop #1: a test")
    assert "Owner: ann. Verified by: bob." in str(fields["description"])
    assert [] == jira.violations


def test_a_ticket_that_could_not_be_made_is_made_later(jira: Jira, home: Path) -> None:
    """The action is on record all the same, and says so."""
    actions = actions_with(home, jira)
    jira.fail_with(403, path="/search/jql")
    said = actions.do("ann", "action-add", "1", text="x", category="training", verifier="bob")
    watch_action_tickets(actions.settings, AT_ONCE)
    watch_action_tickets(actions.settings, AT_ONCE)

    assert "it has no ticket yet: Jira" in said
    assert "AEEF-1" == actions.store.corrective.one(1).ticket
    assert 1 == len(jira.issues)


def test_a_ticket_that_was_made_before_is_found(jira: Jira, home: Path) -> None:
    """Whoever made it did not hear that it was made."""
    actions = actions_with(home, jira)
    jira.accept_then_drop(path="/rest/api/3/issue")
    actions.do("ann", "action-add", "1", text="x", category="training", verifier="bob")
    key = corrective_key(1, "ticket:1")
    holder = str(actions.store.claims("1")[key].holder)
    watch_action_tickets(actions.settings, AT_ONCE)
    before = actions.store.corrective.one(1).ticket
    actions.store.release_claim("1", key, holder)  # as when its lease ends
    watch_action_tickets(actions.settings, AT_ONCE)

    assert (None, "AEEF-1") == (before, actions.store.corrective.one(1).ticket)
    assert 1 == len(jira.issues)


def test_a_form_without_a_due_date_gets_its_ticket_all_the_same(jira: Jira, home: Path) -> None:
    """A ticket comes before its fields."""
    jira.refused_fields["duedate"] = "cannot be set: it is not on the appropriate screen"
    actions = actions_with(home, jira)
    actions.add()

    assert "duedate" not in jira.issues[0].fields


def test_closed_there_is_done_here_and_verified_by_a_person(
    jira: Jira, slack: Slack, home: Path
) -> None:
    """The verifier is asked, once; what they verify closes nothing more."""
    actions = actions_with(home, jira, slack)
    ca = actions.add()
    jira.issues[0].status = "done"
    watch_action_tickets(actions.settings, AT_ONCE)
    watch_action_tickets(actions.settings, AT_ONCE)
    done = stage_of(actions)
    actions.do("bob", "action-verify", ca)

    assert (Stage.DONE, Stage.VERIFIED) == (done, stage_of(actions))
    assert 1 == sum(f"{ca} is done, says Jira: look" in each.text for each in slack.messages)
    assert 1 == sum("the ticket AEEF-1 was closed there" in each for each in actions.timeline())


def test_verified_closes_the_ticket(jira: Jira, home: Path) -> None:
    """What nobody closed by hand; a workflow without an end is said."""
    actions = actions_with(home, jira)
    actions.verified()
    jira.transitions = jira.transitions[:1]
    ca = actions.add()
    actions.do("ann", "action-done", ca)

    assert "ticket AEEF-2 stays open: its workflow" in actions.do("bob", "action-verify", ca)
    assert ["done", "new"] == [each.status for each in jira.issues]


def test_open_again_means_another_ticket_where_the_first_is_closed(jira: Jira, home: Path) -> None:
    """The closed one does not make it done at once; an open one goes on."""
    actions = actions_with(home, jira)
    ca = actions.verified()
    actions.do("bob", "action-reopen", ca, reason="no test there")
    watch_action_tickets(actions.settings, AT_ONCE)
    actions.do("ann", "action-done", ca)
    actions.do("bob", "action-reopen", ca, reason="still none")
    watch_action_tickets(actions.settings, AT_ONCE)
    action = actions.store.corrective.one(1)

    assert (Stage.OPEN, "AEEF-2") == (action.stage, action.ticket)
    assert ["done", "new"] == [each.status for each in jira.issues]


def test_a_closed_ticket_does_not_make_done_what_was_just_opened_again(
    jira: Jira, home: Path
) -> None:
    """Also when nobody could ask for a new one at that moment."""
    actions = actions_with(home, jira)
    ca = actions.verified()
    jira.fail_with(403, times=1)
    said = actions.do("bob", "action-reopen", ca, reason="no test there")
    watch_action_tickets(actions.settings, AT_ONCE)
    watch_action_tickets(actions.settings, AT_ONCE)
    action = actions.store.corrective.one(1)

    assert said.startswith(f"{ca}: open, ann does it")
    assert (Stage.OPEN, "AEEF-2", None) == (action.stage, action.ticket, action.earlier_ticket)
    assert "AEEF-1 was closed there" not in str(actions.timeline())


def test_a_ticket_that_is_gone_keeps_no_other_from_being_watched(jira: Jira, home: Path) -> None:
    """It is not found: nothing follows from that."""
    actions = actions_with(home, jira)
    actions.add(due="2d")
    actions.add(due="3d")
    jira.issues[1].status = "done"
    del jira.issues[0]
    watch_action_tickets(actions.settings, AT_ONCE)

    assert [Stage.OPEN, Stage.DONE] == [stage_of(actions, 1), stage_of(actions, 2)]


def test_of_a_breach_the_ticket_says_nothing(jira: Jira, slack: Slack, home: Path) -> None:
    """Who may read it is not known: those who work on it find it in the record."""
    actions = actions_with(home, jira, slack)
    breach = actions.store.open_or_attach(
        Alert(description="leak", service="crm"), IncidentType.DATA_BREACH, Severity.P1
    ).incident
    actions.do("ann", "action-add", breach.short_id, text="close the bucket 'crm-dump'",
               category="tool-configuration", verifier="bob")  # fmt: skip

    assert "crm-dump" not in str(jira.issues[0].fields)
    assert "crm-dump" not in str([each.text for each in slack.messages])
    assert "restricted" in str(jira.issues[0].fields)

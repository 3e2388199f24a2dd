"""`aeef people`: tokens are shown once, listed without their secrets, and ended."""

from __future__ import annotations

import json
import os
import pwd
from typing import Any

import pytest

from deployments.cli.terminal import this_user
from deployments.web.visitors import Visitors
from fixtures.cli import Aeef
from fixtures.people import PEOPLE, PEOPLE_AS_VARIABLE
from schemas.incident import Incident
from schemas.settings import load_settings
from standins.oidc import Oidc
from tasks.store import Store


@pytest.fixture(autouse=True)
def _people(aeef: Aeef, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PEOPLE_AS_VARIABLE.items():
        monkeypatch.setenv(name, value)


def test_a_token_is_shown_once_and_opens(aeef: Aeef, cli_store: Store) -> None:
    """It alone is on the output, so that a script can take it; no list has it again."""
    made = aeef("people", "token", "rob", "--expires", "30d")
    token = made.out.strip()
    visitors = Visitors(load_settings, lambda: cli_store)

    found = visitors.by_token(token)

    assert found is not None
    assert "rob (token)" == found.actor.on_record
    secret = token.rsplit("_", maxsplit=1)[-1]
    assert secret not in aeef("people", "list").out
    assert secret not in str(cli_store.people_keys.all())
    [entry] = cli_store.general_entries(5)
    assert secret not in str(entry)
    assert this_user() == entry.actor
    assert "Made a personal token for rob, which lasts 30 days" == entry.action


def test_the_list_has_everybody_and_what_they_come_in_with(aeef: Aeef) -> None:
    """For people, and for programs."""
    aeef("people", "token", "rob")

    listed = aeef("people", "list").out
    rob = next(each for each in aeef("people", "list", "--json").json if each["name"] == "rob")

    assert "rob  Rob Example  (responder)" in listed
    assert "never used" in listed
    assert ["token"] == [each["kind"] for each in rob["keys"]]


@pytest.mark.parametrize("by", ["person", "id"])
def test_what_is_revoked_opens_nothing(aeef: Aeef, cli_store: Store, by: str) -> None:
    """All that somebody has, or one of it."""
    token = aeef("people", "token", "rob").out.strip()
    visitors = Visitors(load_settings, lambda: cli_store)
    what = "rob" if by == "person" else token.split("_")[1]

    answer = aeef("people", "revoke", what)

    assert (0, "Revoked 1 token of rob\n") == (answer.code, answer.out)
    assert visitors.by_token(token) is None
    assert 1 == aeef("people", "revoke", what).code


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("token", "nobody"), "there are: ann, rea, rob, aud"),
        (("token", "rob", "--expires", "5y"), "a year at most"),
        (("token", "rob", "--expires", "0d"), "a year at most"),
        (("token", "rob", "--expires", "60w"), "a year at most"),
        (("link", "nobody"), "there are: ann"),
        (("revoke", "nobody"), "see `list`"),
    ],
)
def test_what_is_wrong_is_said(aeef: Aeef, arguments: tuple[str, ...], says: str) -> None:
    """With what there is."""
    answer = aeef("people", *arguments)

    assert answer.code != 0
    assert says in " ".join(answer.err.replace("│", " ").split())


def test_a_link_is_for_the_first_administrator(aeef: Aeef) -> None:
    """Unless another is named."""
    assert "for Ann Example, once" in aeef("people", "link").err
    made = aeef("people", "link", "rea")
    assert "/signin?link=" in made.out
    assert "for rea, once" in made.err


def test_the_name_in_the_environment_proves_nothing(
    aeef: Aeef, cli_store: Store, reported: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On record is the user of the operating system, and that nothing proves more."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "ceo")

    assert 0 == aeef("ack", str(reported.incident_id)).code

    user = pwd.getpwuid(os.getuid()).pw_name
    timeline = cli_store.timeline(reported.incident_id)
    assert f"local user {user}, not proven" in {each.actor for each in timeline}
    assert not any("ceo" in each.actor for each in timeline)


def test_an_export_is_on_record(aeef: Aeef, cli_store: Store, reported: Incident) -> None:
    """In the audit log, not in the record that is exported."""
    exported = aeef("incidents", "export", str(reported.incident_id)).json

    last = cli_store.timeline(reported.incident_id)[-1]
    assert ("Read: the record", this_user()) == (last.action, last.actor)
    assert {"number", "drill", "occurrences"} <= exported.pop("aeef").keys()
    assert exported == cli_store.incident(reported.incident_id).to_json()


@pytest.mark.parametrize(
    ("people", "outcome", "says"),
    [
        ({}, "not configured", "signs in as 'admin'"),
        ({"rea": PEOPLE["rea"]}, "FAILED", "give somebody the role responder"),
        (PEOPLE, "ok", "ann, rob may act"),
    ],
)
def test_doctor_says_whether_anybody_is_there(
    aeef: Aeef, monkeypatch: pytest.MonkeyPatch, people: dict[str, Any], outcome: str, says: str
) -> None:
    """Who may act, and what to do when nobody may."""
    monkeypatch.setenv("AEEF_PEOPLE", json.dumps(people))

    found = _finding(aeef, "people")

    assert outcome == found["outcome"]
    assert says in found["detail"]


def test_doctor_asks_the_provider(aeef: Aeef, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not answer is named; its groups may act, too."""
    monkeypatch.setenv("AEEF_PEOPLE", json.dumps({"rea": PEOPLE["rea"]}))
    with Oidc() as provider:
        for name, value in provider.env().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AEEF_OIDC__GROUPS", json.dumps({"sre": ["responder"]}))
        assert f"{provider.origin} answers" == _finding(aeef, "OpenID")["detail"]
        assert "and the groups sre" in _finding(aeef, "people")["detail"]
        provider.fail_with(500, times=None)
        found = _finding(aeef, "OpenID")

    assert "FAILED" == found["outcome"]
    assert "does not answer" in found["detail"]


def _finding(aeef: Aeef, check: str) -> dict[str, str]:
    found: list[dict[str, str]] = aeef("doctor", "--json").json
    return next(each for each in found if each["check"] == check)

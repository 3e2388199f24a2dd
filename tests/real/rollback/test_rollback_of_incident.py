"""`aeef rollback ID`: for an incident, over when the command is; one name for one thing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.cli.terminal import this_user
from fixtures.cli import Aeef
from fixtures.intake import Intake
from fixtures.people import token_for
from samples.targets import git
from schemas.incident import Alert, Incident, IncidentType, Severity, Status
from schemas.settings import load_settings
from tasks.deploy.freeze_target import freeze_target
from tasks.deploy.freezes import read_freeze
from tasks.do import Directly
from tasks.store import open_store


@pytest.fixture
def broken(aeef: Aeef, home: Path) -> Incident:
    """An incident of the sample target, whose newest release is bad."""
    assert 0 == aeef("init-demo").code
    config = home / "aeef.toml"
    config.write_text(config.read_text().replace("interval = 0.2", "interval = 0.02"))
    alert = Alert(description="demo answers 500", service="demo", source="test")
    store = open_store(load_settings())
    return store.open_or_attach(alert, IncidentType.DEPLOYMENT_FAILURE, Severity.P1).incident


def good_release() -> str:
    """The one that a rollback goes to."""
    return git(load_settings().target("demo").repository, "rev-parse", "HEAD~1")


def runs() -> str:
    """The commit that the sample target serves."""
    return (load_settings().target("demo").repository / "run" / "current").readlink().name


def in_a_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`aeef …` as a shell runs it: what it has begun ends with it."""
    command = [sys.executable, "-P", "-m", "deployments.cli.app", *arguments]
    return subprocess.run(
        command, env=os.environ, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("command", ["rollback", "roll-back"])
def test_it_is_done_when_the_command_is(broken: Incident, command: str) -> None:
    """In the incident that is named, by whoever typed it; the older name does the same."""
    good = good_release()
    answer = in_a_process(command, broken.short_id)
    store = open_store(load_settings())
    incident = store.incident(broken.incident_id)
    by = {each.actor for each in incident.actions_taken if "rolled demo back" in each.action}

    assert (0, "The rollback of demo is done\n") == (answer.returncode, answer.stdout)
    assert "rolled demo back" in answer.stderr
    assert good == runs()
    assert Status.MITIGATED is incident.status
    assert {this_user()} == by
    assert 1 == len(store.incidents())


def test_a_dry_run_of_an_incident_changes_nothing(aeef: Aeef, broken: Incident) -> None:
    """It says what the rollback would do."""
    before = runs()
    answer = aeef("rollback", broken.short_id, "--dry-run")

    assert (0, "") == (answer.code, answer.err)
    assert answer.out.startswith(f"would roll demo back to {good_release()}: ")
    assert before == runs()


def test_a_dry_run_says_what_would_be_done_for_this_incident(aeef: Aeef, broken: Incident) -> None:
    """What was rolled back since it began stays: one by itself would go back further."""
    done = aeef("rollback", broken.short_id)
    dry = aeef("rollback", broken.short_id, "--dry-run")
    by_itself = aeef("rollback", "--target", "demo", "--dry-run")

    assert (0, 0) == (done.code, dry.code)
    assert f"incident {broken.incident_id} already went back to it" in dry.out
    assert dry.out.split(": ")[0] not in by_itself.out


def test_one_that_fails_says_so_and_exits_with_1(aeef: Aeef, broken: Incident) -> None:
    """Nothing has begun when the command is over; that nobody could be paged is on record."""
    for proof in (load_settings().target("demo").repository / "provenance").glob("*.json"):
        proof.unlink()
    answer = aeef("rollback", broken.short_id)

    assert (1, "") == (answer.code, answer.out)
    assert "error: rollback stopped at 'choose release'" in answer.err


def test_what_else_takes_long_is_over_too(broken: Incident) -> None:
    """A freeze that is released from the command line is released when that ends."""
    of = str(broken.incident_id)
    Directly(of, this_user())(freeze_target, "demo", "", "until the cause is found")
    answer = in_a_process("release-freeze", broken.short_id)

    assert (0, "") == (answer.returncode, answer.stderr)
    assert "The release of the freeze of demo is done\n" == answer.stdout
    assert read_freeze("demo", load_settings().home) is None


def test_from_another_machine_the_intake_does_it(
    aeef: Aeef, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a personal token: what it says is the answer; a dry run is on the page."""
    incident_id = intake.report(severity="P4", service="shop")
    monkeypatch.setenv("AEEF_URL", intake.settings.intake_url)
    monkeypatch.setenv("AEEF_TOKEN", token_for(intake.store, "rob"))
    there, dry = aeef("rollback", incident_id), aeef("rollback", incident_id, "--dry-run")

    assert (1, 1) == (there.code, dry.code)
    assert "service 'shop' belongs to no configured target" in there.err
    assert "is on the incident's page" in dry.err


def test_help_lists_one_of_the_two_names(aeef: Aeef) -> None:
    """They differ by a hyphen: the other one only works for who knows it."""
    listed = aeef("--help").out

    assert "rollback" in listed
    assert "roll-back" not in listed

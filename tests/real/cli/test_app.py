"""`aeef`: rollback, doctor, init-demo, report, and every possible mistake with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.cli.terminal import this_user
from fixtures.cli import Aeef
from samples.targets import git
from schemas.incident import Status
from schemas.settings import load_settings
from schemas.validation import validate
from standins.health_address import serving
from standins.pagerduty import ROUTING_KEY, PagerDuty
from tasks.base.programs.sandbox import sandbox_problem
from tasks.store import open_store

SECRET = "s3cr3t-0123456789"
Env = pytest.MonkeyPatch


@pytest.fixture
def demo(aeef: Aeef, home: Path) -> Path:
    """The sample target, whose newest release is bad."""
    assert 0 == aeef("init-demo").code
    config = home / "aeef.toml"
    config.write_text(config.read_text().replace("interval = 0.2", "interval = 0.02"))
    return home / "demo"


def running(demo: Path) -> str:
    """The commit that the sample target serves."""
    return (demo / "run" / "current").readlink().name


def commits(demo: Path) -> tuple[str, str]:
    """The good and the bad release."""
    return git(demo, "rev-parse", "HEAD~1"), git(demo, "rev-parse", "HEAD")


def test_init_demo_is_done_once(aeef: Aeef, demo: Path, home: Path) -> None:
    """Again it is an error that changes nothing; with `--if-no-targets` it does nothing."""
    before = (home / "aeef.toml").read_text()
    again = aeef("init-demo")
    quietly = aeef("init-demo", "--if-no-targets")

    assert (1, "") == (again.code, again.out)
    assert "error: a target 'demo' is already configured" in again.err
    assert (0, "", "") == quietly
    assert before == (home / "aeef.toml").read_text()
    assert ["demo"] == list(load_settings().targets)


def test_init_demo_leaves_a_directory_that_is_not_empty_alone(aeef: Aeef, tmp_path: Path) -> None:
    """No existing file is overwritten, and nothing is configured."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    answer = aeef("init-demo", str(tmp_path / "mine"))

    assert 1 == answer.code
    assert "is not empty" in answer.err
    assert {} == load_settings().targets


def test_a_dry_run_prints_the_plan_and_changes_nothing(aeef: Aeef, demo: Path) -> None:
    """In words, or as JSON; no incident is opened."""
    good, bad = commits(demo)
    told = aeef("rollback", "--dry-run")
    plan = aeef("rollback", "--dry-run", "--json", "--to-last-known-good").json

    assert told.out.startswith(f"would roll demo back to {good}: ")
    assert (good, bad) == (plan["toCommit"], plan["fromCommit"])
    assert bad == running(demo)
    assert [] == open_store(load_settings()).incidents()


def test_a_rollback_needs_neither_prefect_nor_the_intake(aeef: Aeef, demo: Path) -> None:
    """It is done, it is on record, and no automation will do it again."""
    good, _ = commits(demo)
    answer = aeef("rollback", "--to-last-known-good", "--json")
    store = open_store(load_settings())
    (incident,) = store.incidents()

    validate("incident", answer.json)
    assert (0, good) == (answer.code, running(demo))
    assert Status.RESOLVED is incident.status
    assert {this_user()} == {each.actor for each in incident.actions_taken}
    assert answer.json == incident.to_json()
    assert "done" == store.claims(incident.incident_id)["runbook:P4"].state
    assert 0 == aeef("audit", "verify").code


def test_a_rollback_says_what_it_does(aeef: Aeef, demo: Path) -> None:
    """Each step, and at the end what runs."""
    good, _ = commits(demo)
    answer = aeef("rollback", "--target", "demo", "--to-commit", good)

    assert 0 == answer.code
    assert answer.out.startswith(f"demo serves {good}; on record as P4 deployment-failure demo ")
    assert good[:7] in answer.err


def test_a_rollback_that_fails_pages_and_says_why(
    aeef: Aeef, demo: Path, pagerduty: PagerDuty, monkeypatch: Env
) -> None:
    """Nothing is deployed that is not proven; the on-call is paged; the record stays open."""
    for name, value in pagerduty.env().items():
        monkeypatch.setenv(name, value)
    _, bad = commits(demo)
    for proof in (demo / "provenance").iterdir():
        proof.unlink()
    answer = aeef("rollback")
    (incident,) = open_store(load_settings()).incidents()

    assert (1, "", bad) == (answer.code, answer.out, running(demo))
    assert "error: rollback stopped at " in answer.err
    assert (
        "FAILED: rollback stopped at"
        in pagerduty.alerts[f"{incident.incident_id}:failed:by-hand"].payload["summary"]
    )
    assert not incident.status.is_over


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["--to-last-known-good", "--to-commit", "a" * 40], 2, "not both"),
        (["--target", "shop"], 1, "shop"),
        (["--to-commit", "HEAD; rm -rf /"], 1, "error: "),
        (["--to-commit", "f" * 40], 1, "error: "),
    ],
)
def test_a_rollback_that_makes_no_sense_changes_nothing(
    aeef: Aeef, demo: Path, arguments: list[str], code: int, named: str
) -> None:
    """The exit code is never 0."""
    answer = aeef("rollback", *arguments)

    assert (code, commits(demo)[1]) == (answer.code, running(demo))
    assert named in answer.err


@pytest.mark.parametrize(
    "command",
    ["rollback", "isolate", "restore --approver Ada", "drift", "quality", "freeze status",
     "freeze on --approver Ada", "freeze release --approver Ada",
     "drift --update-baseline --reason OPS-1"],
)  # fmt: skip
def test_a_mistyped_target_is_the_same_sentence_everywhere(
    aeef: Aeef, demo: Path, command: str
) -> None:
    """It lists what there is; nothing stopped, for nothing began."""
    answer = aeef(*command.split(), "--target", "dmo")

    assert (1, "", "error: no target 'dmo' is configured; there are: demo\n") == answer
    assert [] == open_store(load_settings()).incidents()


def test_without_a_target_a_rollback_says_what_is_missing(aeef: Aeef) -> None:
    """The choice is never guessed."""
    assert (
        1,
        "",
        "error: say which target; there are: none; add a [targets.NAME] to aeef.toml\n",
    ) == (aeef("rollback"))


@pytest.mark.parametrize(
    "command",
    ["incidents list", "audit verify", "rollback", "report drift", "ack 1234", "init-demo", "up",
     "deploy"],
)  # fmt: skip
@pytest.mark.parametrize("toml", ['colour = "red"', f'[slack]\ntokn = "{SECRET}"', "["])
def test_a_wrong_setting_is_one_line(aeef: Aeef, home: Path, command: str, toml: str) -> None:
    """Whichever the command, with exit code 1, the file's name and no secret."""
    home.mkdir(exist_ok=True)
    (home / "aeef.toml").write_text(toml)
    answer = aeef(*command.split())
    (home / "aeef.toml").unlink()

    assert (1, "", 1) == (answer.code, answer.out, answer.err.count("\n"))
    assert answer.err.startswith("error: settings ")
    assert "aeef.toml" in answer.err
    assert SECRET not in answer.err


def test_a_report_without_an_intake_says_what_to_start(aeef: Aeef, monkeypatch: Env) -> None:
    """First the token is missing, then the intake."""
    monkeypatch.setenv("AEEF_INTAKE__PORT", "9")
    no_token = aeef("report", "drift")
    monkeypatch.setenv("AEEF_INTAKE__TOKEN", SECRET)
    no_intake = aeef("report", "drift")

    assert (1, 1) == (no_token.code, no_intake.code)
    assert "run `aeef up`" in no_token.err
    assert "start it with `aeef up`" in no_intake.err
    assert SECRET not in no_intake.err


def test_doctor_says_what_to_do(
    aeef: Aeef, demo: Path, home: Path, pagerduty: PagerDuty, monkeypatch: Env
) -> None:
    """Exit code 1 while anything is wrong; each finding has its remedy; no secret."""
    for name, value in pagerduty.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AEEF_INTAKE__PORT", "9")
    monkeypatch.setenv("AEEF_PAGERDUTY_ROUTING_KEY", "misspelt")
    told = aeef("doctor")
    findings = {each["check"]: each for each in aeef("doctor", "--json").json}

    assert 1 == told.code
    outcomes = {name: finding["outcome"] for name, finding in findings.items()}
    assert {
        "settings": "ok",
        "environment": "FAILED",
        "approvals": "not configured",
        "AEEF_HOME": "ok",
        "incident store": "ok",
        "same secrets": "ok",
        "other processes": "ok",
        "from PagerDuty": "not configured",
        "links in pages": "not configured",
        "people": "not configured",
        "OpenID": "not configured",
        "senders": "ok",
        "audit log": "ok",
        "automation": "ok",
        "Prefect": "FAILED",
        "Prefect's lock": "FAILED",
        "Prefect patches": "ok",
        "intake": "FAILED",
        "PagerDuty": "ok",
        "Slack": "not configured",
        "Jira": "not configured",
        "Alertmanager": "not configured",
        "the local inbox": "ok",
        "paging": "ok",
        "phone": "not configured",
        "message": "not configured",
        "contacts": "not configured",
        "breach clocks": "not configured",
        "secrets": "not configured",  # pytest's own process is as open as any
        "sandbox": "not configured" if sandbox_problem(home) else "ok",
        "target demo": "ok",
        "isolation of demo": "not configured",
        "drift of demo": "ok",
        "disk": "ok",
        "clock": "ok",
    } == outcomes
    assert "AEEF_PAGERDUTY_ROUTING_KEY: no such setting" in told.out
    assert "start it" in findings["Prefect"]["detail"]
    assert "start `aeef up`" in findings["intake"]["detail"]
    assert "set AEEF_SLACK__TOKEN" in findings["Slack"]["detail"]
    assert "NOT healthy" in findings["target demo"]["detail"]
    assert ROUTING_KEY not in told.out + told.err


def test_doctor_shows_what_a_health_address_answers_now(aeef: Aeef, demo: Path, home: Path) -> None:
    """And how that is judged, in one line without the secrets of the address."""
    config = home / "aeef.toml"
    text = config.read_text()

    def said() -> str:
        (line,) = (each for each in aeef("doctor").out.splitlines() if "target demo" in each)
        return line

    answers = [(200, '{"Status": "Unhealthy"}'), (200, "<html><title>Shop</title></html>")]
    with serving(*answers) as (address, _):
        url = address.replace("://", f"://me:{SECRET}@") + f"?token={SECRET}"
        config.write_text(text.replace('command = ["./health"]', f'url = "{url}"'))
        bad, page = said(), said()

    assert "now NOT healthy: http://127.0.0.1" in bad
    assert "/health answered 200 with Status 'Unhealthy'" in bad
    assert "answered 200 with a web page titled 'Shop', which says nothing of its health" in page
    assert SECRET not in bad + page


def test_doctor_tells_of_regulatory_clocks(aeef: Aeef) -> None:
    """Which run, and what the drafts lack; that none do is no secret."""

    def clocks() -> tuple[str, str]:
        (found,) = (e for e in aeef("doctor", "--json").json if e["check"] == "breach clocks")
        return found["outcome"], found["detail"]

    assert "not configured" == clocks()[0]
    Path("aeef.toml").write_text('[breach]\nregimes = ["gdpr-33"]\norganisation.name = "Us"\n')
    assert ("ok", "gdpr-33; drafts lack [breach.organisation] dpo_name, dpo_contact") == clocks()


def test_doctor_tells_of_wrong_settings_too(aeef: Aeef, home: Path) -> None:
    """It does not fail because of the problem that it must report."""
    home.mkdir()
    (home / "aeef.toml").write_text('colour = "red"')
    told, data = aeef("doctor"), aeef("doctor", "--json")
    (home / "aeef.toml").unlink()

    assert (1, 1) == (told.code, data.code)
    assert "colour" in told.out
    assert ["settings"] == [finding["check"] for finding in data.json]


def test_doctor_speaks_of_github_where_it_is_used(aeef: Aeef, monkeypatch: Env) -> None:
    """Without its secret every webhook is refused; who does not use GitHub gets no finding."""

    def told() -> str | None:
        return next((f["outcome"] for f in aeef("doctor", "--json").json if f["check"] == "GitHub"),
                    None)  # fmt: skip

    assert told() is None
    monkeypatch.setenv("AEEF_GITHUB__REPOSITORIES", '{"acme/shop": "shop"}')
    assert "FAILED" == told()
    monkeypatch.setenv("AEEF_GITHUB__WEBHOOK_SECRET", SECRET)
    assert "ok" == told()
    assert SECRET not in aeef("doctor").out


@pytest.mark.proves("REQ-010-10")
def test_doctor_warns_when_nobody_would_be_paged(aeef: Aeef) -> None:
    """The worst of all findings."""
    assert "NOBODY WOULD BE PAGED" in aeef("doctor").out


def test_deploy_without_prefect_is_one_line(aeef: Aeef) -> None:
    """It says which address does not answer."""
    answer = aeef("deploy")

    assert (1, 1) == (answer.code, answer.err.count("\n"))
    assert "Prefect's server does not answer (ConnectError): start it" in answer.err
    assert "http://127.0.0.1:9/api" in answer.err


@pytest.mark.parametrize("arguments", [["nonsense"], ["report"], ["report", "boredom"], ["ack"]])
def test_wrong_usage_has_its_own_exit_code(aeef: Aeef, arguments: list[str]) -> None:
    """2, as everywhere."""
    assert 2 == aeef(*arguments).code

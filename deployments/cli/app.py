"""The command `aeef`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from deployments.cli import approve as cli_approve
from deployments.cli import automation as cli_automation
from deployments.cli import breach as cli_breach
from deployments.cli import confirm as cli_confirm
from deployments.cli import incidents as cli_incidents
from deployments.cli import oncall as cli_oncall
from deployments.cli import record as cli_record
from deployments.cli import recovery as cli_recovery
from deployments.cli import webhooks as cli_webhooks
from deployments.cli.acts import freeze as cli_freeze
from deployments.cli.acts import isolation as cli_services
from deployments.cli.backup import backup as cli_backup
from deployments.cli.calendar import calendar as cli_calendar
from deployments.cli.checks import armed as cli_armed
from deployments.cli.checks import audit as cli_audit
from deployments.cli.checks import people as cli_people
from deployments.cli.corrective import actions as cli_actions
from deployments.cli.demo import sample as cli_sample
from deployments.cli.demo import show as cli_demo
from deployments.cli.evidence import evidence as cli_evidence
from deployments.cli.figures import figures as cli_figures
from deployments.cli.hooks import hooks as cli_hooks
from deployments.cli.report import command as cli_report
from deployments.cli.retention import hold as cli_hold
from deployments.cli.retention import retention as cli_retention
from deployments.cli.review import review as cli_review
from deployments.cli.terminal import Version, plain
from deployments.cli.verbs.verbs import Id, command_of
from deployments.cli.verbs.way import is_remote
from deployments.prefect_server.settings import use_prefect
from schemas.errors import AeefError
from schemas.settings import Settings, load_settings
from tasks.base.home import make_home
from tasks.people.acts import PERSON_ACTS
from tasks.people.approving import APPROVE
from tasks.people.change import CONFIRM
from tasks.people.procedures.roll_back import ROLL_BACK

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(cli_incidents.incidents, name="incidents")
app.add_typer(cli_audit.audit, name="audit")
app.add_typer(cli_people.people, name="people")
app.add_typer(cli_breach.breach, name="breach")
app.add_typer(cli_freeze.freeze, name="freeze")
app.add_typer(cli_automation.automation, name="automation")
app.add_typer(cli_recovery.recovery, name="recovery")
app.add_typer(cli_hooks.hooks, name="hooks")
app.add_typer(cli_webhooks.webhooks, name="webhooks")
app.add_typer(cli_actions.actions, name="actions")
app.add_typer(cli_evidence.evidence, name="evidence")
app.add_typer(cli_hold.hold, name="hold")
app.add_typer(cli_retention.retention, name="retention")
app.add_typer(cli_backup.store, name="store")
app.add_typer(cli_calendar.calendar, name="calendar")
OWN: dict[str, Callable[..., None]] = {
    CONFIRM.name: cli_confirm.confirm,
    APPROVE.name: cli_approve.approve,
}
"""Verbs whose commands do more than the act."""
for _act in PERSON_ACTS.values():
    if _act is not ROLL_BACK:
        app.command(_act.name)(OWN.get(_act.name) or command_of(_act))
app.command("report")(cli_report.report)
app.command("isolate")(cli_services.isolate)
app.command("restore")(cli_services.restore)
app.command("review")(cli_review.review)
app.command("record")(cli_record.record)
app.command("oncall")(cli_oncall.oncall)
app.command("figures")(cli_figures.figures)
app.command("armed")(cli_armed.armed)
app.command("backup")(cli_backup.backup)
app.command("restore-backup")(cli_backup.restore_backup)
app.command("init-demo")(cli_sample.init_demo)
app.command("demo")(cli_demo.demo)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def aeef(*, _version: Version = False) -> None:
    """AEEF Runbooks: automated incident response."""


def _settings() -> Settings:
    settings = load_settings()
    make_home(settings.home)  # Prefect, when it is imported, makes its own folder in it
    use_prefect(settings)
    return settings


@app.command()
def up() -> None:
    """Run everything on this machine: Prefect, a worker and the intake. Ctrl-C stops it."""
    from deployments.up.up import up as run

    run(load_settings(), typer.echo)


@app.command()
def rollback(
    incident_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="The incident's number: its target is rolled back, and it is mitigated. Without"
            " one the rollback is an incident of its own.",
        ),
    ] = None,
    target: Annotated[str | None, typer.Option(help="Needed when there are several.")] = None,
    to_last_known_good: Annotated[
        bool, typer.Option("--to-last-known-good", help="The newest proven release (default).")
    ] = False,
    to_commit: Annotated[str | None, typer.Option(help="This one, if proven good.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Print the plan and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Roll back now, for an incident or by itself: it needs neither Prefect nor the intake."""
    if to_last_known_good and to_commit:
        raise typer.BadParameter("give --to-last-known-good or --to-commit, not both")
    if incident_id:
        _roll_back_for(incident_id, target, to_commit, dry_run=dry_run, as_json=as_json)
        return
    settings = _settings()
    from deployments.cli.acts.rollback import roll_back

    roll_back(settings, target, to_commit, dry_run=dry_run, as_json=as_json)


@app.command(ROLL_BACK.name, hidden=True)
def roll_back_of(
    incident_id: Id,
    target: Annotated[str | None, typer.Option(help="Needed when there are several.")] = None,
    to_commit: Annotated[str | None, typer.Option(help="This one, if proven good.")] = None,
    as_json: AsJson = False,
) -> None:
    """The older name of `aeef rollback ID`."""
    _roll_back_for(incident_id, target, to_commit, dry_run=False, as_json=as_json)


def _roll_back_for(
    incident_id: str, target: str | None, to_commit: str | None, *, dry_run: bool, as_json: bool
) -> None:
    if not is_remote():
        _settings()
    from deployments.cli.acts.rollback import roll_back_for

    roll_back_for(incident_id, target or "", to_commit or "", dry_run=dry_run, as_json=as_json)


@app.command()
def drift(
    target: Annotated[str | None, typer.Option(help="Only this one; default: all.")] = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Accept what runs of the target as it is.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why it is accepted; goes on record.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Accept without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compare what runs with the last known good release: exit code 0 none, 3 drift, 1 unknown."""
    settings = _settings()
    from deployments.cli.drift import accept, show_drift

    if update_baseline:
        if as_json or target is None or not reason.strip():
            raise typer.BadParameter("--update-baseline needs --target and --reason, not --json")
        raise typer.Exit(accept(settings, target, reason.strip(), sure=yes))
    raise typer.Exit(show_drift(settings, target, as_json=as_json))


@app.command()
def quality(
    target: Annotated[str | None, typer.Option(help="Only this one; default: all.")] = None,
    save: Annotated[
        bool, typer.Option("--save", help="Keep the figures: this release passed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure coverage and mutation score: exit code 0 good, 3 fell or below a threshold."""
    settings = _settings()
    from deployments.cli.quality import show_quality

    raise typer.Exit(show_quality(settings, target, save=save, as_json=as_json))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check configuration, reachability and permissions; say what to do for each failure."""
    try:
        settings: Settings | AeefError = _settings()
    except AeefError as error:
        settings = error
    from deployments.cli.checks.doctor import examine

    raise typer.Exit(examine(settings, as_json=as_json))


@app.command()
def deploy() -> None:
    """Register deployments and automations with Prefect's server. Safe to repeat."""
    settings = _settings()
    import os

    from deployments.dispatcher.prefect_state import server_problem
    from deployments.registry.register import register

    if problem := server_problem():
        raise AeefError(f"{problem} (PREFECT_API_URL is {os.environ['PREFECT_API_URL']})")
    register(settings, typer.echo)


@app.command()
def worker() -> None:
    """Run what Prefect schedules, on this machine: for larger installations. Ctrl-C stops it."""
    _settings()
    from deployments.worker.main import main as run

    run()


def main() -> None:
    """Run the command; an error of ours is one line and exit code 1."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except AeefError as error:
        typer.echo(plain(f"error: {error}"), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()

"""`aeef doctor`: checks what an incident would need, and reports a remedy for each failure."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx
import typer

from deployments.cli.drift import drift_in_words
from deployments.cli.terminal import plain
from deployments.dispatcher.prefect_state import prefect_problems
from deployments.intake.authentication import TOKEN_FILE, token_of
from deployments.prefect_patches import patches
from schemas.errors import AeefError, RollbackError
from schemas.settings import GithubSettings, Settings, Target, config_path, unknown_variables
from schemas.wording import some
from tasks.base.trim import one_line, trim
from tasks.channels.channel import Channel
from tasks.channels.channels import (
    CHANNELS,
    require_known_channels,
    silent_severities,
    unconfigured,
)
from tasks.deploy.check_health import look_once
from tasks.rollback.roll_back import rehearse_rollback
from tasks.store import open_store

OK, FAILED, NOT_CONFIGURED = "ok", "FAILED", "not configured"
LONGEST_VERDICT = 500
"""Characters of what a target answers, and of what its containers do."""


class Finding(NamedTuple):
    """What one check found; `detail` says what to do when it is not ok."""

    check: str
    outcome: str
    detail: str


def examine(settings: Settings | AeefError, *, as_json: bool) -> int:
    """Print every finding; the exit code is 0 only when nothing failed."""
    findings = (
        [Finding("settings", FAILED, str(settings))]
        if isinstance(settings, AeefError)
        else list(_findings(settings, quiet=as_json))
    )
    if as_json:
        typer.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    elif isinstance(settings, AeefError):
        _print(findings[0])
    return int(any(finding.outcome == FAILED for finding in findings))


def _findings(settings: Settings, *, quiet: bool) -> Iterator[Finding]:
    for check, look in _checks(settings):
        try:
            finding = Finding(check, OK, look() or "")
        except AeefError as error:
            finding = Finding(check, FAILED, str(error))
        except _NotConfigured as missing:
            finding = Finding(check, NOT_CONFIGURED, str(missing))
        except Exception as error:  # noqa: BLE001 - an error must not hide the other findings
            finding = Finding(check, FAILED, f"cannot be checked: {type(error).__name__}")
        if not quiet:
            _print(finding)
        yield finding


def _print(finding: Finding) -> None:
    typer.echo(plain(f"{finding.outcome:<15} {finding.check:<16} {finding.detail}"))


class _NotConfigured(Exception):
    pass


def _checks(settings: Settings) -> list[tuple[str, Callable[[], str | None]]]:
    return [
        ("settings", lambda: f"file {config_path() or 'none'}"),
        ("environment", _environment),
        ("AEEF_HOME", lambda: _home(settings)),
        ("incident store", lambda: _store(settings)),
        ("audit log", lambda: f"{open_store(settings).verify_audit().entries} entries, intact"),
        ("Prefect", lambda: _prefect(settings)),
        ("Prefect patches", lambda: patches.described(settings)),
        ("intake", lambda: _intake(settings)),
        *(
            (channel.title, lambda channel=channel: _channel(channel, settings))
            for channel in CHANNELS
        ),
        *([("GitHub", lambda: _github(settings))] if _wants_github(settings) else []),
        ("paging", lambda: _somebody_hears(settings)),
        ("breach clocks", lambda: _clocks(settings)),
        *(
            (f"target {name}", lambda target=target: _target(target, settings))
            for name, target in settings.targets.items()
        ),
        *(
            (f"drift of {name}", lambda target=target: drift_in_words(target, settings))
            for name, target in settings.targets.items()
        ),
    ]  # fmt: skip


def _environment() -> str:
    if unknown := unknown_variables():
        raise AeefError(
            f"{', '.join(unknown)}: no such setting; parts of a name are joined by two"
            " underscores, as in AEEF_PAGERDUTY__ROUTING_KEY"
        )
    return "every AEEF_ variable is a setting"


def _home(settings: Settings) -> str:
    for path in (settings.home, settings.home / TOKEN_FILE):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise AeefError(f"others can read {path}: chmod go= {path}")
    return str(settings.home)


def _store(settings: Settings) -> str:
    open_store(settings).ping()
    return "PostgreSQL" if settings.database_url else str(settings.home / "aeef.db")


def _prefect(settings: Settings) -> str:
    if problems := prefect_problems(settings):
        raise AeefError("; ".join(problems))
    return "server, worker, deployments and automations are there"


def _intake(settings: Settings) -> str:
    try:
        answer = httpx.get(f"{settings.intake_url}/health", timeout=10, trust_env=False)
        problems = answer.json()["problems"]
        let_in = httpx.get(
            f"{settings.intake_url}/incidents?limit=1",
            headers={"Authorization": f"Bearer {token_of(settings)}"},
            timeout=10,
            trust_env=False,
        )
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise AeefError(
            f"{settings.intake_url} does not answer ({type(error).__name__}): start `aeef up`"
        ) from None
    if problems:
        raise AeefError("; ".join(problems))
    if let_in.status_code != 200:
        raise AeefError("the intake does not know our token: restart it with the same settings")
    return settings.intake_url


def _channel(channel: Channel, settings: Settings) -> str:
    if not channel.configured(settings):
        raise _NotConfigured(f"set {', '.join(channel.needs)}")
    return channel.check(settings)


def _clocks(settings: Settings) -> str:
    breach, targets = settings.breach, settings.targets.values()
    own = [name for each in targets if each.breach for name in each.breach.regimes or ()]
    if not (regimes := list(dict.fromkeys([*breach.regimes, *own]))):
        raise _NotConfigured("set [breach] regimes: the regulatory regimes that apply to you")
    organisation = breach.organisation
    wanted = {
        "name": organisation.name,
        "dpo_name": organisation.dpo_name,
        "dpo_contact": organisation.dpo_contact,
    }
    missing = [name for name, value in wanted.items() if not value]
    gaps = f"; drafts lack [breach.organisation] {', '.join(missing)}" if missing else ""
    return f"{', '.join(regimes)}{gaps}"


def _wants_github(settings: Settings) -> bool:
    return settings.github != GithubSettings()


def _github(settings: Settings) -> str:
    if not settings.github.secrets:
        raise AeefError(
            "every webhook is refused: set AEEF_GITHUB__WEBHOOK_SECRET to the webhook's secret"
        )
    return f"webhooks are taken; {len(settings.github.repositories)} repositories have a service"


def _somebody_hears(settings: Settings) -> str:
    require_known_channels(settings)
    missing = unconfigured(settings)
    if len(missing) == len(CHANNELS):
        titles = " or ".join(channel.title for channel in CHANNELS)
        raise AeefError(f"NOBODY WOULD BE PAGED: configure {titles}")
    if silent := silent_severities(settings):
        raise AeefError(
            f"NOBODY WOULD BE PAGED for {', '.join(silent)}: no channel that [routes]"
            " page_channels names for it is configured"
        )
    return f"by {', '.join(each.name for each in CHANNELS if each.name not in missing)}"


def _target(target: Target, settings: Settings) -> str:
    try:
        plan = rehearse_rollback(target, settings.home)
    except RollbackError as error:
        raise AeefError(f"a rollback would fail: {error}; {_now(target)}") from None
    goal = "; ".join([f"could go back to {plan.to_commit[:12]}", *plan.remarks])
    if plan.passed_over:
        goal += f"; passed over: {some(plan.passed_over, ' | ')}"
    if plan.not_looked_at:
        goal += f"; not looked at: {some(plan.not_looked_at)}"
    return f"{goal}; {_now(target)}"


def _now(target: Target) -> str:
    """What it answers now, how that is judged, and what its containers do."""
    verdict = look_once(target)
    seen = f"NOT healthy: {verdict.problem}" if verdict.problem else f"healthy: {verdict.said}"
    return f"now {trim(one_line(seen), LONGEST_VERDICT)}"

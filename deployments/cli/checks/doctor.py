"""`aeef doctor`: checks what an incident would need, and reports a remedy for each failure."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx
import typer

from deployments.cli.automation import state_in_words
from deployments.cli.checks.approvals import approvals_in_words
from deployments.cli.checks.foreign_code import sandbox_in_words, secrets_in_words
from deployments.cli.checks.people import people_in_words, provider_in_words, where_pages_lead
from deployments.cli.checks.way_back import ways_back
from deployments.cli.drift import drift_in_words
from deployments.cli.hooks.senders import senders_in_words
from deployments.cli.terminal import plain, this_actor
from deployments.cli.webhooks import webhook_in_words
from deployments.dispatcher.prefect_state import prefect_problems
from deployments.prefect_patches import patches
from deployments.prefect_server.credential import CREDENTIAL_FILE
from deployments.prefect_server.examine import locked
from deployments.web.sessions import KEY_FILE
from deployments.web.token import TOKEN_FILE
from deployments.web.visitors import host_pass
from schemas.errors import AeefError
from schemas.model import utc_now
from schemas.settings import (
    GithubSettings,
    Settings,
    config_path,
    unknown_variables,
)
from tasks.armed.alike import alike_of, differences
from tasks.armed.lever import NotConfigured, Outcome, try_levers
from tasks.armed.levers import levers_of
from tasks.base.home import make_home
from tasks.store import open_store
from tasks.store.database.writable import check_home, low_space

OK, FAILED, NOT_CONFIGURED = Outcome.ARMED, Outcome.DISARMED, Outcome.NOT_CONFIGURED
NOT_ON = "NOT ON"
"""The outcome of the automation when a person switched it off: no failure, but to be known."""
DIFFERENT = "DIFFERENT"
"""The outcome when others run another version or other settings: as during an upgrade."""


class Finding(NamedTuple):
    """What one check found; `detail` says what to do when it is not ok."""

    check: str
    outcome: str
    detail: str


def examine(settings: Settings | AeefError, *, as_json: bool) -> int:
    """Print every finding; the exit code is 0 only when nothing failed."""
    findings = (
        [Finding("settings", str(FAILED), str(settings))]
        if isinstance(settings, AeefError)
        else list(_findings(settings, quiet=as_json))
    )
    if as_json:
        typer.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    elif isinstance(settings, AeefError):
        _print(findings[0])
    return int(any(finding.outcome == FAILED for finding in findings))


def _findings(settings: Settings, *, quiet: bool) -> Iterator[Finding]:
    """Our own checks, then the levers, which are tried side by side."""
    for check, look in _checks(settings):
        try:
            finding = Finding(check, str(OK), look() or "")
        except AeefError as error:
            finding = Finding(check, str(FAILED), str(error))
        except _ToBeKnown as known:
            finding = Finding(check, known.outcome, str(known))
        except NotConfigured as missing:
            finding = Finding(check, str(NOT_CONFIGURED), str(missing))
        except Exception as error:  # noqa: BLE001 - an error must not hide the other findings
            finding = Finding(check, str(FAILED), f"cannot be checked: {type(error).__name__}")
        if not quiet:
            _print(finding)
        yield finding
    for lever, outcome, detail in try_levers(levers_of(settings)):
        finding = Finding(lever.name, str(outcome), detail)
        if not quiet:
            _print(finding)
        yield finding


def _print(finding: Finding) -> None:
    typer.echo(plain(f"{finding.outcome:<15} {finding.check:<16} {finding.detail}"))


class _ToBeKnown(Exception):
    """No failure, but not as usual. outcome: instead of `ok`."""

    def __init__(self, outcome: str, words: str) -> None:
        super().__init__(words)
        self.outcome = outcome


def _checks(settings: Settings) -> list[tuple[str, Callable[[], str | None]]]:
    return [
        ("settings", lambda: f"file {config_path() or 'none'}"),
        ("environment", _environment),
        ("AEEF_HOME", lambda: _home(settings)),
        ("automation", lambda: _automation(settings)),
        ("approvals", lambda: approvals_in_words(settings)),
        ("Prefect", lambda: _prefect(settings)),
        ("Prefect's lock", lambda: locked(settings)),
        ("Prefect patches", lambda: patches.described(settings)),
        ("intake", lambda: _intake(settings)),
        *([("GitHub", lambda: _github(settings))] if _wants_github(settings) else []),
        *ways_back(settings),
        ("links in pages", lambda: where_pages_lead(settings)),
        ("people", lambda: people_in_words(settings)),
        ("OpenID", lambda: provider_in_words(settings)),
        ("senders", lambda: _senders(settings)),
        *((f"webhook {n}", lambda n=n: webhook_in_words(n, settings)) for n in settings.webhooks),
        ("other processes", lambda: _others(settings)),
        ("breach clocks", lambda: _clocks(settings)),
        ("secrets", lambda: secrets_in_words(settings)),
        ("sandbox", lambda: sandbox_in_words(settings)),
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
    for name in ("", TOKEN_FILE, KEY_FILE, CREDENTIAL_FILE):
        path = settings.home / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise AeefError(f"others can read {path}: chmod go= {path}")
    make_home(settings.home)
    if problem := check_home(settings.home) or low_space(settings):
        raise AeefError(problem)
    return f"{settings.home}, written and read back"


def _automation(settings: Settings) -> str:
    is_on, words = state_in_words(settings)
    if not is_on:
        raise _ToBeKnown(NOT_ON, words)
    return words


def _prefect(settings: Settings) -> str:
    if problems := prefect_problems(settings):
        raise AeefError("; ".join(problems))
    return "server, worker, deployments and automations are there"


def _intake(settings: Settings) -> str:
    try:
        answer = httpx.get(f"{settings.intake_url}/health", timeout=10, trust_env=False)
        problems = [*answer.json()["problems"], *answer.json()["warnings"]]
        let_in = httpx.get(
            f"{settings.intake_url}/incidents?limit=1",
            headers={"Authorization": f"Bearer {host_pass(settings, this_actor().name)}"},
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
        raise AeefError("the intake does not know our key: restart it with the same settings")
    return settings.intake_url


def _senders(settings: Settings) -> str:
    refused, said = senders_in_words(settings)
    if refused:
        raise _ToBeKnown("REFUSED", refused)
    return said


def _others(settings: Settings) -> str:
    store = open_store(settings)
    if found := differences(alike_of(settings), store.processes(), utc_now()):
        remedy = "give all machines the same version and settings, and restart"
        raise _ToBeKnown(DIFFERENT, "; ".join([*found, remedy]))
    return "no dispatcher that reports runs another version or other settings"


def _clocks(settings: Settings) -> str:
    breach, targets = settings.breach, settings.targets.values()
    own = [name for each in targets if each.breach for name in each.breach.regimes or ()]
    if not (regimes := list(dict.fromkeys([*breach.regimes, *own]))):
        raise NotConfigured("set [breach] regimes: the regulatory regimes that apply to you")
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

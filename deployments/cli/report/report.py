"""`aeef report`: sends an alert to the intake, and prints what is done for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import httpx
import typer

from deployments.cli.terminal import plain, this_actor
from deployments.cli.verbs.way import Elsewhere, elsewhere
from deployments.web.token import token_of
from deployments.web.visitors import host_pass
from schemas.errors import AeefError, ConfigurationError
from schemas.incident import WAITS, Phase
from schemas.settings import Settings

T = TypeVar("T")

ASK_SECONDS = 0.5
NOT_FOR_IT = "was attached, and nothing was started for it"
"""The state when the incident's only run ended before the report: it says nothing about it."""


def report(
    settings: Settings,
    alert: Mapping[str, Any],
    *,
    wait: bool,
    timeout: float,
    as_json: bool,
    beside: Beside | None = None,
) -> None:
    """Send the alert; with `wait`, print each action as it happens, and at the end the link.

    as_json: print only the record.
    Raises AeefError when the intake does not take it, or the runbook fails or takes too long.
    """
    there = elsewhere()
    with httpx.Client(
        base_url=there.url if there else settings.intake_url,
        timeout=30,
        trust_env=there is not None,
    ) as client:
        intake = _Intake(client, settings, there)
        given = {name: value for name, value in alert.items() if value not in (None, "")}
        opened = intake.ask("POST", "/v1/alerts", json=given)
        if not as_json:
            typer.echo(plain(_accepted(opened)))
            if opened.get("automation"):
                typer.echo(plain(f"  {opened['automation']}"))
            if opened.get("look") is not None:
                typer.echo("  looking at the service: is it broken again?")
        if not wait:
            if as_json:
                typer.echo(json.dumps(opened, indent=2))
            return
        waiting = _Waiting(intake, opened, timeout, quiet=as_json, beside=beside or Beside())
        state = waiting.until_over()
        if as_json:
            typer.echo(json.dumps(intake.ask("GET", waiting.path), indent=2))
        else:
            if beside:
                typer.echo(plain(beside.sentence))
            typer.echo(plain(f"see {opened['url']}"))
        if state == NOT_FOR_IT:
            raise AeefError(f"this report {NOT_FOR_IT}; see {opened['url']}")
        if state == Phase.WITHHELD:
            raise AeefError(f"{state}; see {opened['url']} and take over")
        if state != "done":
            raise AeefError(
                f"the runbook did not complete ({state}); see {opened['url']}/run and take over"
            )


def _accepted(opened: Mapping[str, Any]) -> str:
    """What became of the alert: which incident has it."""
    name = f"incident #{opened['number']} ({opened['incidentId']})"
    if opened["new"]:
        return f"opened {name}  {opened['url']}"
    occurrence = f", occurrence {opened['occurrence']}" if opened["occurrence"] > 1 else ""
    return f"attached to {name} ({opened['status']}{occurrence})  {opened['url']}"


class Beside:
    """What is printed beside the actions; nothing."""

    def at(self, _moment: datetime) -> str:
        """Before an action of this moment."""
        return ""

    @property
    def sentence(self) -> str:
        """After all of them."""
        return ""


class _Intake:
    """Asks the intake, and raises AeefError when it does not answer, or refuses."""

    def __init__(self, client: httpx.Client, settings: Settings, there: Elsewhere | None) -> None:
        self._client = client
        if there:
            self._shown = dict.fromkeys(("POST", "GET"), there.token)
            return
        # The report is sent as senders do; what became of it is read by whoever is here.
        self._shown = {
            "POST": token_of(settings),
            "GET": host_pass(settings, this_actor().name),
        }

    def ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        try:
            headers = {"Authorization": f"Bearer {self._shown[method]}"}
            answer = self._client.request(method, path, headers=headers, **content)
        except httpx.HTTPError as error:
            raise ConfigurationError(
                f"the intake at {str(self._client.base_url).rstrip('/')} does not answer"
                f" ({type(error).__name__}): start it with `aeef up`, or set AEEF_INTAKE__HOST"
                " and AEEF_INTAKE__PORT, or AEEF_URL"
            ) from None
        try:
            found: dict[str, Any] = answer.json()
        except ValueError:
            found = {"detail": answer.text[:200]}
        if answer.is_error:
            raise AeefError(f"the intake answered {answer.status_code}: {found.get('detail')}")
        return found


class _Waiting:
    """Follows an incident until what was done for one report of it is over."""

    def __init__(
        self,
        intake: _Intake,
        opened: Mapping[str, Any],
        timeout: float,
        *,
        quiet: bool,
        beside: Beside,
    ) -> None:
        self.path = f"/incidents/{opened['incidentId']}"
        self._intake = intake
        self._opened = opened
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._quiet = quiet
        self._beside = beside
        self._printed = ""
        self._shown = 0 if opened["new"] else len(self._actions())

    def until_over(self) -> str:
        """`done` when all is well for this report, else why not."""
        has_run = self._opened["new"] or self._opened["severityRaised"]
        look = self._opened.get("look")
        if look is not None:
            seen = self._poll(lambda: self._answer_to(look))
            if seen is None:
                return f"nobody looked at the service within {self._timeout:.0f} s"
            again = f"relapse, occurrence {seen['occurrence']}: " if seen["isRelapse"] else ""
            if again + seen["said"] not in self._printed:  # the record's own line may say it
                self._print(f"  {again}{seen['said']}")
            if seen["verdict"] in ("well", "contained") and not has_run:
                self._print("  no runbook was started for this report")
                return "done"
            has_run = has_run or seen["isRelapse"]
        return self._until_run_is_over(may_be_old=not has_run)

    def _answer_to(self, number: int) -> dict[str, Any] | None:
        """What was seen for this question; None while nobody has looked."""
        state = self._intake.ask("GET", f"{self.path}/look")
        self._print_new_actions()
        last: dict[str, Any] | None = state["last"]
        return last if state["answered"] >= number else None

    def _until_run_is_over(self, *, may_be_old: bool) -> str:
        """may_be_old: a run that has ended already was not made for this report."""
        first = self._intake.ask("GET", f"{self.path}/runbook")
        if may_be_old and first["state"] in ("done", Phase.WITHHELD):
            before = f"  run {first['runId']} ended before it"
            self._print(f"{before}: nothing was started for this report")
            return NOT_FOR_IT
        shown, run = "", None

        def ended() -> str | None:
            nonlocal shown, run
            last = self._intake.ask("GET", f"{self.path}/runbook")
            self._print_new_actions()
            if run != last["runId"]:
                run = last["runId"]
                begun = ", which began before this report" if may_be_old else ""
                self._print(f"  run {run}, occurrence {last['occurrence']}{begun}")
            if last["state"] != shown:
                shown = last["state"]
                self._print(f"  runbook: {shown}")
            return shown if shown in ("done", "failed", WAITS, Phase.WITHHELD) else None

        return self._poll(ended) or f"still {shown} after {self._timeout:.0f} s"

    def _poll(self, question: Callable[[], T | None]) -> T | None:
        """The first answer; None when there is none in time."""
        while time.monotonic() < self._deadline:
            if (answer := question()) is not None:
                return answer
            time.sleep(ASK_SECONDS)
        return None

    def _actions(self) -> list[dict[str, Any]]:
        actions: list[dict[str, Any]] = self._intake.ask("GET", self.path).get("actionsTaken", [])
        return actions

    def _print_new_actions(self) -> None:
        actions = self._actions()
        for action in actions[self._shown :]:
            at = action["timestamp"]
            beside = self._beside.at(datetime.fromisoformat(at))
            self._print(f"  {at[11:19]}  {beside}{action['action']}")
        self._shown = len(actions)

    def _print(self, text: str) -> None:
        self._printed += f"{text}\n"
        if not self._quiet:
            typer.echo(plain(text))

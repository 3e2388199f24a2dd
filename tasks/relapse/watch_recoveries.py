"""Watches what was given back to its users: broken reopens and pages, unclear asks a person."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.model import utc_now
from schemas.recovery import Recovery, RecoverySettings, Watched
from schemas.settings import Settings, Target
from tasks.base.redact import redact
from tasks.base.storable import first_line
from tasks.channels.slack.message import reply_in_thread
from tasks.deploy.check_health import look_once
from tasks.isolation.restore_service import isolated_services
from tasks.notify.page_on_call import ensure_page
from tasks.recovery.gate import rules_of
from tasks.relapse.look_at_services import LONGEST
from tasks.step import log_line
from tasks.store import Store, open_store
from tasks.store.claim_keys import watch_key

LOOKS = 3
"""Bad in a row before it counts as broken: one answer may be lost."""
ASK_EVERY = timedelta(days=1)
ACTOR = "aeef-runbooks"


class _Watch:
    """One round over one recovery."""

    def __init__(self, recovery: Recovery, target: Target, settings: Settings) -> None:
        self._recovery = recovery
        self._target = target
        self._settings = settings
        self._store: Store = open_store(settings)
        self._incident: Incident = self._store.incident(recovery.incident_id)

    def end(self) -> str:
        """Its time is over: say how it went."""
        recovery = self._recovery
        well = recovery.looks - recovery.unclear
        held = well > recovery.unclear
        text = (
            f"the watch over {recovery.target} is over"
            + (", and it held" if held else "; whether it held was not seen")
            + f": {well} of {recovery.looks} looks showed it well"
        )
        outcome = Watched.WELL if held else Watched.UNSEEN
        self._change(text, ended_at=utc_now(), outcome=outcome)
        if not held:
            self._page(watch_key(self._incident, "unseen"), f"{text}; look whether it is well")
        try:
            reply_in_thread(
                str(recovery.incident_id), text, self._settings, holder=f"watch {uuid4()}"
            )
        except AeefError as error:
            log_line(str(error))
        return text

    def look(self, now: datetime) -> str:
        """Look at its health, and do what follows from it."""
        if off := isolated_services(self._target, self._settings):
            return f"{self._target.name} was not looked at: {', '.join(off)} is isolated"
        looks = self._recovery.looks + 1
        try:
            problem, said = _seen(self._target)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, nothing was seen
            return self._unclear(f"{type(error).__name__}: {error}", looks, now)
        if problem is None:
            self._change("", looks=looks, looked_at=now)
            return f"{self._target.name}: {said}"
        return self._broken(self._line(problem), looks, now)

    def _broken(self, problem: str, looks: int, now: datetime) -> str:
        because = f"{self._target.name} is broken again while it is watched: {problem}"
        after = self._store.relapse(
            self._incident.incident_id, because, actor=ACTOR, resolved_too=True
        )
        self._change(because, looks=looks, looked_at=now, ended_at=now, outcome=Watched.BROKEN)
        if after.status.is_over:  # a closed one stays closed, but somebody has to know
            self._page(watch_key(after, "broken"), because)
        return because

    def _unclear(self, why: str, looks: int, now: datetime) -> str:
        text = f"the watch over {self._target.name} shows nothing: {self._line(why)}"
        unclear = self._recovery.unclear + 1
        self._change("", looks=looks, unclear=unclear, looked_at=now)
        began = self._recovery.freed_at or now
        number = int((now - began) / ASK_EVERY)
        self._page(
            watch_key(self._incident, f"unclear:{number}"), f"{text}; look whether it is well"
        )
        return text

    def _page(self, key: str, reason: str) -> None:
        try:
            ensure_page(
                self._incident.incident_id,
                self._settings,
                holder=f"watch {uuid4()}",
                key=key,
                reason=reason,
                even_if_over=True,
            )
        except AeefError as error:
            log_line(str(error))

    def _line(self, text: str) -> str:
        return first_line(self._store.masked_text(redact(text, self._settings)), LONGEST)

    def _change(self, text: str, **fields: Any) -> None:
        self._store.recoveries.change(self._recovery, text, **fields)


def watch_recoveries(settings: Settings) -> tuple[list[str], list[str]]:
    """One round: what was seen, and the targets that are due for a look for drift."""
    store = open_store(settings)
    said, drift = [], []
    for recovery in store.recoveries.going_on():
        target = settings.targets.get(recovery.target)
        if target is None or recovery.watch_until is None:
            continue
        now, rules = utc_now(), rules_of(target, settings)
        watch = _Watch(recovery, target, settings)
        if recovery.is_over(now):
            said.append(watch.end())
            continue
        if _due(recovery.looked_at, rules.look_every, now):
            said.append(watch.look(now))
        if _due(recovery.drift_at, rules.drift_every, now):
            store.recoveries.change(recovery, "", drift_at=now)
            drift.append(target.name)
    return said, drift


def watch_every(settings: Settings) -> float:
    """Seconds between rounds; 0 while nothing could ever be watched."""
    all_rules: list[RecoverySettings] = [
        rules_of(target, settings) for target in settings.targets.values()
    ]
    return min((rules.look_every for rules in all_rules if rules.is_on), default=0.0)


def _due(last: datetime | None, every: float, now: datetime) -> bool:
    # The schedule is not to the second: what is nearly due is due.
    return last is None or (now - last).total_seconds() >= every * 0.9


def _seen(target: Target) -> tuple[str | None, str]:
    """The problem, if it was there in several looks, and what was seen."""
    for number in range(LOOKS):
        verdict = look_once(target)
        if verdict.problem is None:
            return None, verdict.said
        if number < LOOKS - 1:
            time.sleep(target.health.interval)
    return verdict.problem, verdict.said

"""Looks at an incident's services, with a deadline: well, contained, broken, or unknown."""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from threading import Thread

from schemas.agents import NamedAgent
from schemas.incident import Alert, Incident, IncidentType, Look, Verdict, agents_named
from schemas.incident.relapse import OUTAGES
from schemas.model import utc_now
from schemas.settings import Settings, Target
from tasks.agents.journal import read_suspension
from tasks.base.redact import redact
from tasks.base.storable import first_line
from tasks.deploy.check_health import unhealthy_because
from tasks.isolation.journal import read_isolation
from tasks.store import Store

LONGEST = 500
"""Characters of what was seen that are kept: a health command may print a lot."""


def look_at_services(incident: Incident, settings: Settings, store: Store) -> Look:
    """Look once; return within `[relapse] look_within` seconds, whatever happens.

    What cannot be looked at in time, or at all, is unknown.
    """
    within = settings.relapse.look_within
    seen: SimpleQueue[tuple[Verdict, str]] = SimpleQueue()

    def look() -> None:
        try:
            seen.put(_look(incident, store.alert(incident.incident_id), settings))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, nothing was seen
            seen.put((Verdict.UNKNOWN, f"{type(error).__name__}: {error}"))

    # A thread of its own, which nobody waits for: a server may hold on to it for ever.
    Thread(target=look, name="look", daemon=True).start()
    try:
        verdict, text = seen.get(timeout=within)
    except Empty:
        verdict, text = Verdict.UNKNOWN, f"nothing was seen within {within:g} s"
    line = first_line(store.masked_text(redact(text, settings)), LONGEST)
    return Look(verdict=verdict, seen=line, at=utc_now())


def _look(incident: Incident, alert: Alert, settings: Settings) -> tuple[Verdict, str]:
    """What was seen of each service; the worst of it counts."""
    targets: dict[str, Target] = {}
    for service in incident.affected_services or ["unknown service"]:
        target = settings.target_of(service)
        if target is None:
            return Verdict.UNKNOWN, f"service '{service}' belongs to no configured target"
        targets[target.name] = target
    found = [_look_at(target, incident, alert, settings) for target in targets.values()]
    worst = max(found, key=lambda each: list(Verdict).index(each[0]))[0]
    return worst, "; ".join(text for verdict, text in found if verdict is worst)


def _look_at(
    target: Target, incident: Incident, alert: Alert, settings: Settings
) -> tuple[Verdict, str]:
    contained = _contained(target, incident, alert, settings)
    if contained:
        return Verdict.CONTAINED, contained
    if incident.type not in OUTAGES:
        what = f"a health check does not show whether there is a {incident.type}"
        return Verdict.UNKNOWN, f"{target.name} is not contained on record, and {what}"
    return _health(target, settings.relapse.look_within / 2)


def _health(target: Target, seconds: float) -> tuple[Verdict, str]:
    """Broken at the first bad answer; well after the good answers in a row that its settings ask
    for, or as many as fit into these seconds.
    """
    over = time.monotonic() + seconds
    for number in range(1, target.health.successes + 1):
        if problem := unhealthy_because(target):
            return Verdict.BROKEN, f"{target.name}: {problem}"
        if time.monotonic() + target.health.interval >= over:
            break
        if number < target.health.successes:
            time.sleep(target.health.interval)
    return Verdict.WELL, f"{target.name} passed its health check ({number} in a row)"


def _contained(target: Target, incident: Incident, alert: Alert, settings: Settings) -> str | None:
    """What contains the trouble, as the journals have it; they are kept until it is undone."""
    if isolation := read_isolation(target.name, settings.home):
        when = f"{isolation.isolated_at:%Y-%m-%d %H:%M} UTC"
        return (
            f"{target.name} is on record as isolated since {when}, for incident"
            f" {isolation.incidents[-1]}; its health was not looked at"
        )
    agents = agents_named(alert) if incident.type == IncidentType.AGENT_VIOLATION else []
    named = [NamedAgent(agent_id=each, target=target.name) for each in agents]
    if named and all(read_suspension(each, settings.home) for each in named):
        return f"{', '.join(map(str, named))} is on record as suspended"
    return None

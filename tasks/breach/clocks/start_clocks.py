"""Starts the regulatory clocks of a breach: in the record, in Prefect's UI, and with timers."""

from __future__ import annotations

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from schemas.breach import Clock, Standing
from schemas.incident import Incident
from schemas.model import Model, utc_now
from schemas.settings import Settings
from tasks.base.markdown import literal
from tasks.breach.breach_facts import clocks_for
from tasks.breach.clocks.ring_clock import spoken_clocks
from tasks.breach.clocks.timers import moment_of, schedule, timers_for
from tasks.case import Case
from tasks.incident.artifacts import table_artifact
from tasks.step import step
from tasks.store import open_store
from tasks.store.claim_keys import CLOCKS_STARTED

NONE_CONFIGURED = (
    "NO REGULATORY CLOCK runs: no regime is configured ([breach] regimes in aeef.toml);"
    " legal deadlines may be running even so"
)


class Clocks(Model):
    """The started clocks, and the number of their timers."""

    clocks: tuple[Clock, ...] = ()
    timers: int = 0

    def __str__(self) -> str:
        if not self.clocks:
            return NONE_CONFIGURED
        running = [each for each in self.clocks if each.standing is Standing.RUNNING]
        due = [(each.deadline.due_at, each.key) for each in running if each.deadline.due_at]
        first = (
            f"; the first, {min(due)[1]}, is due {min(due)[0]:%Y-%m-%d %H:%M} UTC" if due else ""
        )
        at_once = [each.key for each in self.clocks if each.standing is Standing.DUE_AT_ONCE]
        now = f"; due without undue delay: {', '.join(at_once)}" if at_once else ""
        return (
            f"regulatory clocks: {len(running)} of {len(self.clocks)} run{first}{now};"
            f" {self.timers} timers; prepared for counsel, not legal advice"
        )


@step("start the regulatory clocks", says=str, timeout=120)
def start_clocks(case: Case, asked_by: str = "") -> Clocks:
    """Compute every deadline, record it and create its timers. Safe to repeat.

    asked_by: who set a fact of the breach; empty for a runbook, which needs somebody's word.
    Raises NotConfirmed.
    Called again after facts changed, it adds what is new; an outdated timer of a moved clock
    checks the present state before it notifies anybody.
    """
    case.require_word("no legal clock starts", asked_by)
    incident = case.incident
    now = utc_now()
    case.store.finish_claim(incident.incident_id, CLOCKS_STARTED, "clock", {})
    clocks = record_clocks(incident, case.settings)
    made = make_timers(incident, clocks, case.settings)
    if clocks:
        table_artifact(
            key=f"clocks-{incident.incident_id}",
            table=table_of(clocks, now),
            description=f"Regulatory clocks of {literal(incident.title)}"
            " (prepared for counsel, not legal advice)",
        )
    return Clocks(clocks=tuple(clocks), timers=made)


def make_timers(incident: Incident, clocks: list[Clock], settings: Settings) -> int:
    """Create the missing timers; return how many timers there are."""
    spoken = spoken_clocks(incident, settings)
    timers = timers_for(clocks, settings.breach.remind_before, utc_now(), spoken)
    return schedule(incident, timers) if timers else 0


def watch_clocks(settings: Settings) -> str:
    """Make sure that every started clock has its timers; return the findings in words.

    A timer may have died when it was due, or been lost with Prefect's database.
    """
    store = open_store(settings)
    incidents = [store.incident(each) for each in store.incidents_with_claim(CLOCKS_STARTED)]
    timers = sum(make_timers(each, clocks_for(each, settings), settings) for each in incidents)
    return f"{timers} timers of the regulatory clocks of {len(incidents)} incidents"


def record_clocks(incident: Incident, settings: Settings) -> list[Clock]:
    """Record each clock, once per state; return every clock."""
    store = open_store(settings)
    clocks = clocks_for(incident, settings)
    for clock in clocks:
        identity = f"clock/{clock.key}/{clock.standing}/{moment_of(clock)}/{clock.submitted_at}"
        store.record_action(
            incident.incident_id,
            sentence_of(clock),
            entry_id=uuid5(NAMESPACE_URL, f"aeef:{incident.incident_id}/{identity}"),
        )
    return clocks


def sentence_of(clock: Clock) -> str:
    """One clock, for the record."""
    deadline = clock.deadline
    basis = f"{deadline.legal_basis}, as of {deadline.as_of}"
    notes = f"; {'; '.join(deadline.notes)}" if deadline.notes else ""
    match clock.standing:
        case Standing.RUNNING:
            stands = f"due {deadline.due_text} ({deadline.starts_from}"
            stands += f", started {deadline.started_at:%Y-%m-%d %H:%M:%S} UTC)"
        case Standing.DUE_AT_ONCE:
            stands = f"due {deadline.due_text} ({deadline.starts_from})"
        case Standing.NOT_STARTED:
            stands = f"{deadline.due_text} ({deadline.starts_from})"
        case _:
            return f"clock {clock.key}: stopped: {clock.in_words(utc_now())} [{basis}]"
    return f"clock {clock.key}: {stands}, to the {deadline.addressee} [{basis}]{notes}"


def table_of(clocks: list[Clock], now: datetime) -> list[dict[str, str]]:
    """One row for each clock."""
    return [
        {
            "regime": clock.deadline.title,
            "deadline": clock.deadline.name,
            "due (UTC)": clock.deadline.due_text,
            "status": literal(clock.in_words(now)),
            "addressee": clock.deadline.addressee,
            "starts": clock.deadline.starts_from,
            "legal basis": f"{clock.deadline.legal_basis} (as of {clock.deadline.as_of})",
            "notes": "; ".join(clock.deadline.notes),
        }
        for clock in clocks
    ]

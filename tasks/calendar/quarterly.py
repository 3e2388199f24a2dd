"""The quarterly review: keeping and forgetting, contacts, access, the restore drill.

What is configured, and what was seen of it in the quarter. What nobody looked at is said not to
have been: a list without a finding proves nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.calendar import Line, Period, Section
from schemas.incident import Severity
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.armed.lever import Outcome
from tasks.armed.table import read_table
from tasks.backup.drill import Drill, last_drill
from tasks.base.trim import trim
from tasks.calendar.drawn import LONGEST, Drawn, in_days, section
from tasks.store import Store
from tasks.store.people.keys import KeyKind, PersonKey

NOT_SEEN = (
    "whether each person and each contact should still be there: go through the lists",
    "whether contacts are reached at the addresses above: page each of them by a drill",
    "what is kept outside: backups, Slack, Jira, PagerDuty, logs",
    "who may sign in at the machine, at the database and at Prefect's server",
)


def quarterly(period: Period, now: datetime, store: Store, settings: Settings) -> Drawn:
    """Retention, contacts, access, restore drill, levers and the audit log."""
    drills = store.calendar.seen.general("restore drill", period.begin, now)
    newest = last_drill(store)
    disposals = store.calendar.seen.general("retention:", period.begin, now)
    by_severity = store.calendar.seen.oldest()
    ages = [
        Line(text=f"{severity}: {by_severity[severity][0]} on record, the oldest detected"
             f" {by_severity[severity][1][:10]}")
        for severity in map(str, Severity)
        if severity in by_severity
    ]  # fmt: skip
    sections = (
        section("Retention: what the settings say", _retention(store, settings)),
        section("Retention: what is on record", ages, "No incident is on record."),
        section("Retention: what was disposed of", _lines(disposals), "Nothing was seen."),
        section("Contacts", _contacts(settings), "NO CONTACT is configured: [contacts]."),
        section("People and their roles", _people(settings), "NOBODY is in [people]."),
        section("Personal tokens", _tokens(store, settings), "There are none."),
        section("The last restore drill", _drill(newest, settings)),
        section("Restore drills", _lines(drills), "NO RESTORE DRILL WAS SEEN in this time."),
        _levers(settings),
        _audit(store),
    )
    done = f"{len(drills)} restore drills seen" if drills else "no restore drill seen"
    if newest is not None and not newest.ok:
        done += ", THE LAST ONE FAILED"
    said = f"{len(settings.contacts)} contacts, {len(settings.people)} people; {done}"
    return Drawn(sections, said, NOT_SEEN)


def _retention(store: Store, settings: Settings) -> list[Line]:
    keeping = settings.retention
    years = ", ".join(f"{severity} {keeping.years[severity]} years" for severity in Severity)
    holds = [each for each in store.retention.holds() if each.ended_at is None]
    said = (
        f"kept after the end of an incident: {years}",
        f"reviews by the calendar: {keeping.reviews_years} years, and as long as what they name",
        f"what is due goes {_every(keeping.every, 'aeef retention dispose')}",
        f"delivered events and old claims go after {keeping.sent_days} days",
        f"ended runs in Prefect go after {keeping.prefect_days} days,"
        f" {_every(keeping.prefect_every, 'hand')}",
        *(f"legal hold {each.number} of {each.covers}, since {each.at:%Y-%m-%d}: {each.reason}"
          for each in holds),
    )  # fmt: skip
    return [Line(text=trim(each, LONGEST)) for each in said]


def _drill(newest: Drill | None, settings: Settings) -> list[Line]:
    every = f"it is made {_every(settings.backup.drill_every, 'aeef backup --drill')}"
    if newest is None:
        return [Line(text=f"NONE IS ON RECORD; {every}")]
    said = f"{newest.at:%Y-%m-%d %H:%M} UTC: {trim(newest.in_words, LONGEST)}"
    return [Line(text=f"{said}; {every}")]


def _every(seconds: float, by_hand: str) -> str:
    return f"every {in_days(timedelta(seconds=seconds))}" if seconds else f"ONLY BY {by_hand}"


def _lines(entries: list[tuple[str, str]]) -> list[Line]:
    return [Line(text=f"{at[:16].replace('T', ' ')} UTC: {action}") for at, action in entries]


def _contacts(settings: Settings) -> list[Line]:
    return [
        Line(text=f"{name}: by {', '.join(each.by)}" if each.has_address
             else f"{name}: NO ADDRESS, so the on-call is paged instead")
        for name, each in sorted(settings.contacts.items())
    ]  # fmt: skip


def _people(settings: Settings) -> list[Line]:
    return [
        Line(text=f"{name}: {', '.join(role.value for role in each.roles)}")
        for name, each in sorted(settings.people.items())
    ]


def _tokens(store: Store, settings: Settings) -> list[Line]:
    now = utc_now()
    tokens = [
        each
        for each in store.people_keys.all()
        if each.kind is KeyKind.TOKEN and each.ended_at is None and each.expires_at > now
    ]
    return [Line(text=_token(each, settings)) for each in tokens]


def _token(key: PersonKey, settings: Settings) -> str:
    used = f"used last {key.used_at:%Y-%m-%d}" if key.used_at else "NEVER USED"
    gone = "" if key.person in settings.people else "; NOT IN [people]: it opens nothing, revoke it"
    return f"{key.person}: until {key.expires_at:%Y-%m-%d}, {used}{gone}"


def _levers(settings: Settings) -> Section:
    table = read_table(settings.home)
    rows = table.rows if table else ()
    lines = [
        Line(text=f"{row.lever}: {row.outcome.value}: {row.detail}")
        for row in rows
        if row.outcome is not Outcome.ARMED
    ]
    at = f", tried {table.at:%Y-%m-%d %H:%M} UTC" if table else ""
    nothing = "All are armed." if table else "NOT LOOKED AT: nobody has tried them here yet."
    return section(f"Levers that are not armed{at}", lines, nothing)


def _audit(store: Store) -> Section:
    ever = {"verified last": store.audit_verified_at(), "all of it": store.audit_full_at()}
    lines = [Line(text=f"{what}: {at:%Y-%m-%d %H:%M} UTC") for what, at in ever.items() if at]
    return section("The audit log", lines, "NEVER VERIFIED on this machine.")

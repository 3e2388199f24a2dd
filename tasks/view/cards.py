"""The cards of an incident's page: what belongs to it besides what was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from schemas.corrective import CorrectiveAction, is_overdue
from schemas.errors import AeefError
from schemas.findings import scan_of
from schemas.incident import Incident, IncidentType
from schemas.settings import Settings
from tasks.base.trim import one_line, short_line
from tasks.breach.breach_facts import clocks_for
from tasks.channels.channels import title_of
from tasks.channels.inbox import kept_for
from tasks.corrective.wording import form_for, stands
from tasks.incident.evidence import Evidence
from tasks.notify.page_on_call import channel_of
from tasks.store import Claim, ListedAlert, Store
from tasks.store.claim_keys import (
    CLOCK_PAGE,
    CLOCKS_STARTED,
    PAGE,
    PAGES_RESOLVED,
    SLACK_MESSAGE,
    TICKET,
    about_of,
    is_the_incident,
)
from tasks.store.database.readable import Readable
from tasks.view.moments import at

MOST_ROWS = 6
LONGEST_ROW = 200
EVIDENCE, DRAFT = "evidence", "draft"
"""What of an incident can be read as a file."""


class Row(NamedTuple):
    """One line of a card. path: where it leads, below the incident's page, or an address.

    is_bad: somebody must look. due_at: what is left until then is shown, and goes on.
    """

    said: str
    path: str = ""
    is_bad: bool = False
    due_at: datetime | None = None


class Card(NamedTuple):
    """A card: its title and its rows. left_out: how many more rows there are."""

    title: str
    rows: list[Row]
    left_out: int = 0


def cards_of(incident: Incident, store: Store, settings: Settings, now: datetime) -> list[Card]:
    """The cards that have something to say; those that need no look elsewhere."""
    claims = store.claims(incident.incident_id)
    found = [
        _card("Legal clocks", _clocks(incident, claims, settings, now)),
        _card("Findings", _findings(incident, store)),
        _card("Evidence", _evidence(incident, settings, now)),
        _card("Corrective actions", _actions(store.corrective.listed(incident.incident_id), now)),
        _card("Alerts", _alerts(store.alerts(incident.incident_id), now)),
        _card("Messages sent", _messages(claims)),
        _card("What would have left: kept in the local inbox", _inbox(incident, settings, now)),
    ]
    return [card for card in found if card.rows]


def _inbox(incident: Incident, settings: Settings, now: datetime) -> Iterable[Row]:
    for each in kept_for(incident.incident_id, settings):
        yield Row(f"{at(each.at, now)} to {each.about or 'the on-call'}: {one_line(each.text)}")


def drafts_folder(incident: Incident, settings: Settings) -> Path:
    """Where the drafts of the incident's notifications are (tasks/breach/clocks)."""
    return settings.home / "notifications" / str(incident.incident_id)


def _card(title: str, rows: Iterable[Row]) -> Card:
    every = list(rows)
    shown = [row._replace(said=short_line(row.said, LONGEST_ROW)) for row in every[:MOST_ROWS]]
    return Card(title, shown, max(0, len(every) - MOST_ROWS))


def _clocks(
    incident: Incident, claims: Mapping[str, Claim], settings: Settings, now: datetime
) -> Iterable[Row]:
    if incident.type != IncidentType.DATA_BREACH and CLOCKS_STARTED not in claims:
        return
    for each in clocks_for(incident, settings):
        due = each.deadline.due_at if each.is_open else None
        if not each.is_open and not each.deadline.applies:
            continue
        said = f"{each.deadline.title}: {each.in_words(now)}"
        yield Row(said, is_bad=each.is_overdue(now), due_at=due)
    folder = drafts_folder(incident, settings)
    if folder.is_dir():
        for path in sorted(folder.glob("*.md")):
            yield Row(f"draft to read: {path.name}", f"{DRAFT}/{path.name}")


def _findings(incident: Incident, store: Store) -> Iterable[Row]:
    try:
        scan = scan_of(store.alert(incident.incident_id))
    except AeefError:
        return
    if scan.total:
        yield Row(scan.sentence)
        for each in scan.findings[: MOST_ROWS - 1]:
            yield Row(f"{each.severity} {each.title}")


def _evidence(incident: Incident, settings: Settings, now: datetime) -> Iterable[Row]:
    try:
        files = Evidence(str(incident.incident_id), settings.home).files()
    except (AeefError, OSError):
        yield Row("the evidence cannot be read here", is_bad=True)
        return
    for each in reversed(files):
        said = f"{each.file}, {size(each.size)}, kept {at(each.kept_at, now)}: {each.source}"
        yield Row(said, f"{EVIDENCE}/{each.file}")


def _actions(actions: Readable[CorrectiveAction], now: datetime) -> Iterable[Row]:
    for broken in actions.broken:
        yield Row(broken.why, is_bad=True)
    for each in actions.found:
        act = form_for(each)
        said = f"{each.reference} ({each.category}), {stands(each, now)}: {one_line(each.text)}"
        path = f"{act}?action={each.reference}" if act else ""
        yield Row(said, path, is_bad=is_overdue(each, now))


def _alerts(alerts: Iterable[ListedAlert], now: datetime) -> Iterable[Row]:
    for each in alerts:
        times = f"{each.times} times, last " if each.times > 1 else ""
        over = f"; over at {at(each.over_at, now)}" if each.over_at else ""
        about = f" {each.service}" if each.service else ""
        yield Row(
            f"{each.severity}{about}: {one_line(each.said)} ({each.source},"
            f" {times}{at(each.last_at, now)}{over})"
        )


def _messages(claims: Mapping[str, Claim]) -> Iterable[Row]:
    for key, claim in claims.items():
        if claim.result is None:
            continue
        if key.startswith(PAGE) and not key.startswith((CLOCK_PAGE, PAGES_RESOLVED)):
            about = about_of(key)
            what = "page" if is_the_incident(about) else f"page ({about})"
            channel = channel_of(claim.result)
            by = title_of(channel.name) if channel else "nobody's phone: no channel took it"
            yield Row(f"{what} by {by}", is_bad=channel is None and "digest" not in claim.result)
        elif key.startswith(SLACK_MESSAGE) and "ts" in claim.result:
            yield Row(f"Slack: {claim.result.get('name') or claim.result.get('channel')}")
        elif key.startswith(TICKET) and "key" in claim.result:
            yield Row(f"Jira: {claim.result['key']}", str(claim.result.get("url") or ""))


def size(count: int) -> str:
    """A number of bytes for people."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count} {unit}"
        count //= 1000
    return f"{count} GB"

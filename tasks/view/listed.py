"""The list of incidents: what is asked for in the address, what comes first, one card each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from schemas.figures.since import moment_of
from schemas.incident import Incident, Status
from schemas.lifecycle.filter import MOST, Filter, filter_of
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.figures.figures import members, question_of
from tasks.store import Store
from tasks.view.bar import bar_of
from tasks.view.seen import sentences_now


def from_address(given: Mapping[str, str]) -> Filter:
    """The filter of a page's address, whose `since` may also be a day or a span: 24h, 7d, 2w.

    Raises InvalidInput that names what is wrong.
    """
    wanted: dict[str, Any] = {name: value for name, value in given.items() if value}
    if since := wanted.get("since"):
        wanted["since"] = moment_of(since, utc_now())
    return filter_of(wanted)


class Item(NamedTuple):
    """One incident of the list. holder: empty for what is over; sentence: then its cause."""

    incident: Incident
    holder: str
    sentence: str


def listed(wanted: Filter, store: Store, settings: Settings) -> list[Item]:
    """What is asked for: open first, by severity and the oldest first; then the newest."""
    now = utc_now()
    asked = wanted.status or tuple(Status)
    found: list[Incident] = []
    for is_over in (False, True):
        if some := tuple(each for each in asked if each.is_over is is_over):
            part = wanted.model_copy(update={"status": some, "limit": MOST})
            found += store.lifecycle.find(part)
    ordered = sorted(found, key=_order)[: wanted.limit]
    return [_item(each, store, settings, now) for each in ordered]


def counted(given: Mapping[str, str], store: Store, settings: Settings) -> list[Incident]:
    """The incidents that a figure counts, the newest first, as far as the list goes.

    given: the address of a figure: its question, `figure`, and `group` where it is of one.
    """
    ids = members(
        question_of(given, utc_now()), given["figure"], given.get("group"), store, settings
    )
    return store.lifecycle.these(ids[:MOST])


def items_of(found: list[Incident], store: Store, settings: Settings) -> list[Item]:
    """These, as the list shows them."""
    now = utc_now()
    return [_item(each, store, settings, now) for each in found]


def _order(incident: Incident) -> tuple[bool, str, float]:
    if incident.status.is_over:
        return True, "", -incident.detected_at.timestamp()
    return False, incident.severity.value, incident.detected_at.timestamp()


def _item(incident: Incident, store: Store, settings: Settings, now: datetime) -> Item:
    if incident.status.is_over:
        return Item(incident, "", incident.root_cause or "")
    holder = bar_of(incident, store, settings, now).holder
    return Item(incident, holder, sentences_now(incident, store, settings)[0])

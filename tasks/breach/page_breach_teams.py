"""Pages the security and privacy teams for a data breach, whatever its severity."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid5

from schemas.errors import PageNotDelivered
from schemas.incident import IncidentType
from schemas.settings import Settings
from tasks.case import Case
from tasks.notify.page_on_call import ensure_page
from tasks.step import step
from tasks.store import open_store
from tasks.store.claim_keys import of_occurrence, team_page_key

TEAMS = ("security", "privacy")
"""Also the subject of their pages: each rings and is resolved under its own key."""


@step("page security and privacy", says=lambda _none: None, timeout=300)
def page_breach_teams(case: Case) -> None:
    """Make sure that both teams are paged once, or the on-call for a team without a key.

    Sending a page also records it. Raises PageNotDelivered, which is retried.
    """
    ensure_breach_pages(case.incident_id, case.settings, holder=case.holder, wait=True)


def ensure_breach_pages(
    incident_id: str | UUID, settings: Settings, *, holder: str, wait: bool = False
) -> None:
    """As `ensure_page`, for each team; a page that fails does not stop the other."""
    keys = {"security": settings.breach.page.security, "privacy": settings.breach.page.privacy}
    incident = open_store(settings).incident(incident_id)
    what = incident.kind_in_full.replace(IncidentType.DATA_BREACH, "data breach", 1)
    pages: list[tuple[str | None, str | None]] = [
        (team_page_key(incident, team), f"{what}, for {team}") for team in TEAMS if keys[team]
    ]
    if None in keys.values():
        pages.append((None, None))  # the on-call, whatever the severity

    def page(key: str | None, reason: str | None) -> PageNotDelivered | None:
        try:
            ensure_page(incident_id, settings, holder=holder, key=key, reason=reason, wait=wait)
        except PageNotDelivered as error:
            return error
        return None

    # Concurrently: a channel that does not answer for one must not delay the other.
    with ThreadPoolExecutor(len(pages), thread_name_prefix="page") as pool:
        problems = [problem for problem in pool.map(page, *zip(*pages, strict=True)) if problem]
    if missing := [team for team in TEAMS if keys[team] is None]:
        text = (
            f"no routing key of {' and '.join(missing)} is configured ([breach.page]):"
            " a page to the on-call, whatever the severity, is for them too"
        )
        entry_id = uuid5(incident.incident_id, of_occurrence(incident, text))
        open_store(settings).record_action(incident.incident_id, text, entry_id=entry_id)
    if problems:
        raise PageNotDelivered("; ".join(str(error) for error in problems))

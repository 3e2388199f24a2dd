"""Pages the on-call when a procedure failed that a person had begun."""

from __future__ import annotations

import logging
from uuid import uuid4

from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.settings import Settings
from tasks.base.trim import clean
from tasks.notify.page_on_call import ensure_page
from tasks.store.claim_keys import PAGE_FAILED_BY_HAND


def page_failure_by_hand(
    incident: Incident, reason: str, settings: Settings, mark: str = ""
) -> str:
    """Page once for the incident, or for each mark of a procedure that nobody watches.

    Never raises: why nobody could be reached, else empty.
    """
    try:
        ensure_page(
            str(incident.incident_id),
            settings,
            holder=f"by hand {uuid4()}",
            key=f"{PAGE_FAILED_BY_HAND}:{mark}" if mark else PAGE_FAILED_BY_HAND,
            reason=reason,
        )
    except AeefError as error:
        logging.getLogger("aeef").error("%s", clean(str(error)))
        return str(error)
    return ""

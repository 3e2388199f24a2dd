"""The corrective actions that are overdue, for the weekly look at them.

AEEF incident guide, "Corrective Action Tracking": open ones are reviewed weekly.
"""

from __future__ import annotations

from datetime import datetime

from schemas.corrective import CorrectiveAction
from tasks.corrective.wording import public_text, stands
from tasks.store import Store
from tasks.store.database.readable import Readable


def overdue_now(store: Store, now: datetime) -> Readable[CorrectiveAction]:
    """Those that should have been verified by now, the longest overdue first."""
    return store.corrective.overdue(now)


def overdue_lines(actions: list[CorrectiveAction], store: Store, now: datetime) -> list[str]:
    """One line for each, as everybody in a channel may read it."""
    lines = []
    for action in actions:
        incident = store.incident(action.incident_id)
        ticket = f" [{action.ticket}]" if action.ticket else ""
        text = public_text(action, incident)
        lines.append(f"{action.reference}{ticket} {stands(action, now)}: {text} ({incident.title})")
    return lines

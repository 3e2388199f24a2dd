"""Incidents, audit chain, claims and outbox, in SQLite or PostgreSQL. Begin with `store.py`."""

from tasks.store.attaching import Opened
from tasks.store.audit.verify import AuditSummary
from tasks.store.claims import Claim
from tasks.store.escalations.escalations import DueEscalation, Moved
from tasks.store.giving_word import Answer
from tasks.store.once import Turn
from tasks.store.opening import delivery_entry
from tasks.store.outbox import OutboxEvent
from tasks.store.relapses import AskedLook, Looked, LookState
from tasks.store.store import Store, open_store

__all__ = [
    "Answer",
    "AskedLook",
    "AuditSummary",
    "Claim",
    "DueEscalation",
    "LookState",
    "Looked",
    "Moved",
    "Opened",
    "OutboxEvent",
    "Store",
    "Turn",
    "delivery_entry",
    "open_store",
]

"""Incidents, audit chain, claims and outbox, in SQLite or PostgreSQL. Begin with `store.py`."""

from tasks.store.attaching import Opened
from tasks.store.audit.summary import AuditSummary
from tasks.store.claims import Claim
from tasks.store.escalations.escalations import DueEscalation, Moved
from tasks.store.giving_word import Answer
from tasks.store.grouping.digests import Collected, UntoldDigest
from tasks.store.grouping.listed import ListedAlert
from tasks.store.once import Turn
from tasks.store.outbox import OutboxEvent
from tasks.store.relapses import AskedLook, Looked, LookState
from tasks.store.store import Store, open_store

__all__ = [
    "Answer",
    "AskedLook",
    "AuditSummary",
    "Claim",
    "Collected",
    "DueEscalation",
    "ListedAlert",
    "LookState",
    "Looked",
    "Moved",
    "Opened",
    "OutboxEvent",
    "Store",
    "Turn",
    "UntoldDigest",
    "open_store",
]

"""The incident store: incidents, audit log, claims and outbox in SQLite or PostgreSQL."""

from tasks.store.claims import Claim
from tasks.store.opening import Opened, delivery_entry
from tasks.store.outbox import OutboxEvent
from tasks.store.store import Store, open_store
from tasks.store.verify import AuditSummary

__all__ = [
    "AuditSummary",
    "Claim",
    "Opened",
    "OutboxEvent",
    "Store",
    "delivery_entry",
    "open_store",
]

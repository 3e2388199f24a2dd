"""Approvals on record: asked for, signed, ended, each with its audit entry. `approvals.py`."""

from tasks.store.approvals.approvals import Approvals

__all__ = ["Approvals"]

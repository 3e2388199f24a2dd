"""Corrective actions on record. Begin with `corrective.py`."""

from tasks.store.corrective.corrective import CorrectiveActions

__all__ = ["CorrectiveActions"]

"""Recoveries on record: what is frozen after a containment, freed, and watched. `recoveries.py`."""

from tasks.store.recoveries.recoveries import Recoveries

__all__ = ["Recoveries"]

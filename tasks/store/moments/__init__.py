"""When what happened in an incident, noted with the change that brought it about. `moments.py`."""

from tasks.store.moments.moments import MomentsOnRecord, note_detected, note_moment

__all__ = ["MomentsOnRecord", "note_detected", "note_moment"]

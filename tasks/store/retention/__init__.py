"""Legal holds, disposal of what is due, keys of originals. Begin with `retention.py`."""

from tasks.store.retention.dispose import Disposed
from tasks.store.retention.due import Due, Skipped
from tasks.store.retention.retention import Retention

__all__ = ["Disposed", "Due", "Retention", "Skipped"]

"""What has to be so before full traffic, and the watch after it. Begin with `recovery.py`."""

from schemas.recovery.recovery import Recovery, Watched, lacks
from schemas.recovery.settings import RecoverySettings

__all__ = ["Recovery", "RecoverySettings", "Watched", "lacks"]

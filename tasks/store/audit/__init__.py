"""The hash-chained audit log, anchored and verified. Begin with `audit.py`."""

"""Places outside that keep heads of the audit chain. Begin with `time_stamps.py`."""

"""Targets, incidents and reports to test with. Begin with `targets.py`."""

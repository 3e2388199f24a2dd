"""Compares the running target with its last known good release. Begin with `assess_drift.py`."""

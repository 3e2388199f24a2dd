"""Rolls back to the last known good release: choose, deploy, record. Begin with `roll_back.py`."""

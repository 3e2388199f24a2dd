"""Beside the requests: late pages, escalations, looks, health. Begin with `sweep.py`."""

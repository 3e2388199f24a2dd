"""Speaks to Prefect for the intake: events out, runs watched. Begin with `dispatcher.py`."""

"""Flows, schedules and automations as data, and registering them. Begin with `catalog.py`."""

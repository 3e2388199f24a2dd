"""Calls whoever is next when nobody took an incident. Begin with `escalate.py`."""

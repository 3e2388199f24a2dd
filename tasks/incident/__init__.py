"""The record of an incident: opened, claimed, moved on; evidence. Begin with `open_incident.py`."""

"""Opens, claims and updates incidents; keeps evidence. Begin with `open_incident.py`."""

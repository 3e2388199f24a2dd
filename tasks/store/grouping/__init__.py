"""Which alerts belong to an incident, and what flaps. Begin with `alerts.py`."""

"""Alertmanager: alerts that must be re-sent to stay active. Begin with `channel.py`."""

"""Alertmanager, and what it forwards to: alerts that are kept up. Begin with `channel.py`."""

"""PagerDuty: pages that ring until somebody takes them. Begin with `channel.py`."""

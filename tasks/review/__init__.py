"""What an incident teaches, as people write it, and its exports. Begin with `shown.py`."""

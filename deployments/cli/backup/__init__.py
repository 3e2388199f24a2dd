"""Backup, restore, and moving the store. Begin with `backup.py`."""

"""Copies that can be restored: backup, restore, drill, move. Begin with `backup.py`."""

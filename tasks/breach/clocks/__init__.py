"""Clocks of legal deadlines: timers, pages, draft notifications. Begin with `start_clocks.py`."""
